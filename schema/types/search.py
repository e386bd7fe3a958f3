"""Search results."""

from typing import Annotated

import strawberry

from auth.policy import may_find
from datasources.loaders.entities import EntityByRef
from schema.pagination import PageInfo
from schema.types.album import Album
from schema.types.artist import Artist
from schema.types.playlist import Playlist
from schema.types.track import Track
from schema.types.user import User
from schema.views import attribute, itself, loaded, loaded_each, total

SearchResult = Annotated[
    Track | Album | Artist | Playlist | User,
    strawberry.union("SearchResult", description="Whatever a search finds."),
]


@strawberry.type(description="Something found, at its place among the results.")
class SearchEdge:
    """A view over an edge of `EntityRef`."""

    cursor: str = attribute("The opaque place of the result, for `after`.")
    node: SearchResult | None = loaded(
        EntityByRef,
        key="node",
        visible=may_find,
        for_viewer=True,
        description="What was found.",
    )


@strawberry.type(description="A page of search results: exact names first, then the most popular.")
class SearchConnection:
    """A view over a page of `EntityRef`."""

    edges: list[SearchEdge] = attribute("The results with their places.")
    nodes: list[SearchResult | None] | None = loaded_each(
        EntityByRef,
        keys="nodes",
        visible=may_find,
        for_viewer=True,
        description="The results alone.",
    )
    page_info: PageInfo = itself("Where this page stands among the results.")
    total_count: int | None = total(
        "How many results there are; null where there are more than 1,000. Counted when asked for."
    )
