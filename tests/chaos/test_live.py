"""Who follows something misses nothing, whatever breaks: the road, Redis, PostgreSQL, a worker.

The short form runs with all tests; `make soak` sets the numbers of the long one.
"""

import asyncio
import logging
import os
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from datasources.errors import StoreError
from datasources.postgres.notification_tables import notifications
from datasources.redis.event_log import parse_cursor, read_after
from datasources.redis.listens import listens_topic
from datasources.stores import Stores, open_stores
from resolvers.context import utc_now
from resolvers.listens_told import WAITING, read_listen, tell_untold
from tests.chaos.live_site import PAUSE_S, Audience, Site, running_site, written
from tests.factories.durable import SERVICES
from tests.factories.followers import Follower
from tests.factories.inboxes import tell_of_followers
from tests.factories.load import Done, Load
from tests.factories.redis_server import needs_redis_server
from tests.plugins.databases import URLS

log = logging.getLogger(__name__)

pytestmark = [
    needs_redis_server,
    pytest.mark.skipif(not SERVICES.exists(), reason="no script to start durable stores"),
    pytest.mark.skipif(not URLS["mongo"], reason="no real MongoDB: set POLYPHONY_MONGO_URL"),
]

LASTS_S = float(os.environ.get("POLYPHONY_SOAK_LIVE_S", "20"))
FOLLOWERS = int(os.environ.get("POLYPHONY_SOAK_LIVE_FOLLOWERS", "3"))
"""Of each topic on each transport."""

EDITORS = 3
"""Of each playlist."""

DISTURBED_EVERY_S = 0.25
REDIS_AWAY_S = (0.5, 4.0)
"""Shorter and longer than the two seconds after which subscribers are told."""

POSTGRES_PAUSED_S = 5.0
CAUGHT_UP_WITHIN_S = 60.0


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with running_site() as one:
        yield one


async def test_who_follows_misses_nothing_whatever_breaks(site: Site) -> None:
    audience, stop = Audience.of(site, FOLLOWERS), asyncio.Event()
    accidents = Accidents(site, random.Random(int(LASTS_S)))  # noqa: S311  a load, no secret
    async with asyncio.TaskGroup() as following:
        tasks = [
            following.create_task(one.follow(seed)) for seed, one in enumerate(audience.everybody)
        ]
        async with asyncio.TaskGroup() as work:
            for seed, load in enumerate([*site.loads] * EDITORS):
                work.create_task(load.edit(site.token, seed, stop, PAUSE_S))
            work.create_task(site.plays.submit(site, stop))
            work.create_task(_tell(site, stop))
            work.create_task(_disturb(site, stop))
            await accidents.happen()
            stop.set()
        calm_s = await _all_is_told(site, audience)
        for task in tasks:
            task.cancel()
    _report(site, audience, accidents, calm_s)
    assert [one.unexpected for one in audience.everybody if one.unexpected] == []
    assert all(load.unexpected == [] for load in site.loads)
    for load, followers in zip(site.loads, audience.lists, strict=True):
        _each_change_came_once(load, followers)
    await _each_play_came_or_a_lag_was_told(site, audience.plays, accidents.plays_at_flush)
    await _each_notification_came_once(site, audience.news)


# --- what breaks --------------------------------------------------------------------------------


@dataclass
class Accidents:
    """Everything breaks, one after the other, in any order; `had` has what did."""

    site: Site
    dice: random.Random
    had: list[str] = field(default_factory=list)
    plays_at_flush: int = 0

    async def happen(self) -> None:
        """Spread them over the time of the test."""
        accidents: list[Callable[[], Awaitable[None]]] = [
            self.flush_redis,
            self.kill_worker,
            self.pause_postgres,
            *(partial(self.kill_redis, away_s) for away_s in REDIS_AWAY_S),
        ]
        self.dice.shuffle(accidents)
        broken_s = POSTGRES_PAUSED_S + sum(REDIS_AWAY_S)
        pause_s = (LASTS_S - broken_s) / (len(accidents) + 1)
        for accident in accidents:
            await asyncio.sleep(pause_s)
            await accident()
        await asyncio.sleep(pause_s)

    async def flush_redis(self) -> None:
        """Let it forget everything."""
        await asyncio.to_thread(self.site.durable.redis.flush)
        self.plays_at_flush = len(self.site.plays.sent)
        self.had.append("Redis flushed")

    async def kill_redis(self, away_s: float) -> None:
        """Kill it, and start it again after a while."""
        await asyncio.to_thread(self.site.durable.redis.kill)
        await asyncio.sleep(away_s)
        await asyncio.to_thread(self.site.durable.redis.start)
        self.had.append(f"Redis killed and away for {away_s} s")

    async def kill_worker(self) -> None:
        """Kill one of the two; the other goes on, and another one is started."""
        self.dice.choice(self.site.gateway.workers()).kill()
        self.had.append("worker killed")

    async def pause_postgres(self) -> None:
        """Let it hang."""
        await asyncio.to_thread(self.site.durable.pause_postgres)
        await asyncio.sleep(POSTGRES_PAUSED_S)
        await asyncio.to_thread(self.site.durable.resume_postgres)
        self.had.append("PostgreSQL paused")


