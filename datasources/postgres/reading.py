"""The two reads that every entity has, rows by id and counts by parent, and values as arrays."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import fields
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, FromClause, Select, any_, bindparam, func, select
from sqlalchemy.types import TypeEngine

from datasources.postgres.client import Postgres

T = TypeVar("T")


def any_of(column: ColumnElement[Any], values: Collection[object]) -> ColumnElement[bool]:
    """Return the condition that a column holds one of the values.

    They travel as one array: the statement is the same text, and one plan, for any number.
    """
    return column == any_(bindparam(None, list(values), ARRAY(column.type)))


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
    id_ = table.c.id
    statement = select(id_, *columns_of(record, table)).where(any_of(id_, ids), *only)
    rows = await postgres.read(statement)
    return {row[0]: record(*row[1:]) for row in rows}


async def fetch_lists(
    postgres: Postgres, statement: Select[Any], record: Callable[..., T]
) -> Mapping[UUID, Sequence[T]]:
    """Return what a statement selects, grouped by its first column, in its order."""
    lists: defaultdict[UUID, list[T]] = defaultdict(list)
    for row in await postgres.read(statement):
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
