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
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import httpx2
import pytest
from pydantic import SecretStr
from pymongo import MongoClient
from sqlalchemy import select

from datasources.errors import StoreError
from datasources.mongo.settings import MongoSettings
from datasources.postgres.migrate import migrate
from datasources.postgres.notification_tables import notifications
from datasources.postgres.settings import PostgresSettings
from datasources.redis.event_log import parse_cursor, read_after
from datasources.redis.listens import listens_topic
from datasources.redis.settings import RedisSettings
from datasources.settings import StoreSettings
from datasources.stores import Stores, open_stores
from gateway.identity import open_identity
from gateway.settings import Settings
from resolvers.context import utc_now
from resolvers.ids import global_id
from resolvers.listens_told import WAITING, read_listen, tell_untold
from resolvers.notifications import cursor_of
from tests.e2e.test_serve import environment
from tests.factories import editing
from tests.factories.durable import SERVICES, DurableStores, Gateway, durable_stores
from tests.factories.followers import Follower
from tests.factories.inboxes import tell_of_followers
from tests.factories.load import Done, Load
from tests.factories.music import NOW, Music
from tests.factories.people import add_account, tokens_of
from tests.factories.redis_server import needs_redis_server
from tests.plugins.databases import URLS
from tests.plugins.rough_proxy import RoughProxy, rough_proxy_to
from tests.plugins.server import demo_data

log = logging.getLogger(__name__)

pytestmark = [
    needs_redis_server,
    pytest.mark.skipif(not SERVICES.exists(), reason="no script to start durable stores"),
    pytest.mark.skipif(not URLS["mongo"], reason="no real MongoDB: set POLYPHONY_MONGO_URL"),
]

LASTS_S = float(os.environ.get("POLYPHONY_SOAK_LIVE_S", "20"))
FOLLOWERS = int(os.environ.get("POLYPHONY_SOAK_LIVE_FOLLOWERS", "3"))
"""Of each topic on each transport."""

PLAYLISTS, EDITORS = 2, 3
PAUSE_S = 0.15
DISTURBED_EVERY_S = 0.25
REDIS_AWAY_S = (0.5, 4.0)
"""Shorter and longer than the two seconds after which subscribers are told."""

POSTGRES_PAUSED_S = 5.0
CAUGHT_UP_WITHIN_S = 60.0
TRACKS = 50
PUBLIC_URL = "https://music.example"

CHANGES = """subscription ($id: ID!, $after: String) {
  playlistChanged(id: $id, after: $after) {
    __typename
    ... on PlaylistChanged { cursor seq change { kind items { itemId } } }
    ... on Lagged { missed current }
  }
}"""
PLAYS = """subscription ($id: ID!, $after: String) {
  listenAdded(userId: $id, after: $after) {
    __typename
    ... on ListenAdded { cursor seq listen { listenedAt } }
    ... on Lagged { missed current }
  }
}"""
NEWS = """subscription ($after: String) {
  notifications(after: $after) {
    __typename
    ... on NotificationReceived { cursor seq notification { device } }
    ... on Lagged { missed current }
  }
}"""
SUBMIT = """mutation ($at: DateTime!, $track: ID!) {
  submitListens(input: {listens: [{trackId: $track, listenedAt: $at, msPlayed: 190000}]}) {
    ... on ListensSubmitted { stored results { __typename } }
  }
}"""


@dataclass
class Plays:
    """Plays of one person, each sent until it is stored; known by when they were listened to."""

    sent: list[str] = field(default_factory=list)
    stored: list[str] = field(default_factory=list)

    async def submit(self, site: "Site", stop: asyncio.Event) -> None:
        """Submit one after the other until told to stop."""
        headers = {"Authorization": f"Bearer {site.token}"}
        url = f"{site.gateway.url}/graphql"
        async with httpx2.AsyncClient(headers=headers, timeout=10) as client:
            while not stop.is_set():
                at = _written(NOW + timedelta(seconds=len(self.sent)))
                self.sent.append(at)
                variables = {"at": at, "track": editing.track(1)}
                body = {"query": SUBMIT, "variables": variables}
                while not await _stored(client, url, body):  # noqa: ASYNC110  nothing tells
                    await asyncio.sleep(PAUSE_S)
                self.stored.append(at)
                await asyncio.sleep(PAUSE_S)


async def _stored(client: httpx2.AsyncClient, url: str, body: dict[str, Any]) -> bool:
    try:
        answer = (await client.post(url, json=body)).json()
    except httpx2.TransportError:
        return False
    if "errors" in answer or "results" not in answer["data"]["submitListens"]:
        return False
    (result,) = answer["data"]["submitListens"]["results"]
    return bool(result["__typename"] == "ListenStored")


