"""Pages of many lists in one statement."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Select,
    Text,
    Uuid,
    bindparam,
    func,
    select,
    true,
    tuple_,
)
from sqlalchemy.types import TypeEngine

from datasources.postgres.client import Postgres
from datasources.records.page import Edge, Key, Keyset, Page, PageRequest

T = TypeVar("T")

_SQL_TYPES: dict[type, TypeEngine[Any]] = {str: Text(), int: BigInteger(), UUID: Uuid()}


async def fetch_pages(
    postgres: Postgres,
    parents: Sequence[UUID],
    request: PageRequest,
    *,
    keyset: Keyset,
    items_of: Callable[[ColumnElement[UUID]], Select[Any]],
    order: Sequence[ColumnElement[Any]],
    record: Callable[..., T],
) -> Mapping[UUID, Page[T]]:
    """Return one page for each parent that has items, in one statement.

    `items_of` selects the columns of `record` for the items of one parent, `order` the columns of
    `keyset` in the same query.
    """
    parent = func.unnest(bindparam("parents", parents, type_=ARRAY(Uuid))).table_valued("id")
    parent = parent.render_derived(name="parent")
    keys = [column.label(f"order_{i}") for i, column in enumerate(order)]
    items = keyset_page(items_of(parent.c.id).add_columns(*keys), request, keyset, order)
    page = items.lateral("page")
    statement = select(parent.c.id, page).select_from(parent.join(page, true()))
    found: defaultdict[UUID, list[tuple[T, Key]]] = defaultdict(list)
    for row in await postgres.read(statement):
        found[row[0]].append(_item(row[1:], len(keys), record))
    return {parent: cut_page(items, request, keyset) for parent, items in found.items()}


async def fetch_page(
    postgres: Postgres,
    items: Select[Any],
    request: PageRequest,
    *,
    keyset: Keyset,
    order: Sequence[ColumnElement[Any]],
    record: Callable[..., T],
) -> Page[T]:
    """Return one page of a list that has no parent."""
    keys = [column.label(f"order_{i}") for i, column in enumerate(order)]
    rows = await postgres.read(keyset_page(items.add_columns(*keys), request, keyset, order))
    return cut_page([_item(row, len(keys), record) for row in rows], request, keyset)


def _item(row: Sequence[Any], keys: int, record: Callable[..., T]) -> tuple[T, Key]:
    return record(*row[:-keys]), tuple(row[-keys:])


def keyset_page(
    items: Select[Any],
    request: PageRequest,
    keyset: Keyset,
    order: Sequence[ColumnElement[Any]],
) -> Select[Any]:
    """Return the items of a page and one more, in the direction in which the page is read."""
    row = tuple_(*order)
    downwards = keyset.descending
    if request.after is not None:
        after = _bound(request.after, keyset)
        items = items.where(row < after if downwards else row > after)
    if request.before is not None:
        before = _bound(request.before, keyset)
        items = items.where(row > before if downwards else row < before)
    if downwards != request.backward:
        order = [column.desc() for column in order]
    return items.order_by(*order).limit(request.limit + 1)


def _bound(key: Key, keyset: Keyset) -> ColumnElement[Any]:
    types = [_SQL_TYPES[kind] for kind in keyset.types]
    return tuple_(*(bindparam(None, part, kind) for part, kind in zip(key, types, strict=True)))


def cut_page(items: Sequence[tuple[T, Key]], request: PageRequest, keyset: Keyset) -> Page[T]:
    """Return the page of items that were read with one more than asked for.

    The items come in the direction of the request; the page has them in the list's order.
    """
    more = len(items) > request.limit
    edges = [Edge(node, key, keyset) for node, key in items[: request.limit]]
    if request.backward:
        edges.reverse()
        return Page(tuple(edges), has_next=request.before is not None, has_previous=more)
    return Page(tuple(edges), has_next=more, has_previous=request.after is not None)
