from typing import Any

import pytest
from sqlalchemy import text

from datasources.postgres.search import SEARCH, count_found, search_entities
from datasources.records.external_ids import EntityKind
from datasources.records.page import Page, PageRequest
from datasources.records.references import EntityRef
from datasources.stores import Stores
from tests.factories.operations import ask
from tests.factories.search import insert_entries, made, many
from tests.plugins.round_trips import RoundTrips

ALL = tuple(EntityKind)


async def found(stores: Stores, query: str, *kinds: EntityKind, limit: int = 20) -> list[object]:
    page = await search_entities(stores.postgres, query, kinds or ALL, PageRequest(limit))
    return [ref.id for ref in page.nodes]


NAMES = ("Beyoncé", "Don't Stop", "Mötley Crüe", "Sigur Rós", "Jay-Z", "AC/DC", "Love ft. Rihanna")


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("beyonce", "Beyoncé"),
        ("BEYONCÉ", "Beyoncé"),
        ("b", "Beyoncé"),
        ("dont stop", "Don't Stop"),
        ("don\u2019t stop", "Don't Stop"),
        ("stop dont", "Don't Stop"),
        ("dont sto", "Don't Stop"),
        ("motley", "Mötley Crüe"),
        ("crue mot", "Mötley Crüe"),
        ("sigur ros", "Sigur Rós"),
        ("jay-z", "Jay-Z"),
        ("jayz", "Jay-Z"),
        ("acdc", "AC/DC"),
        ("love feat", "Love ft. Rihanna"),
        ("love featu", "Love ft. Rihanna"),
        ("love featuring rih", "Love ft. Rihanna"),
        ("nobody", None),
        ("mot beyonce", None),  # only the last word may be a beginning, and all must be there
        ("eyonce", None),
        ("beyonce t", None),  # no word is looked for among those of a kind
        ("tbeyonce", None),
    ],
)
async def test_spellings(empty_stores: Stores, query: str, name: str | None) -> None:
    entries = {name: made(name, kind=EntityKind.ARTIST) for name in NAMES}
    await insert_entries(empty_stores.postgres, entries.values())
    expected = [] if name is None else [entries[name]["entity_id"]]
    assert await found(empty_stores, query) == expected
    assert await found(empty_stores, query, EntityKind.ARTIST) == expected
    assert await found(empty_stores, query, EntityKind.TRACK) == []


async def test_every_prefix_finds_the_name(empty_stores: Stores) -> None:
    name = "Sigur Rós: Hoppípolla (Live)"
    entity = made(name)
    await insert_entries(empty_stores.postgres, [entity, *many(200)])
    for letters in range(1, len(name) + 1):
        assert entity["entity_id"] in await found(empty_stores, name[:letters], limit=100)


async def test_exact_then_popular_then_latest(empty_stores: Stores) -> None:
    exact_unpopular = made("Halo", popularity=0)
    exact = made("HALO!", popularity=10, kind=EntityKind.ALBUM)
    popular = made("Halo Effect", popularity=90)
    by_other = made("Bad Wolves", ["Halo"], popularity=80)
    older = made("Halogen", popularity=20)
    newer = made("Halogen", popularity=20)
    entries = [older, popular, exact_unpopular, newer, by_other, exact]
    await insert_entries(empty_stores.postgres, entries)
    order = [exact, exact_unpopular, popular, by_other, newer, older]
    assert await found(empty_stores, "halo") == [entity["entity_id"] for entity in order]


async def test_a_name_without_words_is_found_whole(empty_stores: Stores) -> None:
    band, other = made("!!!", kind=EntityKind.ARTIST), made("+/-", kind=EntityKind.ARTIST)
    await insert_entries(empty_stores.postgres, [band, other, made("Any!!!")])
    assert await found(empty_stores, " !!! ") == [band["entity_id"]]
    assert await found(empty_stores, "!!") == []
    assert await found(empty_stores, "!!!", EntityKind.TRACK) == []
    assert await found(empty_stores, "!!!", EntityKind.ARTIST) == [band["entity_id"]]


