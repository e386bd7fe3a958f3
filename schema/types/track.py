"""Tracks."""

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry

from datasources.loaders.albums import AlbumById
from datasources.loaders.artists import CreditsOfTrack
from datasources.loaders.genres import GenresOfTrack
from datasources.loaders.library import TrackIsSaved
from datasources.loaders.listening import PlayCountOfTrack
from datasources.loaders.recommendations import SimilarTracks
from datasources.loaders.tracks import AudioFeaturesOfTrack
from datasources.records.tracks import TrackRecord
from schema.permissions import CATALOG, RECOMMENDATIONS
from schema.scalars import BigInt
from schema.types.audio_features import AudioFeatures
from schema.types.entity import ExternalId, Node, external_ids, marked
from schema.types.genre import Genre
from schema.views import attribute, loaded, paged, view

if TYPE_CHECKING:
    from schema.types.album import Album
    from schema.types.credit import Credit
    from schema.types.recommendation import TrackRecommendationConnection
else:  # types refer to one another; Strawberry looks these up when the schema is built
    Album = Annotated["Album", strawberry.lazy("schema.types.album")]
    Credit = Annotated["Credit", strawberry.lazy("schema.types.credit")]
    TrackRecommendationConnection = Annotated[
        "TrackRecommendationConnection", strawberry.lazy("schema.types.recommendation")
    ]


@view(
    TrackRecord, description="A recording as one release carries it.", keys=["id"], access=CATALOG
)
class Track(Node):
    """A track."""

    title: str = attribute("Its title as the release prints it.")
    duration_ms: int = attribute("Its length in milliseconds.")
    explicit: bool | None = attribute("Whether the lyrics are marked explicit; null is unknown.")
    isrc: str | None = attribute(
        "International Standard Recording Code; several tracks may carry the same."
    )
    mbid: UUID | None = attribute("MusicBrainz id of the recording.")
    disc_number: int | None = attribute("The disc it is on, from 1.")
    track_number: int | None = attribute("Its place on the disc, from 1.")
    popularity: int = attribute("How popular it is among all tracks: 0 to 100.")
    external_ids: list[ExternalId] | None = external_ids()
    album: Album | None = loaded(
        AlbumById, key="album_id", description="The release it was taken from."
    )
    artists: list[Credit] | None = loaded(
        CreditsOfTrack, key="id", description="Who made it, in the order of the credits."
    )
    genres: list[Genre] | None = loaded(GenresOfTrack, key="id", description="Its genres, by name.")
    audio_features: AudioFeatures | None = loaded(
        AudioFeaturesOfTrack,
        key="id",
        description="What was measured of its sound; null where it was not analysed.",
    )
    play_count: BigInt | None = loaded(
        PlayCountOfTrack, key="id", description="How often it was played by everybody, ever."
    )
    is_saved: bool | None = marked(TrackIsSaved, "Whether the viewer saved it.")
    similar: TrackRecommendationConnection | None = paged(
        SimilarTracks,
        key="id",
        access=RECOMMENDATIONS,
        description="Tracks that sound like it, the nearest first.",
    )
