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
    return _cut(edges, _between(edges, request), request)


def slice_around_gap(edges: Sequence[E], gap: int, request: PageRequest) -> Slice[E] | None:
    """Return what a request asks for of a list that lacks items in front of `edges[gap]`.

    None where the page may hold items that are lacking.
    """
    start, stop = _between(edges, request)
    if start <= gap <= stop:
        at_hand = stop - gap if request.backward else gap - start
        if at_hand < request.limit:
            return None
    cut = _cut(edges, (start, stop), request)
    return Slice(cut.edges, cut.has_next or gap == len(edges), cut.has_previous)


def _between(edges: Sequence[E], request: PageRequest) -> tuple[int, int]:
    """Return where the edges between a request's keys start and stop."""
    start, stop = 0, len(edges)
    while start < stop and request.after is not None and not _is_after(edges[start], request.after):
        start += 1
    while (
        start < stop
        and request.before is not None
        and not _is_before(edges[stop - 1], request.before)
    ):
        stop -= 1
    return start, stop


def _cut(edges: Sequence[E], between: tuple[int, int], request: PageRequest) -> Slice[E]:
    start, stop = between
    if request.backward:
        start = max(start, stop - request.limit)
    else:
        stop = min(stop, start + request.limit)
    return Slice(tuple(edges[start:stop]), stop < len(edges), start > 0)


def _is_after(edge: Edge[Any], key: Key) -> bool:
    return edge.key < key if edge.keyset.descending else edge.key > key


def _is_before(edge: Edge[Any], key: Key) -> bool:
    return edge.key > key if edge.keyset.descending else edge.key < key
