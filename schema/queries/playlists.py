"""What playlists were."""

from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from datasources.records.changes import PastPlaylist
from resolvers import playlist_history
from resolvers.context import RequestContext
from schema.types.playlist_change import PlaylistVersion


def _argument(description: str) -> Any:
    return strawberry.argument(description=description)


@strawberry.type
class PlaylistQueries:
    """Reading that needs more than an id."""

    @strawberry.field(
        description=(
            "The list of a playlist as it was at a version; `NOT_FOUND` names the oldest version"
            " that is kept where that is a later one."
        ),
        graphql_type=PlaylistVersion | None,
    )
    async def playlist_at(
        self,
        info: Info[RequestContext, None],
        id: Annotated[strawberry.ID, _argument("Which playlist.")],  # noqa: A002  the graph's name
        version: Annotated[int, _argument("A version that it had, from 1.")],
    ) -> PastPlaylist | None:
        """Return a list as it was."""
        return await playlist_history.playlist_at(info.context, id, version)