@dataclass(frozen=True, slots=True)
class Site:
    """What the test runs against: stores, two workers, a person, and their lists."""

    durable: DurableStores
    settings: StoreSettings
    gateway: Gateway
    proxy: RoughProxy
    person: UUID
    token: str
    loads: Sequence[Load]
    plays: Plays
    plays_begin: str

    def follower(
        self,
        transport: str,
        document: str,
        cursor: str,
        newest: Callable[[], int],
        **variables: Any,
    ) -> Follower:
        """Return somebody who comes by the rough road."""
        url = f"http://127.0.0.1:{self.proxy.port}"
        return Follower(url, self.token, document, variables, transport, newest, cursor)


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    name = f"test_{uuid4().hex}"
    mongo = f"{(URLS['mongo'] or '').rpartition('/')[0]}/{name}"
    try:
        with durable_stores() as durable, demo_data() as folder:
            gateway = Gateway(
                environment(
                    folder,
                    POLYPHONY_PUBLIC_URL=PUBLIC_URL,
                    POLYPHONY_POSTGRES_URL=durable.postgres_url,
                    POLYPHONY_MONGO_URL=mongo,
                    POLYPHONY_MONGO_TIMEOUT_S="5",
                    POLYPHONY_REDIS_URL=durable.redis_url,
                    POLYPHONY_PLAYLISTS_HISTORY="1000000",
                    POLYPHONY_TRANSPORT_MAX_SOCKETS_PER_PRINCIPAL="1000",
                ),
                folder / "log",
                *("--workers", "2"),
            )
            settings = StoreSettings(
                data_dir=folder,
                postgres=PostgresSettings(url=SecretStr(durable.postgres_url)),
                mongo=MongoSettings(url=SecretStr(mongo)),
                redis=RedisSettings(url=SecretStr(durable.redis_url)),
            ).patient()
            await migrate(durable.postgres_url)
            try:
                gateway.start()
                async with _proxy_to(gateway) as proxy:
                    yield await _prepared(durable, settings, gateway, proxy)
            finally:
                gateway.stop()
    finally:
        with MongoClient[dict[str, Any]](URLS["mongo"]) as client:
            client.drop_database(name)


@asynccontextmanager
async def _proxy_to(gateway: Gateway) -> AsyncIterator[RoughProxy]:
    parts = urlsplit(gateway.url)
    async with rough_proxy_to(parts.hostname or "", parts.port or 0) as proxy:
        yield proxy


async def _prepared(
    durable: DurableStores, settings: StoreSettings, gateway: Gateway, proxy: RoughProxy
) -> Site:
    music = Music()
    for number in range(TRACKS):
        music.track(number)
    own = Settings(data_dir=settings.data_dir, public_url=PUBLIC_URL)
    async with open_stores(settings) as stores:
        await music.write(stores)
        person = await add_account(stores)
        async with open_identity(own, stores) as identity:
            token = (await tokens_of(stores, identity, person)).access_token
        lists = [await editing.new_playlist(stores) for _ in range(PLAYLISTS)]
        begin = str((await read_after(stores.redis, listens_topic(person), None)).newest)
    tracks = [editing.track(number) for number in range(TRACKS)]
    loads = [Load(gateway.url, global_id("Playlist", one), tracks) for one in lists]
    return Site(durable, settings, gateway, proxy, person, token, loads, Plays(), begin)


@dataclass
class Audience:
    """All who follow: each list, the plays, and the notifications of one person."""

    lists: list[list[Follower]]
    plays: list[Follower]
    news: list[Follower]

    @classmethod
    def of(cls, site: Site) -> "Audience":
        """Return an audience of which nobody follows yet."""
        ways = ["websocket", "stream"] * FOLLOWERS
        none = lambda: 0  # noqa: E731  nobody counts them
        user = global_id("User", site.person)

        def newest(load: Load) -> Callable[[], int]:
            return lambda: max((one.version for one in load.done), default=1)

        return cls(
            [
                [site.follower(way, CHANGES, "1", newest(load), id=load.playlist) for way in ways]
                for load in site.loads
            ],
            [site.follower(way, PLAYS, site.plays_begin, none, id=user) for way in ways],
            [site.follower(way, NEWS, cursor_of(site.person, 0), none) for way in ways],
        )

    @property
    def everybody(self) -> list[Follower]:
        return [*(one for some in self.lists for one in some), *self.plays, *self.news]


