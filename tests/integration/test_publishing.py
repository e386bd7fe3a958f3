"""The outbox: what is published, in which order, and what happens when something is away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import orjson
import pytest
from sqlalchemy import func, select, update
from structlog.testing import capture_logs

from datasources.errors import StoreError, StoreTimeout, StoreUnavailable
from datasources.ids import new_id
from datasources.postgres.outbox import oldest_unpublished, remove_old, try_lock, write_event
from datasources.postgres.playlist_tables import outbox
from datasources.records.events import EventRecord
from datasources.redis.client import Redis, open_redis
from datasources.redis.event_log import read_live
from datasources.redis.events import tell_events
from datasources.redis.live import START, read_on
from datasources.redis.settings import RedisSettings
from datasources.stores import Stores
from gateway.settings import Settings
from gateway.worker.run import running_worker
from resolvers import publishing
from resolvers.ids import global_id
from resolvers.playlist_items import add_items
from resolvers.publishing import publish, publish_missed, publish_subject
from tests.factories.editing import new_playlist, track
from tests.factories.music import Music, user_id
from tests.factories.operations import identity_of
from tests.factories.playlists import as_user
from tests.plugins.databases import URLS
from tests.plugins.proxy import proxy_to


async def _write(stores: Stores, subject: UUID, *numbers: int, topic: str = "playlist") -> None:
    async with stores.postgres.transaction() as connection:
        for seq in numbers:
            await write_event(connection, topic, subject, seq, {"n": seq})


async def _told(redis: Redis) -> list[dict[str, str]]:
    """Return what the live stream holds, in its order."""
    entries: Any = await redis.client.xrange(redis.key("live"))
    return [entry for _, entry in entries]


async def _numbers(stores: Stores, subject: UUID, topic: str = "playlist") -> list[int]:
    """Return the numbers of a subject that the live stream tells, in its order."""
    told = [one for one in await _told(stores.redis) if one["topic"] == f"{topic}:{subject}"]
    return [int(one["body"].partition(" ")[0]) for one in told]


async def _waiting(stores: Stores) -> int:
    return (await oldest_unpublished(stores.postgres))[0]


async def test_events_are_told_with_number_and_epoch(empty_stores: Stores) -> None:
    """And kept in PostgreSQL alone: Redis has the last number."""
    subject, redis = new_id(), empty_stores.redis
    await _write(empty_stores, subject, 1, 2)
    await publish(empty_stores, subject)
    epoch = await redis.client.get(redis.key("live", "epoch"))
    told = await read_on(redis, redis.client, START, block_ms=1)
    logged = [read_live(event) for event in told]
    assert [
        (one.cursor.topic, one.cursor.epoch, one.cursor.seq, one.payload) for one in logged if one
    ] == [(f"playlist:{subject}", epoch, seq, orjson.dumps({"n": seq}).decode()) for seq in (1, 2)]
    assert await _waiting(empty_stores) == 0
    day_ms = 24 * 60 * 60 * 1000
    last = redis.key("events", "playlist", subject, "seq")
    assert await redis.client.get(last) == "2"
    for name in (last, redis.key("live")):
        assert day_ms - 60_000 < await redis.client.pttl(name) <= day_ms
    assert await redis.client.keys(redis.key("events", "*")) == [last]


async def test_events_name_nobody(empty_stores: Stores) -> None:
    """Whoever deletes their account is nowhere then: the history knows them, and forgets them."""
    music = Music()
    music.user(1)
    music.track(1)
    await music.write(empty_stores)
    playlist = await new_playlist(empty_stores)
    await add_items(as_user(empty_stores, 1), global_id("Playlist", playlist), [track(1)])
    (row,) = await empty_stores.postgres.read(select(outbox.c.payload))
    assert row.payload["kind"] == "ADD"
    (told,) = await _told(empty_stores.redis)
    assert told["topic"] == f"playlist:{playlist}"
    assert str(user_id(1)) not in repr((row.payload, told))


async def test_events_of_a_change_rolled_back_do_not_exist(empty_stores: Stores) -> None:
    subject = new_id()
    async with empty_stores.postgres.transaction() as connection:
        await write_event(connection, "playlist", subject, 1, {})
        await connection.rollback()
    assert await publish_subject(empty_stores, subject) == 0


async def test_who_sends_twice_tells_once(empty_stores: Stores) -> None:
    """A process that dies between telling and saying so tells again; Redis knows it."""
    subject = new_id()
    await _write(empty_stores, subject, 1, 2)
    await publish(empty_stores, subject)
    async with empty_stores.postgres.transaction() as connection:
        await connection.execute(update(outbox).values(published_at=None))
    await _write(empty_stores, subject, 3)
    assert await publish_subject(empty_stores, subject) == 3
    assert await _numbers(empty_stores, subject) == [1, 2, 3]


async def test_the_first_number_may_be_any(empty_stores: Stores) -> None:
    subject = new_id()
    await _write(empty_stores, subject, 41, 42)
    await publish(empty_stores, subject)
    assert await _numbers(empty_stores, subject) == [41, 42]


async def test_the_script_refuses_a_gap(empty_stores: Stores) -> None:
    subject, redis = new_id(), empty_stores.redis

    def events(*numbers: int) -> list[EventRecord]:
        return [EventRecord(new_id(), "playlist", subject, seq, {}) for seq in numbers]

    assert await tell_events(redis, "playlist", subject, events(1, 2, 4, 5)) == 2
    assert await tell_events(redis, "playlist", subject, events(4, 5)) == 2
    assert await tell_events(redis, "playlist", subject, events(1, 2, 3, 4)) == 4
    assert await tell_events(redis, "playlist", subject, events(6, 9), over_gap=True) == 6
    assert await _numbers(empty_stores, subject) == [1, 2, 3, 4, 6]


async def test_a_number_that_never_was_stops_nothing(empty_stores: Stores) -> None:
    """An import counts versions without an event for each."""
    subject = new_id()
    await _write(empty_stores, subject, 1, 2, 4, 5, 9)
    await publish(empty_stores, subject)
    assert await _numbers(empty_stores, subject) == [1, 2, 4, 5, 9]
    assert await _waiting(empty_stores) == 0


async def test_what_redis_forgot_of_its_last_seconds_is_told_again(empty_stores: Stores) -> None:
    subject, redis = new_id(), empty_stores.redis
    await _write(empty_stores, subject, *range(1, 8))
    await publish(empty_stores, subject)
    stream = redis.key("live")
    entries: Any = await redis.client.xrange(stream)
    await redis.client.xdel(stream, *(id_ for id_, _ in entries[4:]))
    await redis.client.set(redis.key("events", "playlist", subject, "seq"), 4)
    await _write(empty_stores, subject, 8)
    await publish(empty_stores, subject)
    assert await _numbers(empty_stores, subject) == list(range(1, 9))


async def test_after_a_flush_publishing_goes_on_in_a_new_epoch(empty_stores: Stores) -> None:
    subject, redis = new_id(), empty_stores.redis
    await _write(empty_stores, subject, 1, 2)
    await publish(empty_stores, subject)
    before = await redis.client.get(redis.key("live", "epoch"))
    async for key in redis.client.scan_iter(match=f"{redis.prefix}*"):
        await redis.client.delete(key)
    await _write(empty_stores, subject, 3)
    await publish(empty_stores, subject)
    (told,) = await _told(redis)
    assert told["epoch"] != before
    assert await _numbers(empty_stores, subject) == [3]


async def test_topics_of_one_subject_have_numbers_of_their_own(empty_stores: Stores) -> None:
    subject = new_id()
    await _write(empty_stores, subject, 1, 2)
    await _write(empty_stores, subject, 1, 2, 3, topic="presence")
    await publish(empty_stores, subject)
    assert await _numbers(empty_stores, subject) == [1, 2]
    assert await _numbers(empty_stores, subject, "presence") == [1, 2, 3]


async def test_more_than_a_batch_is_published_at_once(empty_stores: Stores) -> None:
    subject = new_id()
    await _write(empty_stores, subject, *range(1, 451))
    assert await publish_subject(empty_stores, subject) == 450
    assert await _numbers(empty_stores, subject) == list(range(1, 451))


async def test_who_finds_another_at_it_leaves_it_to_them(empty_stores: Stores) -> None:
    """And they look again, once they have let go: nothing waits for the worker."""
    subject, stores = new_id(), empty_stores
    await _write(stores, subject, 1)
    async with stores.postgres.transaction() as busy:
        assert await try_lock(busy, subject)
        assert await publish_subject(stores, subject) == 0
        other = new_id()
        await _write(stores, other, 1)
        assert await publish_subject(stores, other) == 1
    assert await publish_subject(stores, subject) == 1


async def test_what_is_written_while_others_publish_is_published_by_them(
    empty_stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject, stores = new_id(), empty_stores
    await _write(stores, subject, 1)

    async def tell(*arguments: Any, **options: Any) -> int:
        if not await _numbers(stores, subject):
            await _write(stores, subject, 2)
            assert await publish_subject(stores, subject) == 0, "two are at it"
        return await tell_events(*arguments, **options)

    monkeypatch.setattr(publishing, "tell_events", tell)
    assert await publish_subject(stores, subject) == 2
    assert await _numbers(stores, subject) == [1, 2]


async def test_three_sweepers_keep_the_order(empty_stores: Stores) -> None:
    """While it is written: 4,000 events of 40 subjects."""
    count = 100
    subjects, done = [new_id() for _ in range(40)], asyncio.Event()

    async def write() -> None:
        for first in range(1, count + 1, 5):
            async with empty_stores.postgres.transaction() as connection:
                rows = [
                    {"id": new_id(), "topic": "playlist", "subject_id": subject, "seq": seq}
                    for subject in subjects
                    for seq in range(first, first + 5)
                ]
                new = outbox.insert().values(payload={}, created_at=func.now())
                await connection.execute(new, rows)
        done.set()

    async def sweep() -> int:
        published = 0
        while not done.is_set():
            published += await publish_missed(empty_stores)
        return published

    *shares, _ = await asyncio.gather(sweep(), sweep(), sweep(), write())
    rest = await publish_missed(empty_stores)
    assert sum(shares) + rest == 40 * count
    assert await _waiting(empty_stores) == 0
    live: dict[str, list[int]] = {}
    for entry in await _told(empty_stores.redis):
        live.setdefault(entry["topic"], []).append(int(entry["body"].partition(" ")[0]))
    assert live == {f"playlist:{subject}": list(range(1, count + 1)) for subject in subjects}


class _Away(Redis):
    """A Redis that is asked, and does not answer."""

    asked = 0

    @asynccontextmanager
    async def answering(self) -> AsyncIterator[None]:
        self.asked += 1
        if self.asked:
            raise StoreUnavailable("redis")
        yield


async def test_without_redis_it_is_quiet_and_published_later(empty_stores: Stores) -> None:
    subject = new_id()
    away = _Away(empty_stores.redis.client, empty_stores.redis.prefix)
    without = replace(empty_stores, redis=away)
    await _write(empty_stores, subject, 1)
    await publish(without, subject)
    assert away.asked == 1
    with pytest.raises(StoreError):
        await publish_missed(without)
    await _write(empty_stores, subject, 2)
    await publish(empty_stores, subject)
    assert await _numbers(empty_stores, subject) == [1, 2]


@pytest.mark.skipif(not URLS["redis"], reason="no real Redis: set POLYPHONY_REDIS_URL")
async def test_a_redis_that_hangs_is_waited_for_once(empty_stores: Stores, kind: str) -> None:
    """By one change, for one time-out; the others are told at once, and the worker is later."""
    if kind != "real":
        pytest.skip("an embedded Redis does not hang")
    subjects = [new_id() for _ in range(5)]
    for subject in subjects:
        await _write(empty_stores, subject, 1)
    url = urlsplit(URLS["redis"] or "")
    async with proxy_to(url.hostname or "", url.port or 0) as proxy:
        settings = RedisSettings(prefix=empty_stores.redis.prefix, timeout_s=0.5)
        redis = open_redis(url._replace(netloc=f"127.0.0.1:{proxy.port}").geturl(), settings)
        hanging = replace(empty_stores, redis=redis)
        proxy.hang()
        with pytest.raises(StoreTimeout):
            await publish_subject(hanging, subjects[0])
        for subject in subjects:
            with pytest.raises(StoreUnavailable, match="a moment ago"):
                await publish_subject(hanging, subject)
        assert await _waiting(empty_stores) == 5
        proxy.resume()
        async with asyncio.timeout(60):
            while await _waiting(empty_stores):
                with suppress(StoreError):
                    await publish_missed(hanging)
                await asyncio.sleep(0.1)
        await redis.close()
    for subject in subjects:
        assert await _numbers(empty_stores, subject) == [1]


async def test_a_defect_neither_fails_the_change_nor_stops_other_subjects(
    empty_stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, fine = sorted((new_id(), new_id()))
    for subject in (broken, fine):
        await _write(empty_stores, subject, 1)

    async def tell(redis: Redis, topic: str, subject: UUID, *rest: Any, **options: Any) -> int:
        if subject == broken:
            raise RuntimeError
        return await tell_events(redis, topic, subject, *rest, **options)

    monkeypatch.setattr(publishing, "tell_events", tell)
    with capture_logs() as logs:
        await publish(empty_stores, broken)
        assert await publish_missed(empty_stores) == 1
    assert [one["log_level"] for one in logs] == ["error", "error"]
    assert await _numbers(empty_stores, fine) == [1]
    assert await _waiting(empty_stores) == 1


async def test_published_events_leave_after_a_day(
    empty_stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("datasources.postgres.outbox._BATCH", 3)
    old, new, waits = new_id(), new_id(), new_id()
    await _write(empty_stores, old, *range(1, 8))
    await _write(empty_stores, new, 1)
    await publish_missed(empty_stores)
    await _write(empty_stores, waits, 1)
    day = timedelta(hours=24, seconds=1)
    async with empty_stores.postgres.transaction() as connection:
        await connection.execute(update(outbox).values(created_at=func.now() - day))
        aged = update(outbox).where(outbox.c.subject_id == old)
        await connection.execute(aged.values(published_at=func.now() - day))
    assert await remove_old(empty_stores.postgres) == 7
    left = await empty_stores.postgres.read(select(outbox.c.subject_id))
    assert {row[0] for row in left} == {new, waits}


async def test_the_worker_publishes_what_requests_missed(
    empty_stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = new_id()
    await _write(empty_stores, subject, 1, 2)
    identity = identity_of(empty_stores)
    async with running_worker(Settings(worker=False), empty_stores, identity):
        pass
    assert await _waiting(empty_stores) == 2
    published = asyncio.Event()

    async def sweep(stores: Stores) -> int:
        missed = await publish_missed(stores)
        published.set()
        return missed

    monkeypatch.setattr("gateway.worker.chores.publish_missed", sweep)
    async with running_worker(Settings(), empty_stores, identity):
        await asyncio.wait_for(published.wait(), 60)
    assert await _numbers(empty_stores, subject) == [1, 2]
