"""What other services call our entities."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import and_, select

from datasources.postgres.client import Postgres
from datasources.postgres.reading import any_of, fetch_lists, unnest_columns
from datasources.postgres.tables import external_ids
from datasources.records.external_ids import EntityKind, ExternalIdRecord, ExternalSource

_TABLE = external_ids.c

ExternalKey = tuple[ExternalSource, EntityKind, str]


async def fetch_external_ids(
    postgres: Postgres, ids: Sequence[UUID]
) -> Mapping[UUID, Sequence[ExternalIdRecord]]:
    """Return the external ids of each entity, by source and value (`external_ids`)."""
    statement = (
        select(_TABLE.entity_id, _TABLE.source, _TABLE.value)
        .where(any_of(_TABLE.entity_id, ids))
        .order_by(_TABLE.entity_id, _TABLE.source, _TABLE.value)
    )
    return await fetch_lists(postgres, statement, ExternalIdRecord)


async def fetch_ids_by_external(
    postgres: Postgres, keys: Sequence[ExternalKey]
) -> Mapping[ExternalKey, UUID]:
    """Return our ids for (source, kind, value); one that nobody imported is absent.

    Read from `external_ids`.
    """
    key = (_TABLE.source, _TABLE.type, _TABLE.value)
    arrays = zip(key, zip(*keys, strict=True), strict=True)
    asked = unnest_columns("asked", **{one.name: (values, one.type) for one, values in arrays})
    same = [one == asked.c[one.name] for one in key]
    rows = await postgres.read(select(*key, _TABLE.entity_id).join(asked, and_(*same)))
    return {(row[0], row[1], row[2]): row[3] for row in rows}
