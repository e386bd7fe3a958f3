"""Rankings by plays: top lists and charts."""

import strawberry

from datasources.loaders.artists import ArtistById
from datasources.loaders.tracks import TrackById
from schema.pagination import PageInfo
from schema.scalars import BigInt
from schema.types.artist import Artist
from schema.types.track import Track
from schema.views import attribute, itself, loaded, loaded_each, total


@strawberry.type
class _Ranked:
    """A view over `RankedEdge`."""

    cursor: str = attribute("The opaque place of the item, for `after` and `before`.")
    rank: int = attribute("Its place in the ranking, from 1.")
    play_count: BigInt | None = attribute(
        "Plays in the range; null where popularity ranks, because no plays were counted."
    )


@strawberry.type
class _Ranking:
    """A view over `Page` of `RankedEdge`."""

    page_info: PageInfo = itself("Where this page stands in the ranking.")
    total_count: int | None = total("How many items the ranking has.")


@strawberry.type(description="A track at its rank.")
class RankedTrack(_Ranked):
    """A track and its plays."""

    node: Track | None = loaded(TrackById, key="node", description="The track.")


@strawberry.type(description="A page of tracks, the most played first.")
class RankedTrackConnection(_Ranking):
    """Tracks and their plays."""

    edges: list[RankedTrack] = attribute("The tracks with their ranks.")
    nodes: list[Track | None] | None = loaded_each(
        TrackById, keys="nodes", description="The tracks alone, the most played first."
    )


@strawberry.type(description="An artist at their rank.")
class RankedArtist(_Ranked):
    """An artist and their plays."""

    node: Artist | None = loaded(ArtistById, key="node", description="The artist.")


@strawberry.type(description="A page of artists, the most played first.")
class RankedArtistConnection(_Ranking):
    """Artists and their plays."""

    edges: list[RankedArtist] = attribute("The artists with their ranks.")
    nodes: list[Artist | None] | None = loaded_each(
        ArtistById, keys="nodes", description="The artists alone, the most played first."
    )