async def _disturb(site: Site, stop: asyncio.Event) -> None:
    dice = random.Random(1)  # noqa: S311  a load, no secret
    while not stop.is_set():
        await asyncio.sleep(dice.uniform(0, 2 * DISTURBED_EVERY_S))
        site.proxy.disturb(dice)


async def _tell(site: Site, stop: asyncio.Event) -> None:
    """Tell the person of sign-ins, one after the other; the gateway publishes them."""
    number = 0
    async with open_stores(site.settings) as stores:
        while not stop.is_set():
            number += 1
            with suppress(StoreError):  # the inbox says which were written
                await tell_of_followers(stores, 1, at=utc_now(), device=str(number))
            await asyncio.sleep(PAUSE_S)


# --- what is told -------------------------------------------------------------------------------


async def _all_is_told(site: Site, audience: Audience) -> float:
    """Return once everybody has heard of all there is, and how long that took, in seconds."""
    began = time.monotonic()
    async with open_stores(site.settings) as stores:
        # What waits to be told again is told now, and not when the worker would.
        await tell_untold(stores, utc_now() + WAITING)
        last = (await read_after(stores.redis, listens_topic(site.person), None)).newest.seq
        news = (await _inbox(stores))[-1]
    wanted = [max(one.version for one in load.done) for load in site.loads]

    def missing() -> list[Follower]:
        late = [
            one
            for version, followers in zip(wanted, audience.lists, strict=True)
            for one in followers
            if one.last < version
        ]
        late += [one for one in audience.plays if one.last < last]
        return [*late, *(one for one in audience.news if one.last < news)]

    while late := missing():
        assert time.monotonic() - began < CAUGHT_UP_WITHIN_S, [
            (one.transport, one.document, one.last, one.cursor, one.ends) for one in late
        ]
        await asyncio.sleep(0.05)
    return time.monotonic() - began


async def _inbox(stores: Stores) -> list[int]:
    """Return the numbers of the person's notifications."""
    seq = notifications.c.seq
    return [row[0] for row in await stores.postgres.read(select(seq).order_by(seq))]


def _each_change_came_once(load: Load, followers: Sequence[Follower]) -> None:
    """Of a list's history nothing is ever missing: it is kept in PostgreSQL."""
    acknowledged = sorted((_as_told(one) for one in load.done), key=lambda change: change[0])
    assert [version for version, *_ in acknowledged] == list(range(2, len(acknowledged) + 2))
    for one in followers:
        changes = ((event["seq"], event["change"]) for event in one.told)
        assert [
            (seq, change["kind"], [item["itemId"] for item in change["items"]])
            for seq, change in changes
        ] == acknowledged
        assert one.lagged == []


def _as_told(done: Done) -> tuple[int, str, list[str]]:
    return done.version, done.change.kind, list(done.items)


async def _each_play_came_or_a_lag_was_told(
    site: Site, followers: Sequence[Follower], at_flush: int
) -> None:
    """What was there before the flush may be missing, and what the lag's cursor is behind of."""
    topic = listens_topic(site.person)
    async with open_stores(site.settings) as stores:
        log: Any = await stores.redis.client.xrange(stores.redis.key("events", topic))
    kept = {int(entry["seq"]): _played_at(entry["payload"]) for _, entry in log}
    before = set(site.plays.sent[:at_flush])
    assert set(site.plays.stored) <= before | set(kept.values())
    for one in followers:
        ((count, current),) = one.lagged
        place = parse_cursor(topic, current)
        assert place is not None
        seqs = [event["seq"] for event in one.told]
        assert seqs[:count] == sorted(set(seqs[:count]))
        assert seqs[count:] == [seq for seq in kept if seq > place.seq]


def _played_at(payload: str) -> str:
    listen = read_listen(payload)
    assert listen is not None
    return written(listen.listened_at)


async def _each_notification_came_once(site: Site, followers: Sequence[Follower]) -> None:
    async with open_stores(site.settings) as stores:
        inbox = await _inbox(stores)
    for one in followers:
        assert [event["seq"] for event in one.told] == inbox
        assert one.lagged == []


def _report(site: Site, audience: Audience, accidents: Accidents, calm_s: float) -> None:
    everybody = audience.everybody
    ends = sum((one.ends for one in everybody), Counter())
    plays = [[each["listen"]["listenedAt"] for each in one.told] for one in audience.plays]
    repeated = max(len(told) - len(set(told)) for told in plays)
    log.info("what broke: %s; on the road: %s", ", ".join(accidents.had), dict(site.proxy.met))
    log.info(
        "%d changes and %d plays acknowledged; requests sent again: %s",
        *(sum(len(load.done) for load in site.loads), len(site.plays.stored)),
        dict(sum((load.sent_again for load in site.loads), Counter())),
    )
    log.info(
        "%d events told to %d followers, who subscribed %d times; they were ended by %s; %d lags"
        " were told; %d plays came twice; slowest to catch up %.1f s, all at the end %.1f s",
        *(sum(len(one.told) for one in everybody), len(everybody)),
        *(sum(one.subscribed for one in everybody), dict(ends)),
        *(sum(len(one.lagged) for one in everybody), repeated),
        *(max(one.slowest_s for one in everybody), calm_s),
    )
