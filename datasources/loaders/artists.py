"""Loaders of artists and credits."""

from datasources.loaders.batch import Batch
from datasources.loaders.sources import from_postgres
from datasources.postgres import artists

ArtistById = Batch("ArtistById", from_postgres(artists.fetch_artists_by_ids))
CreditsOfTrack = Batch("CreditsOfTrack", from_postgres(artists.fetch_credits_of_tracks), missing=())
CreditsOfAlbum = Batch("CreditsOfAlbum", from_postgres(artists.fetch_credits_of_albums), missing=())
