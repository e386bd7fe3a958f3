"""Pages of lists that are already at hand, as a ready document holds them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from datasources.records.page import Edge, Key, PageRequest

E = TypeVar("E", bound=Edge[Any])


@dataclass(frozen=True, slots=True)
class Slice(Generic[E]):
    """The edges of a page, and whether there are others on either side of it."""

    edges: tuple[E, ...]
    has_next: bool
    has_previous: bool


def slice_edges(edges: Sequence[E], request: PageRequest) -> Slice[E]:
    """Return what a request asks for of a whole list in its order."""
    start, stop = 0, len(edges)
    while start < stop and request.after is not None and not _is_after(edges[start], request.after):
        start += 1
    while (
        start < stop
        and request.before is not None
        and not _is_before(edges[stop - 1], request.before)
    ):
        stop -= 1
    if request.backward:
        start = max(start, stop - request.limit)
    else:
        stop = min(stop, start + request.limit)
    return Slice(tuple(edges[start:stop]), stop < len(edges), start > 0)


def _is_after(edge: Edge[Any], key: Key) -> bool:
    return edge.key < key if edge.keyset.descending else edge.key > key


def _is_before(edge: Edge[Any], key: Key) -> bool:
    return edge.key > key if edge.keyset.descending else edge.key < key
