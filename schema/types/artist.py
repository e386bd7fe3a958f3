"""Artists."""

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry

from datasources.loaders.albums import AlbumsOfArtist
from datasources.loaders.genres import GenresOfArtist
from datasources.loaders.library import ArtistIsFollowed
from datasources.loaders.recommendations import SimilarArtists
from datasources.loaders.tracks import TopTracksOfArtist
from datasources.records.artists import ArtistRecord
from schema.pagination import Connection
from schema.permissions import CATALOG, RECOMMENDATIONS
from schema.types.album import Album
from schema.types.entity import ExternalId, Node, external_ids, marked
from schema.types.genre import Genre
from schema.types.track import Track
from schema.views import attribute, loaded, paged, view

if TYPE_CHECKING:
    from schema.types.recommendation import ArtistRecommendationConnection
else:
    ArtistRecommendationConnection = Annotated[
        "ArtistRecommendationConnection", strawberry.lazy("schema.types.recommendation")
    ]


@view(ArtistRecord, description="A person or group that makes music.", keys=["id"], access=CATALOG)
class Artist(Node):
    """An artist."""

    name: str = attribute("The name as the artist writes it.")
    mbid: UUID | None = attribute("MusicBrainz id of the artist.")
    popularity: int = attribute("How popular the artist is among all artists: 0 to 100.")
    external_ids: list[ExternalId] | None = external_ids()
    genres: list[Genre] | None = loaded(
        GenresOfArtist,
        key="id",
        description="The genres of the artist's tracks, most common first.",
    )
    is_followed: bool | None = marked(ArtistIsFollowed, "Whether the viewer follows the artist.")
    albums: Connection[Album] | None = paged(
        AlbumsOfArtist, key="id", description="Releases of the artist's own, the newest first."
    )
    top_tracks: Connection[Track] | None = paged(
        TopTracksOfArtist,
        key="id",
        description="Tracks the artist is credited on, the most popular first.",
    )
    similar: ArtistRecommendationConnection | None = paged(
        SimilarArtists,
        key="id",
        access=RECOMMENDATIONS,
        description="Artists that the same people listen to, the nearest first.",
    )
