"""Many rows at once: COPY, and upserts that leave unchanged rows alone."""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import (
    Column,
    ColumnElement,
    Integer,
    MetaData,
    Table,
    literal_column,
    select,
    text,
    tuple_,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.schema import CreateTable, DropTable

from datasources.postgres.tables import metadata

Rows = Sequence[Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class Upserted:
    """How many rows an upsert met in each state. Sums add up: `a + b`."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0

    def __add__(self, other: "Upserted") -> "Upserted":
        return Upserted(
            self.inserted + other.inserted,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
        )


async def copy_rows(connection: AsyncConnection, table: str, rows: Rows) -> None:
    """COPY rows into a table of ours, within the connection's transaction.

    All rows have the same keys, which are columns of the table; columns left out get their
    defaults. Nothing is done for no rows. A row that is there already fails the transaction.
    """
    if rows:
        columns = list(rows[0])
        records = ([row[name] for name in columns] for row in rows)
        await copy_into(connection, metadata.tables[table].name, columns, records)


async def upsert_rows(
    connection: AsyncConnection,
    table: str,
    rows: Rows,
    *conflict: str,
    keep: Collection[str] = (),
) -> Upserted:
    """Insert rows, or make those that are there by the `conflict` columns equal; say how many.

    All rows have the same keys, no two the same `conflict` values. Columns in `keep` are written
    when a row is new and never changed later (a time of creation, say). A row that is equal
    already is not written again. Two statements and one COPY, whatever the number of rows.
    """
    if not rows:
        return Upserted()
    target = metadata.tables[table]
    names = tuple(rows[0])
    staged = _staged(table, names)
    await connection.execute(CreateTable(staged))
    records = ([row[name] for name in names] for row in rows)
    await copy_into(connection, staged.name, names, records)

    statement = insert(target).from_select(names, select(staged))
    changing = [name for name in names if name not in conflict and name not in keep]
    if changing:
        new = statement.excluded
        statement = statement.on_conflict_do_update(
            index_elements=conflict,
            set_={name: new[name] for name in changing},
            where=tuple_(*(target.c[name] for name in changing)).is_distinct_from(
                tuple_(*(new[name] for name in changing))
            ),
        )
    else:
        statement = statement.on_conflict_do_nothing(index_elements=conflict)
    # xmax is the transaction that replaced a row's older version: a new row has none.
    is_new: ColumnElement[int] = literal_column("(xmax = 0)::int", Integer)
    async with _plans_kept(connection):
        states = (await connection.execute(statement.returning(is_new))).scalars().all()
    await connection.execute(DropTable(staged))
    inserted = sum(states)
    return Upserted(inserted, len(states) - inserted, len(rows) - len(states))


@lru_cache(maxsize=100)
def _staged(table: str, names: tuple[str, ...]) -> Table:
    """Return a temporary table for some columns; a statement is compiled once for each."""
    columns = metadata.tables[table].c
    return Table(
        f"staged_{table}",
        MetaData(),
        *(Column(name, columns[name].type) for name in names),
        prefixes=["TEMPORARY"],
        postgresql_on_commit="DROP",
    )


async def copy_into(
    connection: AsyncConnection,
    table: str,
    columns: Sequence[str],
    records: Iterable[Sequence[object]],
) -> None:
    """COPY records into any table, a temporary one too, within the connection's transaction.

    The values of a record are in the order of `columns`.
    """
    raw = await connection.get_raw_connection()
    driver = raw.driver_connection
    assert driver is not None  # noqa: S101  a connection in use has one
    # SQLAlchemy begins its transaction with the first statement, and COPY goes past it: without
    # a statement before it, a COPY that comes first would be committed by itself.
    async with _plans_kept(connection):
        await driver.copy_records_to_table(table, columns=columns, records=records)


@asynccontextmanager
async def _plans_kept(connection: AsyncConnection) -> AsyncIterator[None]:
    """Let the server keep the plans that look up the foreign keys of each new row.

    Our connections plan every statement anew, which suits searching; but for these little ones
    planning takes longer than looking up: writing would be half as fast.
    """
    await connection.execute(text("set local plan_cache_mode = auto"))
    yield
    await connection.execute(text("set local plan_cache_mode to default"))
