import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datasources.postgres.search import search_entities
from datasources.records.external_ids import EntityKind
from datasources.records.page import PageRequest
from datasources.stores import Stores
from tests.factories.search import insert_entries, made

ALL = tuple(EntityKind)

HOSTILE = [
    "'",
    "''",
    "\\",
    "a\\'b",
    "\\' | 'x':*",
    "a:*",
    ":*",
    "a & b | !c <-> (d)",
    "&|!()<->",
    "'; drop table search_entries; --",
    "$1 %s :name {0} %(x)s",
    "nul\0byte",
    "\0",
    "\ud800 lone surrogate",
    "👩‍👩‍👧 🎵",
    "\u202eright to left\u202c فيروز שלום",
    "a\u0301\u0301\u0301",
    "x" * 10_000,
    "x " * 5_000,
    "ﷺ" * 200,
    "𠀀" * 3_000,
    "🎵" * 3_000,
    "_ _ _",
    "\t\r\n\v\u2028\u3000",
    "null",
    "the and of a",
]


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
async def test_hostile_names_and_queries_are_only_text(empty_stores: Stores, hostile: str) -> None:
    entity = made(hostile, [hostile])
    await insert_entries(empty_stores.postgres, [entity, made("unrelated")])
    page = await search_entities(empty_stores.postgres, hostile, ALL, PageRequest(5))
    if entity["name_key"]:
        assert [ref.id for ref in page.nodes] == [entity["entity_id"]]
    for kind in EntityKind:
        await search_entities(empty_stores.postgres, hostile, [kind], PageRequest(5))


async def test_any_name_is_stored_and_found(empty_stores: Stores) -> None:
    @settings(
        max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
    )
    @given(st.lists(st.tuples(st.text(max_size=60), st.text(max_size=20)), max_size=5))
    def collect(names: list[tuple[str, str]]) -> None:
        collected.extend(names)

    collected: list[tuple[str, str]] = []
    collect()
    names = list(dict.fromkeys(collected))[:250]
    assert len(names) > 100
    entities = [made(name, [other]) for name, other in names]
    await insert_entries(empty_stores.postgres, entities)
    for (name, _), entity in zip(names, entities, strict=True):
        kinds = [EntityKind.TRACK]
        page = await search_entities(empty_stores.postgres, name, kinds, PageRequest(500))
        if entity["name_key"]:
            assert entity["entity_id"] in {ref.id for ref in page.nodes}, name
