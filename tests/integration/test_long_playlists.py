"""What is asked of playlists that are as long as they may be, with as much history."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text

from datasources.loaders.batch import Loaders, PageKey
from datasources.loaders.playlist_history import AT_ONCE, ItemsOfVersion
from datasources.postgres import playlist_versions, playlist_writes
from datasources.postgres.bulk import copy_rows
from datasources.postgres.client import Postgres
from datasources.postgres.tables import playlist_items
from datasources.records.changes import ListVersion
from datasources.records.page import Page, PageRequest
from datasources.stores import Stores
from resolvers.ids import global_id
from resolvers.playlist_commands import duplicate_playlist
from resolvers.playlist_items import move_items
from tests.factories.accounts import statements
from tests.factories.editing import items, list_at, list_of, new_playlist
from tests.factories.music import Music, track_id, user_id
from tests.factories.playlists import as_user

LENGTH = 200


@pytest.fixture
async def stores(empty_stores: Stores) -> Stores:
    music = Music()
    music.user(1)
    for number in (1, 2):
        music.track(number)
    await music.write(empty_stores)
    return empty_stores


@pytest.fixture
async def playlist(stores: Stores) -> UUID:
    """A list of 200 items, two of which always share a position."""
    playlist = await new_playlist(stores)
    rows = [
        {
            "id": UUID(int=number + 1),
            "playlist_id": playlist,
            "position": f"b{number // 2:04}V",
            "track_id": track_id(1 + number % 2),
            "added_by": user_id(1),
        }
        for number in range(LENGTH)
    ]
    async with stores.postgres.transaction() as connection:
        await copy_rows(connection, "playlist_items", rows)
    return playlist


async def test_a_past_list_sorts_nothing_of_its_history(stores: Stores, playlist: UUID) -> None:
    """1,000 changes of 100 items, sorted twice, would take more than a statement may."""
    before = await list_of(stores, playlist)
    for first in range(3):
        await move_items(
            as_user(stores, 1), global_id("Playlist", playlist), items(before[first::2])
        )
    assert await list_at(stores, playlist, 1) == before
    statement = playlist_versions._as_it_was(ListVersion(playlist, 1))
    compiled = statement.compile(
        dialect=stores.postgres.engine.dialect, compile_kwargs={"literal_binds": True}
    )
    async with stores.postgres.engine.connect() as connection:
        await connection.execute(text("analyze"))
        plan = "\n".join((await connection.exec_driver_sql(f"explain {compiled}")).scalars())
    assert plan.count("jsonb_to_recordset") == 1
    assert "Sort" not in plan
    assert "CTE" not in plan


async def test_past_lists_leave_connections_to_others(
    stores: Stores, playlist: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = most = 0
    fetch = playlist_versions.fetch_items_of_version

    async def counted(postgres: Postgres, *arguments: Any) -> Page[Any]:
        nonlocal here, most
        here += 1
        most = max(most, here)
        await asyncio.sleep(0)
        try:
            return await fetch(postgres, *arguments)
        finally:
            here -= 1

    monkeypatch.setattr(playlist_versions, "fetch_items_of_version", counted)
    for number in range(2, 6):
        await move_items(
            as_user(stores, 1),
            global_id("Playlist", playlist),
            items([UUID(int=number)]),
        )
    operations = [Loaders(stores).pages(ItemsOfVersion) for _ in range(3)]
    pages = await asyncio.gather(
        *(
            loader.load(PageKey(ListVersion(playlist, version), PageRequest(10)))
            for loader in operations
            for version in range(1, 6)
        )
    )
    assert [len(page.edges) for page in pages] == [10] * 15
    assert most == AT_ONCE


@pytest.mark.parametrize("at_once", [7, LENGTH])
async def test_a_copy_is_written_in_parts_and_in_order(
    stores: Stores, playlist: UUID, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that no statement has to write 10,000 rows in the time that one has."""
    monkeypatch.setattr(playlist_writes, "_COPIED_AT_ONCE", at_once)
    with statements() as sent:
        made = await duplicate_playlist(as_user(stores, 1), global_id("Playlist", playlist))
    assert len([one for one in sent if "INTO playlist_items" in one]) == -(-LENGTH // at_once)
    copied = await list_of(stores, made.playlist_id)
    assert len(copied) == LENGTH
    assert {one.version for one in copied} == {7}
    assert await _tracks(stores, made.playlist_id) == await _tracks(stores, playlist)


async def _tracks(stores: Stores, playlist: UUID) -> list[tuple[str, UUID]]:
    item = playlist_items.c
    rows = select(item.position, item.track_id).where(item.playlist_id == playlist)
    found = await stores.postgres.read(rows.order_by(item.position, item.id))
    return [(row[0], row[1]) for row in found]
