"""The live stream and its reader, on a Redis in memory that fails when it is told to."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import cast

import pytest
from fakeredis import FakeAsyncRedis, FakeServer
from redis.asyncio import ConnectionPool
from redis.exceptions import TimeoutError as RedisTimeout
from structlog.testing import capture_logs

from datasources.errors import StoreUnavailable
from datasources.redis.client import Redis
from datasources.redis.live import LiveEvent, Position, announce, live_keys, locate, read_on
from datasources.redis.live_reader import LiveReader
from datasources.redis.mailbox import Mailbox
from datasources.stores import Stores
from resolvers.live import Live
from tests.factories.live import running

SOON_S = 20.0


class Store:
    """A server of its own, that can be cut off."""

    def __init__(self) -> None:
        self.server = FakeServer()
        self.redis = Redis(self.client(), "test:", lambda _timeout_s: self.client())

    def client(self) -> FakeAsyncRedis:
        return FakeAsyncRedis(server=self.server, decode_responses=True)

    async def tell(self, topic: str, body: str = "") -> None:
        """Tell something; not by a client whose breaker may be open."""
        await announce(Redis(self.client(), "test:"), topic, body)

    def cut(self) -> None:
        self.server.connected = False

    def restore(self) -> None:
        self.server.connected = True


@asynccontextmanager
async def reading(store: Store, patience_s: float = SOON_S) -> AsyncIterator[LiveReader]:
    reader = LiveReader(store.redis, block_ms=20, patience_s=patience_s)
    task = asyncio.create_task(reader.run())
    try:
        yield reader
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def wait_for(mailbox: Mailbox, true: Callable[[], bool]) -> None:
    async with asyncio.timeout(SOON_S):
        while not true():
            await mailbox.wait(None)


async def bodies(mailbox: Mailbox, *topics: str) -> list[str]:
    """Return what comes next of these topics, once anything has."""
    found: list[LiveEvent] = []

    def taken() -> bool:
        found.extend(mailbox.take(topics))
        return bool(found)

    await wait_for(mailbox, taken)
    return [event.body for event in found]


def event(topic: str, seq: int, body: str = "", epoch: str = "e") -> LiveEvent:
    return LiveEvent(topic, body, Position(epoch, seq, f"{seq}-0"))


_DROP_NEWEST = """
redis.call('XDEL', KEYS[1], redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1][1])
"""


# --- stream -------------------------------------------------------------------------------------


async def test_events_are_counted_in_one_epoch() -> None:
    store = Store()
    start = await locate(store.redis, store.client())
    assert (start.seq, start.entry_id) == (0, "0-0")
    for number in range(3):
        await announce(store.redis, "a", f"é{number}")
    events = await read_on(store.redis, store.client(), start.entry_id, block_ms=1)
    assert [one.at.seq for one in events] == [1, 2, 3]
    assert [one.body for one in events] == ["é0", "é1", "é2"]
    assert {one.at.epoch for one in events} == {start.epoch}
    assert await locate(store.redis, store.client()) == events[-1].at
    assert await read_on(store.redis, store.client(), events[-1].at.entry_id, block_ms=1) == []


async def test_a_flush_begins_another_epoch() -> None:
    store = Store()
    before = await locate(store.redis, store.client())
    await store.client().flushall()
    await announce(store.redis, "a")
    assert before.is_lost_in(await locate(store.redis, store.client()))


@pytest.mark.parametrize(
    ("newest", "lost"),
    [
        (Position("e", 5, "70-2"), False),
        (Position("e", 6, "70-10"), False),
        (Position("f", 6, "70-10"), True),
        (Position("e", 4, "70-2"), True),
        (Position("e", 5, "9-3"), True),
    ],
)
def test_a_place_is_lost_in_another_stream(newest: Position, lost: bool) -> None:
    assert Position("e", 5, "70-2").is_lost_in(newest) is lost


# --- mailbox ------------------------------------------------------------------------------------


def test_the_latest_of_each_topic_waits() -> None:
    mailbox = Mailbox(["a", "b", "c"])
    for number in range(1, 1_000):
        mailbox.put(event("ab"[number % 2], number, str(number)))
    assert [one.body for one in mailbox.take(["a", "b"])] == ["999", "998"]
    assert mailbox.take(["a", "b", "c"]) == []


def test_what_a_state_holds_is_dropped() -> None:
    mailbox = Mailbox(["a", "b", "c"])
    mailbox.put(event("a", 1))
    mailbox.put(event("b", 2))
    mailbox.put(event("c", 1, epoch="later"))
    mailbox.drop_through(["a", "b", "c", "d"], "e", 1)
    assert [one.topic for one in mailbox.take(["a", "b", "c"])] == ["b", "c"]


async def test_waiting_ends_with_the_time_or_the_news() -> None:
    mailbox = Mailbox(["a"])
    await mailbox.wait(0)
    mailbox.wake()
    async with asyncio.timeout(SOON_S):
        await mailbox.wait(None)


# --- reader -------------------------------------------------------------------------------------


async def test_everybody_gets_what_they_asked_for() -> None:
    store = Store()
    async with reading(store) as reader:
        with reader.subscribed(["a"]) as one, reader.subscribed(["a", "b"]) as both:
            await reader.ready()
            await store.tell("c", "nobody")
            await store.tell("b", "b1")
            await store.tell("a", "a1")
            assert await bodies(one, "a", "b", "c") == ["a1"]
            found = await bodies(both, "a", "b", "c")
            while len(found) < 2:
                found += await bodies(both, "a", "b", "c")
            assert found == ["b1", "a1"]
            assert not one.missed
            assert not one.lost
    assert reader.subscribers == 0


async def test_it_begins_with_what_happens_from_now_on() -> None:
    store = Store()
    await store.tell("a", "before")
    async with reading(store) as reader:
        for number in range(3):  # nobody listens in between
            with reader.subscribed(["a"]) as one:
                await reader.ready()
                await store.tell("a", f"after {number}")
                assert await bodies(one, "a") == [f"after {number}"]


async def test_a_short_break_is_caught_up_in_silence() -> None:
    store = Store()
    async with reading(store) as reader:
        with reader.subscribed(["a"]) as one:
            await reader.ready()
            await store.tell("a", "1")
            assert await bodies(one, "a") == ["1"]
            store.cut()
            await asyncio.sleep(0.1)  # it fails meanwhile, or not: the outcome is the same
            store.restore()
            await store.tell("a", "2")
            assert await bodies(one, "a") == ["2"]
            assert not one.missed
            assert not one.lost


async def test_a_long_break_is_told_and_ends() -> None:
    store = Store()
    async with reading(store, patience_s=0.2) as reader:
        with reader.subscribed(["a"]) as one:
            await reader.ready()
            store.cut()
            await wait_for(one, lambda: one.lost)
            with pytest.raises(StoreUnavailable):
                await reader.ready()
        store.restore()
        with reader.subscribed(["a"]) as later:
            await _until_ready(reader)
            await store.tell("a", "again")
            assert await bodies(later, "a") == ["again"]
            assert not later.lost


async def _until_ready(reader: LiveReader) -> None:
    async with asyncio.timeout(SOON_S):
        while True:
            try:
                await reader.ready()
            except StoreUnavailable:
                continue
            return


async def test_nobody_is_ready_where_nobody_reads() -> None:
    reader = LiveReader(Store().redis, patience_s=0.01)
    with pytest.raises(StoreUnavailable):
        await reader.ready()
    assert reader.subscribers == 0


async def test_a_flush_is_told_though_nothing_happens() -> None:
    store = Store()
    async with reading(store) as reader:
        with reader.subscribed(["a"]) as one:
            await reader.ready()
            await store.tell("a", "1")
            assert await bodies(one, "a") == ["1"]
            await store.client().flushall()
            await wait_for(one, lambda: one.missed)
            await store.tell("a", "2")
            assert await bodies(one, "a") == ["2"]


async def test_a_gap_is_told_before_what_follows() -> None:
    store = Store()
    async with reading(store) as reader:
        with reader.subscribed(["a"]) as one:
            await reader.ready()
            _, _, seq = live_keys(store.redis)
            await store.client().incr(seq)  # an event that was trimmed away
            await store.tell("a", "later")
            assert await bodies(one, "a") == ["later"]
            assert one.missed


async def test_a_store_that_came_back_without_the_latest_is_noticed() -> None:
    store = Store()
    stream, _, seq = live_keys(store.redis)
    async with reading(store) as reader:
        with reader.subscribed(["a"]) as one:
            await reader.ready()
            for number in range(3):
                await store.tell("a", str(number))
            await wait_for(one, lambda: [event.body for event in one.take(["a"])][-1:] == ["2"])
            await store.client().set(seq, 2)
            await store.client().eval(_DROP_NEWEST, 1, stream)
            await wait_for(one, lambda: one.missed)


# --- defects ------------------------------------------------------------------------------------


async def test_a_connection_that_does_not_end_in_time_ends_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried = asyncio.Event()

    async def disconnect(_pool: ConnectionPool) -> None:
        tried.set()
        raise RedisTimeout("Timed out closing connection after 1.0")

    monkeypatch.setattr(ConnectionPool, "disconnect", disconnect)
    store = Store()
    async with reading(store) as reader:
        with reader.subscribed(["a"]) as one:
            await reader.ready()
            store.cut()
            async with asyncio.timeout(SOON_S):
                await tried.wait()
            store.restore()
            await store.tell("a", "1")
            assert await bodies(one, "a") == ["1"]
            assert not one.lost


async def test_a_reader_that_a_defect_has_ended_is_run_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("resolvers.live.RESTART_S", 0)
    store = Store()
    defects = [TypeError("a defect")]

    def another(_timeout_s: float) -> FakeAsyncRedis:
        if defects:
            raise defects.pop()
        return store.client()

    redis = Redis(store.client(), "test:", another)
    stores = cast("Stores", SimpleNamespace(redis=redis))
    with capture_logs() as lines:
        async with running(stores, LiveReader(redis, block_ms=20, patience_s=SOON_S)) as live:
            with live.reader.subscribed(["a"]) as one:
                await live.reader.ready()
                assert one.lost, "what happened meanwhile is not known"
            with live.reader.subscribed(["a"]) as later:
                await live.reader.ready()
                await store.tell("a", "1")
                assert await bodies(later, "a") == ["1"]
    assert "live updates begin again" in [line["event"] for line in lines]


async def test_rights_are_read_again_after_a_defect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resolvers.live.RESTART_S", 0)
    monkeypatch.setattr("resolvers.live.RECHECK_S", 0)
    store = Store()
    defects = [KeyError("a defect")]
    again = asyncio.Event()

    def recheck(_live: Live) -> None:
        if defects:
            raise defects.pop()
        again.set()

    monkeypatch.setattr(Live, "recheck", recheck)
    stores = cast("Stores", SimpleNamespace(redis=store.redis))
    async with running(stores) as live:
        with live.reader.subscribed(["a"]):
            async with asyncio.timeout(SOON_S):
                await again.wait()
