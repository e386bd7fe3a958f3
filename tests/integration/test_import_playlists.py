"""An import beside people who change the same playlists: counts are right, history is honest."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import insert, select, update

from auth.principal import person
from datasources.postgres.catalogue_stage import StagedItem
from datasources.postgres.client import Connection
from datasources.postgres.playlist_edits import take_version
from datasources.postgres.playlist_import import (
    claim_owner,
    refresh_totals_of_tracks,
    write_playlists,
)
from datasources.postgres.tables import external_ids, playlist_items, playlists, tracks
from datasources.stores import Stores
from resolvers.errors import NotFound
from resolvers.ids import global_id
from resolvers.playlist_history import playlist_at, undo_change
from resolvers.playlist_items import add_items
from tests.factories.editing import DURATION_MS, counts_of, list_at, list_of, track, versions_of
from tests.factories.music import NOW, Music, track_id
from tests.factories.operations import context_of
from tests.factories.playlists import waits_for_a_lock


@pytest.fixture
async def stores(empty_stores: Stores) -> Stores:
    """Four tracks that the import knows, and a playlist of two of them."""
    music = Music()
    for number in (1, 2, 3, 4):
        music.track(number)
    await music.write(empty_stores)
    known = [
        {"source": "SPOTIFY", "type": "TRACK", "value": f"t{number}", "entity_id": track_id(number)}
        for number in (1, 2, 3, 4)
    ]
    async with empty_stores.postgres.transaction() as connection:
        await connection.execute(insert(external_ids), known)
        await _import(1, 2)(connection)
    return empty_stores


def _import(*numbers: int, at: datetime = NOW) -> Callable[[Connection], Awaitable[object]]:
    """Return the import of a file in which the playlist has these tracks."""

    async def work(connection: Connection) -> None:
        owner = await claim_owner(connection, NOW)
        batch = [StagedItem("p1", "Mix", f"t{number}") for number in numbers]
        await write_playlists(connection, batch, owner, at)

    return work


async def _longer(connection: Connection) -> None:
    """Import a file in which the first track is a second longer."""
    row = update(tracks).where(tracks.c.id == track_id(1))
    await connection.execute(row.values(duration_ms=DURATION_MS + 1_000))
    await refresh_totals_of_tracks(connection, [track_id(1)])


async def _imported(stores: Stores) -> tuple[UUID, UUID]:
    """Return the playlist, and its owner."""
    (row,) = await stores.postgres.read(select(playlists.c.id, playlists.c.owner_id))
    return row[0], row[1]


@pytest.mark.parametrize(
    ("work", "count", "more_ms"),
    [
        (_import(1, 2, 4), 4, 0),
        (_import(1, 2), 3, 0),
        (_import(1, at=NOW + timedelta(days=1)), 3, 0),
        (_longer, 3, 1_000),
    ],
)
async def test_an_import_counts_what_it_has_waited_for(
    stores: Stores, work: Callable[[Connection], Awaitable[object]], count: int, more_ms: int
) -> None:
    playlist, _ = await _imported(stores)

    async def beside() -> None:
        async with stores.postgres.transaction() as connection:
            await work(connection)

    async with stores.postgres.transaction() as connection:
        await take_version(connection, playlist)
        item = {"id": UUID(int=9), "playlist_id": playlist, "position": "b00V"}
        await connection.execute(insert(playlist_items).values(track_id=track_id(3), **item))
        counted = {
            "track_count": playlists.c.track_count + 1,
            "duration_ms": playlists.c.duration_ms + DURATION_MS,
        }
        await connection.execute(update(playlists).values(counted))
        importing = asyncio.create_task(beside())
        await waits_for_a_lock(stores)
    await importing
    assert len(await list_of(stores, playlist)) == count
    assert (await counts_of(stores, playlist))[1:] == (count, count * DURATION_MS + more_ms)


async def test_the_history_of_a_playlist_begins_anew_with_what_an_import_adds(
    stores: Stores,
) -> None:
    playlist, owner = await _imported(stores)
    context, id_ = context_of(stores, person(owner)), global_id("Playlist", playlist)
    await add_items(context, id_, [track(3)])
    before = await list_of(stores, playlist)
    async with stores.postgres.transaction() as connection:
        await _import(1, 2, 3, at=NOW + timedelta(days=1))(connection)  # nothing is new
    assert await list_at(stores, playlist, 2) == before
    assert await versions_of(stores, playlist) == [2]

    async with stores.postgres.transaction() as connection:
        await _import(1, 4, at=NOW + timedelta(days=2))(connection)
    now = await list_of(stores, playlist)
    assert now[:-1] == before
    context = context_of(stores, person(owner))
    for version in (1, 2):
        with pytest.raises(NotFound, match="kept is 3, the newest 3"):
            await playlist_at(context, id_, version)
        with pytest.raises(NotFound, match="kept is 3, the newest 3"):
            await undo_change(context, id_, version)
    assert await playlist_at(context, id_, 3) is not None
    assert await list_at(stores, playlist, 3) == now
    assert await versions_of(stores, playlist) == []

    await add_items(context, id_, [track(1)])
    assert await list_at(stores, playlist, 3) == now
    await undo_change(context, id_, 4)
    assert await list_of(stores, playlist) == now