async def test_who_follows_misses_nothing_whatever_breaks(site: Site) -> None:
    audience, stop, chaos_is_over = Audience.of(site), asyncio.Event(), asyncio.Event()
    async with asyncio.TaskGroup() as following:
        tasks = [
            following.create_task(one.follow(seed)) for seed, one in enumerate(audience.everybody)
        ]
        async with asyncio.TaskGroup() as work:
            for seed, load in enumerate([*site.loads] * EDITORS):
                work.create_task(load.edit(site.token, seed, stop, PAUSE_S))
            work.create_task(site.plays.submit(site, stop))
            work.create_task(_tell(site, stop))
            work.create_task(_disturb(site, chaos_is_over))
            plays_at_flush = await _break_things(site)
            chaos_is_over.set()
            stop.set()
        calm_s = await _all_is_told(site, audience)
        for task in tasks:
            task.cancel()
    _report(site, audience, calm_s)
    assert [one.unexpected for one in audience.everybody if one.unexpected] == []
    assert all(load.unexpected == [] for load in site.loads)
    for load, followers in zip(site.loads, audience.lists, strict=True):
        _each_change_came_once(load, followers)
    await _each_play_came_or_a_lag_was_told(site, audience.plays, plays_at_flush)
    await _each_notification_came_once(site, audience.news)


# --- what breaks --------------------------------------------------------------------------------


async def _break_things(site: Site) -> int:
    """Break everything, in any order; return how many plays were sent before the flush."""
    plays_at_flush = 0

    async def flush() -> None:
        nonlocal plays_at_flush
        await asyncio.to_thread(site.durable.redis.flush)
        plays_at_flush = len(site.plays.sent)

    async def kill_worker() -> None:
        dice.choice(site.gateway.workers()).kill()

    async def pause_postgres() -> None:
        await asyncio.to_thread(site.durable.pause_postgres)
        await asyncio.sleep(POSTGRES_PAUSED_S)
        await asyncio.to_thread(site.durable.resume_postgres)

    async def kill_redis(away_s: float) -> None:
        await asyncio.to_thread(site.durable.redis.kill)
        await asyncio.sleep(away_s)
        await asyncio.to_thread(site.durable.redis.start)

    accidents: list[Callable[[], Awaitable[None]]] = [flush, kill_worker, pause_postgres]
    accidents += [lambda away_s=away_s: kill_redis(away_s) for away_s in REDIS_AWAY_S]  # type: ignore[misc]
    dice = random.Random(int(LASTS_S))  # noqa: S311  a load, no secret
    dice.shuffle(accidents)
    pause_s = (LASTS_S - POSTGRES_PAUSED_S - sum(REDIS_AWAY_S)) / (len(accidents) + 1)
    for accident in accidents:
        await asyncio.sleep(pause_s)
        await accident()
    await asyncio.sleep(pause_s)
    return plays_at_flush


async def _disturb(site: Site, over: asyncio.Event) -> None:
    dice = random.Random(1)  # noqa: S311  a load, no secret
    while not over.is_set():
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
    return _written(listen.listened_at)


def _written(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


async def _each_notification_came_once(site: Site, followers: Sequence[Follower]) -> None:
    async with open_stores(site.settings) as stores:
        inbox = await _inbox(stores)
    for one in followers:
        assert [event["seq"] for event in one.told] == inbox
        assert one.lagged == []


def _report(site: Site, audience: Audience, calm_s: float) -> None:
    everybody = audience.everybody
    ends = sum((one.ends for one in everybody), Counter())
    plays = [[each["listen"]["listenedAt"] for each in one.told] for one in audience.plays]
    repeated = max(len(told) - len(set(told)) for told in plays)
    log.info(
        "%d changes and %d plays acknowledged, %d events told to %d followers, who subscribed %d"
        " times; on the road: %s; they ended by %s; %d were told of a lag; %d plays told twice;"
        " slowest to catch up %.1f s, all at the end %.1f s; requests sent again: %s",
        *(sum(len(load.done) for load in site.loads), len(site.plays.stored)),
        *(sum(len(one.told) for one in everybody), len(everybody)),
        *(sum(one.subscribed for one in everybody), dict(site.proxy.met), dict(ends)),
        *(sum(len(one.lagged) for one in everybody), repeated),
        *(max(one.slowest_s for one in everybody), calm_s),
        {
            key: sum(load.sent_again[key] for load in site.loads)
            for load in site.loads
            for key in load.sent_again
        },
    )
