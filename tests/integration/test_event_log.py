"""The event log, and following a topic of it: what is kept, what is told, and what is missing."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from auth.principal import ANONYMOUS
from datasources.loaders.batch import Loaders
from datasources.redis import event_log
from datasources.redis.client import Retention
from datasources.redis.event_log import Cursor, append, log_keys, parse_cursor, read_after
from datasources.redis.live import live_keys
from datasources.redis.mailbox import MAX_EVENTS
from datasources.stores import Stores
from resolvers.errors import BadCursor, Forbidden
from resolvers.event_stream import Heard, follow
from resolvers.live import Lag, Live, OfEvent, rights_changed, rights_topic
from resolvers.stream_rights import Access
from resolvers.topics import LoggedTopic, Told
from tests.factories.live import SOON_S, running
from tests.factories.music import user_id
from tests.factories.operations import context_of

TOPIC = "listens:1"


async def tell(stores: Stores, *payloads: str) -> list[Cursor]:
    return [await append(stores.redis, TOPIC, payload) for payload in payloads]


async def payloads(stores: Stores, cursor: Cursor | None) -> list[str]:
    return [one.payload for one in (await read_after(stores.redis, TOPIC, cursor)).events]


# --- the log ------------------------------------------------------------------------------------


async def test_events_are_numbered_without_a_gap(empty_stores: Stores) -> None:
    start = (await read_after(empty_stores.redis, TOPIC, None)).newest
    cursors = await tell(empty_stores, "a b", "", "é")
    assert [one.seq - start.seq for one in cursors] == [1, 2, 3]
    assert {one.epoch for one in cursors} == {start.epoch}
    assert await payloads(empty_stores, start) == ["a b", "", "é"]
    assert await payloads(empty_stores, cursors[0]) == ["", "é"]
    assert await payloads(empty_stores, cursors[2]) == []
    assert await payloads(empty_stores, None) == []
    assert (await read_after(empty_stores.redis, TOPIC, None)).newest == cursors[2]


async def test_topics_have_numbers_of_their_own(empty_stores: Stores) -> None:
    (one,) = await tell(empty_stores, "1")
    await append(empty_stores.redis, "listens:2", "2")
    assert await payloads(empty_stores, replace(one, seq=one.seq - 1, entry_id="")) == ["1"]


async def test_pages_follow_one_another(
    empty_stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_log, "PAGE", 2)
    at = (await read_after(empty_stores.redis, TOPIC, None)).newest
    await tell(empty_stores, "1", "2", "3", "4", "5")
    found, more = [], True
    while more:
        page = await read_after(empty_stores.redis, TOPIC, at)
        found.append([one.payload for one in page.events])
        at, more = page.events[-1].cursor, page.more
    assert found == [["1", "2"], ["3", "4"], ["5"]]


async def test_a_cursor_is_read_back_for_its_topic_alone(empty_stores: Stores) -> None:
    (cursor,) = await tell(empty_stores, "1")
    assert parse_cursor(TOPIC, str(cursor)) == cursor
    assert parse_cursor("listens:2", str(cursor)) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rubbish",
        "é",
        "=" * 8,
        "A" * 5_000,
        str(Cursor(TOPIC, "e", -1)),
        str(Cursor(TOPIC, "e", 1, "1")),
        str(Cursor(TOPIC, "e", 1, "-")),
        str(Cursor(TOPIC, "e", 1, "9" * 30 + "-1")),
        str(Cursor(TOPIC, "e:f", 1, "1-1")),
    ],
)
def test_rubbish_is_no_cursor(text: str) -> None:
    assert parse_cursor(TOPIC, text) is None


async def test_another_life_of_the_data_is_a_lag(empty_stores: Stores) -> None:
    redis = empty_stores.redis
    (cursor,) = await tell(empty_stores, "1")
    await redis.client.delete(*live_keys(redis), *log_keys(redis, TOPIC))
    page = await read_after(redis, TOPIC, cursor)
    assert (page.lagged, page.missed, list(page.events)) == (True, None, [])
    assert page.newest.epoch != cursor.epoch


async def test_what_is_ahead_is_a_lag(empty_stores: Stores) -> None:
    (cursor,) = await tell(empty_stores, "1")
    page = await read_after(empty_stores.redis, TOPIC, replace(cursor, seq=cursor.seq + 1))
    assert (page.lagged, page.missed, page.newest) == (True, None, cursor)


async def test_what_is_kept_no_more_is_a_lag(empty_stores: Stores) -> None:
    redis = empty_stores.redis
    cursors = await tell(empty_stores, "1", "2", "3")
    await redis.client.xtrim(log_keys(redis, TOPIC)[0], maxlen=1, approximate=False)
    page = await read_after(redis, TOPIC, cursors[0])
    assert (page.lagged, page.missed) == (True, 2)
    assert await payloads(empty_stores, cursors[1]) == ["3"]


async def test_a_topic_that_is_gone_goes_on_with_greater_numbers(empty_stores: Stores) -> None:
    redis = empty_stores.redis
    cursors = await tell(empty_stores, "1", "2")
    await redis.client.delete(*log_keys(redis, TOPIC))  # nothing happened for a day
    await asyncio.sleep(0.01)  # more milliseconds than there were events
    assert (await read_after(redis, TOPIC, cursors[0])).lagged
    (later,) = await tell(empty_stores, "3")
    assert later.seq > cursors[1].seq


async def forget(stores: Stores, count: int) -> None:
    """Let Redis be as if it had come back without its last events."""
    redis = stores.redis
    stream, counter = log_keys(redis, TOPIC)
    newest: list[Any] = await redis.client.xrevrange(stream, count=count) or []
    await redis.client.xdel(stream, *(entry_id for entry_id, _ in newest))
    for name in (counter, live_keys(redis)[2]):
        await redis.client.decrby(name, count)


async def test_a_store_without_its_last_seconds_begins_another_life(empty_stores: Stores) -> None:
    """This process knows how far it was."""
    cursors = await tell(empty_stores, "1", "2", "3")
    await forget(empty_stores, 2)
    later = await tell(empty_stores, "4", "5")
    assert {one.epoch for one in later}.isdisjoint({cursors[0].epoch})
    for one in cursors:
        assert (await read_after(empty_stores.redis, TOPIC, one)).lagged
    assert await payloads(empty_stores, later[0]) == ["5"]


async def test_a_number_that_was_given_twice_is_a_lag(empty_stores: Stores) -> None:
    """Those who knew how far it was are gone."""
    cursors = await tell(empty_stores, "1", "2", "3")
    await forget(empty_stores, 2)
    empty_stores.redis.live_seen = ("-", 0)
    later = await tell(empty_stores, "4", "5", "6")
    assert [(one.epoch, one.seq) for one in later[:2]] == [
        (one.epoch, one.seq) for one in cursors[1:]
    ]
    assert await payloads(empty_stores, cursors[0]) == ["4", "5", "6"]
    for one in cursors[1:]:
        page = await read_after(empty_stores.redis, TOPIC, one)
        assert (page.lagged, page.missed, page.newest) == (True, None, later[-1])


async def test_only_so_many_are_kept(empty_stores: Stores) -> None:
    redis = empty_stores.redis
    redis.retention = Retention(hours=1, events=100)
    (first,) = await tell(empty_stores, "0")
    await tell(empty_stores, *map(str, range(1, 400)))
    stream, counter = log_keys(redis, TOPIC)
    assert 100 <= await redis.client.xlen(stream) < 400
    assert (await read_after(redis, TOPIC, first)).lagged
    for name in (stream, counter):
        assert 0 < await redis.client.pttl(name) <= 3_600_000


# --- following ----------------------------------------------------------------------------------


class Reader:
    """Who follows, as long as `allowed`."""

    def __init__(self, stores: Stores, live: Live) -> None:
        self.stores, self.live = stores, live
        self.allowed = True
        self.decided = 0

    async def decide(self, _: Loaders) -> bool:
        self.decided += 1
        return self.allowed

    async def following(
        self, after: str | None = None, resume_from: str | None = None
    ) -> AsyncIterator[Heard[str]]:
        context = context_of(self.stores, ANONYMOUS)
        context = replace(context, live=self.live, resume_from=resume_from)
        access = Access(self.decide, None, "no more", [rights_topic(user_id(1))])
        return await follow(context, LoggedTopic(TOPIC), after, access)


@pytest.fixture
async def reader(empty_stores: Stores, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Reader]:
    monkeypatch.setattr("resolvers.live.RECHECK_S", 3_600)  # only when it is told to
    async with running(empty_stores) as live:
        yield Reader(empty_stores, live)


async def told(events: AsyncIterator[Heard[str]], count: int) -> list[str]:
    """Return the payloads of the next events."""
    found = []
    async with asyncio.timeout(SOON_S):
        for _ in range(count):
            event = await anext(events)
            one = event.value if isinstance(event, OfEvent) else event
            assert isinstance(one, Told)
            found.append(one.value)
    return found


async def test_what_is_told_after_it_was_asked_for_is_heard(reader: Reader) -> None:
    await tell(reader.stores, "before")
    events = await reader.following()
    await tell(reader.stores, "1")
    assert await told(events, 1) == ["1"]
    await tell(reader.stores, "2", "3")
    assert await told(events, 2) == ["2", "3"]


async def test_a_cursor_leads_on_without_a_gap_or_a_repeat(reader: Reader) -> None:
    cursors = await tell(reader.stores, "1", "2", "3")
    events = await reader.following(str(cursors[0]))
    assert await told(events, 2) == ["2", "3"]
    await tell(reader.stores, "4")
    assert await told(events, 1) == ["4"]
    again = await reader.following(str(cursors[0]), resume_from=str(cursors[2]))
    assert await told(again, 1) == ["4"]


async def test_more_than_waits_at_most_is_read_again(reader: Reader) -> None:
    events = await reader.following()
    await tell(reader.stores, "first")
    assert await told(events, 1) == ["first"]
    count = MAX_EVENTS + 50
    await tell(reader.stores, *map(str, range(count)))
    assert await told(events, count) == [str(number) for number in range(count)]
    await tell(reader.stores, "last")
    assert await told(events, 1) == ["last"]


async def test_a_flush_is_a_lag_and_then_it_goes_on(reader: Reader) -> None:
    redis = reader.stores.redis
    events = await reader.following()
    await tell(reader.stores, "1")
    assert await told(events, 1) == ["1"]
    await redis.client.delete(*live_keys(redis), *log_keys(redis, TOPIC))
    async with asyncio.timeout(SOON_S):
        lag = await anext(events)
    assert isinstance(lag, Lag)
    assert lag.current is not None
    await tell(reader.stores, "2")
    assert await told(events, 1) == ["2"]
    assert await told(await reader.following(lag.current), 1) == ["2"]


async def test_a_cursor_of_another_topic_is_refused(reader: Reader) -> None:
    other = await append(reader.stores.redis, "listens:2", "1")
    events = await reader.following(str(other))
    with pytest.raises(BadCursor):
        await told(events, 1)


async def test_who_may_not_is_refused_at_the_start(reader: Reader) -> None:
    reader.allowed = False
    with pytest.raises(Forbidden):
        await reader.following()


@pytest.mark.parametrize("announced", [True, False])
async def test_who_may_no_more_hears_nothing_of_what_crosses_it(
    reader: Reader, *, announced: bool
) -> None:
    events = await reader.following()
    await tell(reader.stores, "1")
    assert await told(events, 1) == ["1"]
    reader.allowed = False
    if announced:
        await rights_changed(reader.stores.redis, user_id(1))
    else:
        await tell(reader.stores, "2")
    with pytest.raises(Forbidden, match="no more"):
        await told(events, 1)


async def test_nothing_is_left_behind(reader: Reader) -> None:
    events = await reader.following()
    task = asyncio.create_task(told(events, 1))
    await tell(reader.stores, "1")
    assert await task == ["1"]
    assert reader.live.reader.subscribers == 1
    waiting = asyncio.create_task(told(events, 1))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert reader.live.reader.subscribers == 0
