"""The two reads that every entity has, rows by id and counts by parent, and values as arrays."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import fields
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, FromClause, Select, any_, bindparam, func, select
from sqlalchemy.types import TypeEngine

from datasources.postgres.client import Postgres

T = TypeVar("T")

IDS = "ids"
"""The parameter of statements that are made once: the ids, as a list."""


def any_of(column: ColumnElement[Any], values: Collection[object]) -> ColumnElement[bool]:
    """Return the condition that a column holds one of the values.

    They travel as one array: the statement is the same text, and one plan, for any number.
    """
    return column == any_(bindparam(None, list(values), ARRAY(column.type)))


def any_of_ids(column: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return the condition that a column holds one of the parameter `ids`, an array.

    So a statement that is run for each request is made once, and not each time.
    """
    return column == any_(bindparam(IDS, type_=ARRAY(column.type)))


def unnest(name: str, values: Sequence[object], type_: TypeEngine[Any]) -> Any:
    """Return an array as a table of one column, `value`."""
    return unnest_columns(name, value=(values, type_))


def unnest_columns(name: str, **columns: tuple[Sequence[object], TypeEngine[Any]]) -> Any:
    """Return arrays of one length as a table, a column for each, in their order.

    One parameter for each column: the statement is the same text for any number of rows.
    """
    arrays = [bindparam(None, list(values), ARRAY(type_)) for values, type_ in columns.values()]
    return func.unnest(*arrays).table_valued(*columns).render_derived(name=name)


def columns_of(record: type[Any], table: FromClause) -> list[ColumnElement[Any]]:
    """Return the columns that a record is made of, in the order of its fields."""
    return [table.c[field.name] for field in fields(record)]


async def fetch_by_ids(
    postgres: Postgres,
    record: type[T],
    table: FromClause,
    ids: Sequence[UUID],
    *only: ColumnElement[bool],
) -> Mapping[UUID, T]:
    """Return records by the table's `id`; a missing id is absent."""
    statement = _by_ids(record, table).where(*only)  # type: ignore[arg-type]  # a class can be hashed
    rows = await postgres.read(statement, {IDS: list(ids)})
    return {row[0]: record(*row[1:]) for row in rows}


@cache
def _by_ids(record: type[Any], table: FromClause) -> Select[Any]:
    id_ = table.c.id
    return select(id_, *columns_of(record, table)).where(any_of_ids(id_))


async def fetch_lists(
    postgres: Postgres,
    statement: Select[Any],
    record: Callable[..., T],
    parameters: Mapping[str, object] | None = None,
) -> Mapping[UUID, Sequence[T]]:
    """Return what a statement selects, grouped by its first column, in its order."""
    lists: defaultdict[UUID, list[T]] = defaultdict(list)
    for row in await postgres.read(statement, parameters):
        lists[row[0]].append(record(*row[1:]))
    return lists


async def fetch_counts(
    postgres: Postgres,
    parent: ColumnElement[UUID],
    ids: Sequence[UUID],
    *only: ColumnElement[bool],
) -> Mapping[UUID, int]:
    """Return how many rows each parent has; one without rows is absent."""
    statement = select(parent, func.count()).where(any_of(parent, ids), *only).group_by(parent)
    return {row[0]: row[1] for row in await postgres.read(statement)}