async def test_kinds(empty_stores: Stores) -> None:
    entries = {kind: made("Same name", kind=kind) for kind in EntityKind}
    await insert_entries(empty_stores.postgres, entries.values())
    for query in ("same name", "same n", "n"):
        assert set(await found(empty_stores, query)) == {e["entity_id"] for e in entries.values()}
        for kind, entity in entries.items():
            assert await found(empty_stores, query, kind) == [entity["entity_id"]]
        some = await found(empty_stores, query, EntityKind.ALBUM, EntityKind.USER)
        assert len(some) == 2
    page = await search_entities(empty_stores.postgres, "same", ALL, PageRequest(20))
    assert {ref.kind for ref in page.nodes} == set(EntityKind)
    nothing = await search_entities(empty_stores.postgres, "same", (), PageRequest(20))
    assert nothing == Page()


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
@pytest.mark.parametrize("kinds", [ALL, (EntityKind.TRACK, EntityKind.ALBUM)])
async def test_pages_have_no_gap_and_no_repeat(
    empty_stores: Stores, limit: int, kinds: tuple[EntityKind, ...]
) -> None:
    # Few popularities: pages end inside ties, within the exact names, and at their border.
    exact = [made("lo", popularity=n % 2, kind=kinds[n % len(kinds)]) for n in range(7)]
    rest = [made(f"lo {n}", popularity=n % 3, kind=kinds[n % len(kinds)]) for n in range(11)]
    await insert_entries(empty_stores.postgres, [*exact, *rest, *many(100)])
    whole = await search_entities(empty_stores.postgres, "lo", kinds, PageRequest(1000))
    assert len(whole.nodes) >= 18
    assert not whole.has_next
    assert [edge.key[0] for edge in whole.edges][:7] == [1] * 7
    seen: list[EntityRef] = []
    request = PageRequest(limit)
    while True:
        page = await search_entities(empty_stores.postgres, "lo", kinds, request)
        seen += page.nodes
        assert page.has_previous == (request.after is not None)
        if not page.has_next:
            break
        assert page.end_cursor is not None
        request = PageRequest(limit, after=SEARCH.decode(page.end_cursor))
    assert seen == whole.nodes


async def test_an_empty_page_tells_of_more(empty_stores: Stores) -> None:
    await insert_entries(empty_stores.postgres, [made("one"), made("one more")])
    page = await search_entities(empty_stores.postgres, "one", ALL, PageRequest(0))
    assert (page.nodes, page.has_next) == ([], True)


@pytest.mark.parametrize("border", [-1, 2, 2**63 - 1])
async def test_a_forged_border_finds_nothing(empty_stores: Stores, border: int) -> None:
    entity: Any = made("one")
    await insert_entries(empty_stores.postgres, [entity])
    request = PageRequest(5, after=(border, 2**63 - 1, entity["entity_id"]))
    assert (await search_entities(empty_stores.postgres, "one", ALL, request)).nodes == []


@pytest.mark.parametrize("query", ["mix", "mix f"])  # an exact name, and a beginning
async def test_hidden_playlists_are_not_found_where_the_index_lags(
    empty_stores: Stores, query: str
) -> None:
    playlists = [made("Mix f", kind=EntityKind.PLAYLIST) for _ in range(4)]
    track = made("Mix f")
    await insert_entries(empty_stores.postgres, [*playlists, track])
    private, unlisted, gone, public = (one["entity_id"] for one in playlists)
    async with empty_stores.postgres.transaction() as connection:
        change = text("update playlists set visibility = :to where id = :id")
        await connection.execute(change, {"to": "PRIVATE", "id": private})
        await connection.execute(change, {"to": "UNLISTED", "id": unlisted})
        await connection.execute(text("delete from playlists where id = :id"), {"id": gone})
    page = await search_entities(empty_stores.postgres, query, ALL, PageRequest(20))
    assert {edge.node.id for edge in page.edges} == {public, track["entity_id"]}
    assert await found(empty_stores, query, EntityKind.PLAYLIST) == [public]
    assert await count_found(empty_stores.postgres, [(query, ALL)]) == {(query, ALL): 2}


async def test_searches_are_counted_in_one_statement_up_to_the_bound(
    empty_stores: Stores, monkeypatch: pytest.MonkeyPatch, round_trips: RoundTrips
) -> None:
    monkeypatch.setattr("datasources.postgres.search.MAX_COUNT", 3)
    entries = [made("lo", kind=EntityKind.ALBUM), *(made(f"lo {n}") for n in range(3))]
    await insert_entries(empty_stores.postgres, entries)
    tracks = ("lo", (EntityKind.TRACK,))
    albums = ("lo", (EntityKind.ALBUM,))
    before = round_trips.copy()
    counts = await count_found(
        empty_stores.postgres, [("lo", ALL), tracks, albums, ("!!!", ALL), ("nobody", ALL)]
    )
    assert round_trips.since(before) == {"postgres": 1}
    assert counts == {tracks: 3, albums: 1, ("!!!", ALL): 0, ("nobody", ALL): 0}


async def test_the_total_is_counted_where_it_is_selected(
    empty_stores: Stores, round_trips: RoundTrips
) -> None:
    await insert_entries(empty_stores.postgres, [made("one"), made("one more")])
    for fields, total, statements in (("", {}, 1), ("totalCount", {"totalCount": 2}, 2)):
        before = round_trips.copy()
        query = f'{{ search(query: "one", first: 1) {{ pageInfo {{ hasNextPage }} {fields} }} }}'
        shown = (await ask(empty_stores, query))["search"]
        assert shown == {"pageInfo": {"hasNextPage": True}, **total}
        assert round_trips.since(before) == {"postgres": statements}
    nothing = await ask(empty_stores, '{ search(query: " ") { totalCount } }')
    assert nothing == {"search": {"totalCount": 0}}
