"""Connections: pages of lists, as Relay's specification has them."""

from typing import Generic, TypeVar

import strawberry

from schema.views import attribute, itself, total

T = TypeVar("T")


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    """A view over `Page`."""

    has_next_page: bool = attribute("Whether there are items behind this page.", of="has_next")
    has_previous_page: bool = attribute(
        "Whether there are items in front of this page.", of="has_previous"
    )
    start_cursor: str | None = attribute("The cursor of the first item, null on an empty page.")
    end_cursor: str | None = attribute("The cursor of the last item, null on an empty page.")


@strawberry.type(description="An item at its place in a list.")
class Edge(Generic[T]):
    """A view over `datasources.records.page.Edge`."""

    cursor: str = attribute("The opaque place of the item, for `after` and `before`.")
    node: T = attribute("The item.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[T]):
    """A view over `datasources.records.page.Page`."""

    edges: list[Edge[T]] = attribute("The items with their places, in the list's order.")
    nodes: list[T] = attribute("The items alone, in the list's order.")
    page_info: PageInfo = itself("Where this page stands in the list.")
    total_count: int | None = total("How many items the whole list has; counted when asked for.")
