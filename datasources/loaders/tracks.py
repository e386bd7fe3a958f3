"""Loaders of tracks."""

from datasources.loaders.batch import Batch, PagedBatch
from datasources.loaders.sources import from_postgres, pages_from_postgres
from datasources.postgres import tracks

TrackById = Batch("TrackById", from_postgres(tracks.fetch_tracks_by_ids))
TracksByIsrc = Batch("TracksByIsrc", from_postgres(tracks.fetch_tracks_by_isrcs), missing=())
AudioFeaturesOfTrack = Batch("AudioFeaturesOfTrack", from_postgres(tracks.fetch_audio_features))

TracksOfAlbum = PagedBatch(
    "TracksOfAlbum",
    pages_from_postgres(tracks.fetch_tracks_of_albums),
    keyset=tracks.TRACKS_OF_ALBUM,
    total=Batch("TrackCountOfAlbum", from_postgres(tracks.count_tracks_of_albums), missing=0),
)
TopTracksOfArtist = PagedBatch(
    "TopTracksOfArtist",
    pages_from_postgres(tracks.fetch_top_tracks_of_artists),
    keyset=tracks.TRACKS_BY_POPULARITY,
    total=Batch("TrackCountOfArtist", from_postgres(tracks.count_tracks_of_artists), missing=0),
)
