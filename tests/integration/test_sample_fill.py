import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from datasources.contents import no_listening
from datasources.mongo.collections import LISTENS, SIMILAR_TRACKS, TOP_TRACKS
from datasources.postgres.bulk import copy_rows
from datasources.postgres.tables import metadata
from datasources.redis.now_playing import fetch_now_playing
from datasources.stores import Stores
from gateway.sample.catalogue import Catalogue
from gateway.sample.fill import Found, fill_sample
from gateway.sample.model import Row

NOW = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)


def plain(value: object) -> str:
    return str(UUID(str(value))) if "UUID" in type(value).__name__ else str(value)


async def contents(stores: Stores, tables: dict[str, list[Row]]) -> dict[str, list[list[str]]]:
    """Return all rows of all tables, the columns that the sample writes."""
    found = {}
    for name, rows in tables.items():
        columns = [metadata.tables[name].c[column] for column in rows[0]]
        read = await stores.postgres.read(select(*columns))
        found[name] = sorted([plain(value) for value in row] for row in read)
    return found


def wanted(tables: dict[str, list[Row]]) -> dict[str, list[list[str]]]:
    return {
        name: sorted([plain(value) for value in row.values()] for row in rows)
        for name, rows in tables.items()
    }


async def test_postgres_holds_the_sample_whenever_it_is_filled(
    sample_stores: Stores, sample_tables: dict[str, list[Row]]
) -> None:
    assert await contents(sample_stores, sample_tables) == wanted(sample_tables)


async def test_a_second_filling_changes_nothing(
    sample_stores: Stores, sample: Catalogue, now: datetime
) -> None:
    before = await contents(sample_stores, sample.tables)
    listens = await sample_stores.mongo[LISTENS].count_documents({})
    summary = await fill_sample(sample_stores, now + timedelta(days=3))
    assert summary.found is Found.THE_SAMPLE
    assert summary.listens_written == 0
    assert await contents(sample_stores, sample.tables) == before
    assert await sample_stores.mongo[LISTENS].count_documents({}) == listens
    assert 19_900 <= listens <= 20_100


async def test_what_is_computed_is_there(sample_stores: Stores, sample: Catalogue) -> None:
    people = [person.record.id for person in sample.people]
    tops = await sample_stores.mongo.find_by_id(TOP_TRACKS, [f"{one}:LONG" for one in people])
    assert len(tops) == len(people)
    tracks = [str(track.record.id) for track in sample.tracks]
    similar = await sample_stores.mongo.find_by_id(SIMILAR_TRACKS, tracks)
    assert len(similar) > 1900


async def test_some_people_listen_at_this_moment(empty_stores: Stores, sample: Catalogue) -> None:
    told: list[str] = []
    summary = await fill_sample(empty_stores, NOW, told.append)
    assert summary.found is Found.NOTHING
    assert summary.listens_written > 19_900
    assert told[-1] == "training recommendations"
    people = [person.record.id for person in sample.people]
    playing = await fetch_now_playing(empty_stores.redis, people)
    assert len(playing) == 5
    assert people[0] in playing


async def test_other_data_are_left_alone(empty_stores: Stores, sample: Catalogue) -> None:
    async with empty_stores.postgres.transaction() as connection:
        await copy_rows(connection, "users", sample.tables["users"][5:6])
    summary = await fill_sample(empty_stores, NOW)
    assert summary.found is Found.OTHER_DATA
    assert summary.listens_written == 0
    assert await no_listening(empty_stores.mongo)
    found = await contents(empty_stores, sample.tables)
    assert {name: len(rows) for name, rows in found.items() if rows} == {"users": 1}


async def test_of_two_fillings_at_once_one_writes(empty_stores: Stores) -> None:
    both = await asyncio.gather(fill_sample(empty_stores, NOW), fill_sample(empty_stores, NOW))
    assert {one.found for one in both} == {Found.NOTHING, Found.THE_SAMPLE}


async def test_a_filling_that_fails_leaves_postgres_empty(
    empty_stores: Stores, sample: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong: dict[str, list[Row]] = {**sample.tables, "search_entries": [{"kind": "NONSENSE"}]}
    monkeypatch.setattr(
        "gateway.sample.fill.sample_catalogue",
        lambda: replace(sample, tables=wrong),
    )
    with pytest.raises(Exception, match=r"null value|check constraint"):
        await fill_sample(empty_stores, NOW)
    monkeypatch.undo()
    assert (await fill_sample(empty_stores, NOW)).found is Found.NOTHING
