"""`doctor`: wrong counts of playlists, and events that wait for too long."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, insert, update

from datasources.diagnosis import Diagnosis, with_events
from datasources.ids import new_id
from datasources.postgres import recount
from datasources.postgres.outbox import oldest_unpublished, write_event
from datasources.postgres.playlist_tables import outbox
from datasources.postgres.recount import Recounted, recount_playlists
from datasources.postgres.tables import playlist_followers, playlists
from datasources.stores import Stores
from tests.factories import editing
from tests.factories.music import Music, playlist_id, user_id
from tests.factories.playlists import playlist_of, waits_for_a_lock


@pytest.fixture
async def stores(empty_stores: Stores) -> Stores:
    """Three playlists with 0, 1 and 2 tracks and as many followers; the counts say nothing."""
    music = Music()
    for number in range(3):
        music.user(number)
        music.track(number)
    for number in range(3):
        music.playlist(number, 0, range(number))
    await music.write(empty_stores)
    async with empty_stores.postgres.transaction() as connection:
        rows = [
            {"playlist_id": playlist_id(number), "user_id": user_id(follower)}
            for number in range(3)
            for follower in range(number)
        ]
        await connection.execute(insert(playlist_followers), rows)
    return empty_stores


async def _break(stores: Stores, playlist: UUID, **counts: int) -> None:
    async with stores.postgres.transaction() as connection:
        row = update(playlists).where(playlists.c.id == playlist)
        await connection.execute(row.values(**counts))


async def _counts(stores: Stores) -> list[tuple[int, int, int]]:
    found = [await playlist_of(stores, playlist_id(number)) for number in range(3)]
    return [(one.track_count, one.duration_ms, one.follower_count) for one in found]


RIGHT = [(number, number * editing.DURATION_MS, number) for number in range(3)]


@pytest.mark.parametrize("batch", [1, 2, 100])
async def test_wrong_counts_are_corrected(
    stores: Stores, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recount, "_BATCH", batch)
    assert await recount_playlists(stores.postgres) == Recounted(3, 2)
    assert await _counts(stores) == RIGHT
    assert await recount_playlists(stores.postgres) == Recounted(3, 0)
    for number, wrong in enumerate(("track_count", "duration_ms", "follower_count")):
        await _break(stores, playlist_id(number), **{wrong: 77})
    assert await recount_playlists(stores.postgres) == Recounted(3, 3)
    assert await _counts(stores) == RIGHT


async def test_a_version_is_none_of_its_business(stores: Stores) -> None:
    before = await playlist_of(stores, playlist_id(2))
    await recount_playlists(stores.postgres)
    after = await playlist_of(stores, playlist_id(2))
    assert (after.version, after.updated_at) == (before.version, before.updated_at)


async def test_a_change_under_way_is_waited_for_and_counted(stores: Stores) -> None:
    await recount_playlists(stores.postgres)
    row = update(playlists).where(playlists.c.id == playlist_id(1))
    async with stores.postgres.transaction() as connection:
        await connection.execute(row.values(follower_count=playlists.c.follower_count + 1))
        counting = asyncio.create_task(recount_playlists(stores.postgres))
        await waits_for_a_lock(stores)
        follower = {"playlist_id": playlist_id(1), "user_id": user_id(2)}
        await connection.execute(insert(playlist_followers).values(follower))
    assert await counting == Recounted(3, 0)
    assert (await _counts(stores))[1][2] == 2


async def test_the_doctor_tells_of_events_that_wait(empty_stores: Stores) -> None:
    healthy = Diagnosis("postgres", "server", "somewhere", "15", 0.1)

    async def told() -> Diagnosis:
        return with_events(healthy, await oldest_unpublished(empty_stores.postgres))

    assert await told() == replace(healthy, events="none waits")
    async with empty_stores.postgres.transaction() as connection:
        await write_event(connection, "playlist", new_id(), 1, {})
    fresh = await told()
    assert fresh.events.startswith("1 waits, the oldest for ")
    assert fresh.advice is None
    async with empty_stores.postgres.transaction() as connection:
        old = func.now() - timedelta(minutes=5)
        await connection.execute(update(outbox).values(created_at=old))
        await write_event(connection, "playlist", new_id(), 1, {})
    late = await told()
    assert late.events.startswith("2 wait, the oldest for 30")
    assert "not published" in (late.problem or "")
    assert "Redis" in (late.advice or "")
