"""Search reads indexes: no plan, whatever is typed, goes through the whole table."""

from uuid import UUID

from sqlalchemy import ClauseElement, insert, text

from datasources.postgres.client import Postgres
from datasources.postgres.search import statement
from datasources.postgres.search_index import settle
from datasources.postgres.tables import search_entries
from datasources.records.external_ids import EntityKind
from datasources.records.page import PageRequest
from datasources.stores import Stores
from tests.factories.search import insert_entries, many

ALL = tuple(EntityKind)
ROWS = 40_000


async def plan(postgres: Postgres, search: ClauseElement) -> str:
    compiled = search.compile(
        dialect=postgres.engine.dialect, compile_kwargs={"literal_binds": True}
    )
    async with postgres.engine.connect() as connection:
        rows = await connection.exec_driver_sql(f"explain {compiled}")
        return "\n".join(rows.scalars())


async def test_every_search_is_on_an_index(empty_stores: Stores) -> None:
    entities = many(ROWS)
    await insert_entries(empty_stores.postgres, entities)
    entity_id = entities[0]["entity_id"]
    assert isinstance(entity_id, UUID)
    requests = [
        PageRequest(20),
        PageRequest(20, after=(0, 50, entity_id)),
        PageRequest(20, after=(1, 50, entity_id)),
    ]
    for query in ("b", "ba", "bada", "ba da", "bada b", "nothing like it", "!!!"):
        for kinds in (ALL, (EntityKind.USER,), (EntityKind.ALBUM, EntityKind.ARTIST)):
            for request in requests:
                shown = await plan(empty_stores.postgres, statement(query, kinds, request))
                assert "Seq Scan" not in shown, (query, kinds, request, shown)

    # Without the indexes it would be noticed here.
    async with empty_stores.postgres.transaction() as connection:
        await connection.execute(
            text(
                "drop index ix_search_entries_tsv, ix_search_entries_popularity,"
                " ix_search_entries_name_key"
            )
        )
    assert "Seq Scan" in await plan(empty_stores.postgres, statement("ba", ALL, requests[0]))


async def test_settling_leaves_no_entries_beside_the_index(empty_stores: Stores) -> None:
    async with empty_stores.postgres.transaction() as connection:
        await connection.execute(insert(search_entries), many(500))
        assert await settle(connection) > 0
        assert await settle(connection) == 0
