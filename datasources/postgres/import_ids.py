"""Our ids for the entities that an import brings, found by the ids of their source."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from datasources.ids import new_id
from datasources.postgres.bulk import copy_rows
from datasources.postgres.reading import any_of
from datasources.postgres.tables import external_ids
from datasources.records.external_ids import EntityKind, ExternalSource


async def find_ids(
    connection: AsyncConnection,
    source: ExternalSource,
    kind: EntityKind,
    values: Sequence[str],
) -> dict[str, UUID]:
    """Return our ids by the source's (`external_ids`); one that nobody imported is absent."""
    table = external_ids.c
    statement = select(table.value, table.entity_id).where(
        table.source == source.value, table.type == kind.value, any_of(table.value, values)
    )
    return {row[0]: row[1] for row in await connection.execute(statement)}


async def claim_ids(
    connection: AsyncConnection,
    source: ExternalSource,
    kind: EntityKind,
    values: Iterable[str],
) -> dict[str, UUID]:
    """Return our ids by the source's, and give new ones to those that have none yet."""
    values = list(dict.fromkeys(values))
    known = await find_ids(connection, source, kind, values)
    new = {value: new_id() for value in values if value not in known}
    await join_ids(connection, source, kind, new)
    return known | new


async def join_ids(
    connection: AsyncConnection,
    source: ExternalSource,
    kind: EntityKind,
    ids: Mapping[str, UUID],
) -> None:
    """Write the source's ids of entities (`external_ids`); none of them may be there yet."""
    rows: list[dict[str, object]] = [
        {"source": source.value, "type": kind.value, "value": value, "entity_id": entity_id}
        for value, entity_id in ids.items()
    ]
    await copy_rows(connection, "external_ids", rows)
