"""What the chaos run works on: two workers over stores of their own, a person, and who follows."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import httpx2
from pydantic import SecretStr
from pymongo import MongoClient

from datasources.mongo.settings import MongoSettings
from datasources.postgres.migrate import migrate
from datasources.postgres.settings import PostgresSettings
from datasources.redis.event_log import read_after
from datasources.redis.listens import listens_topic
from datasources.redis.settings import RedisSettings
from datasources.settings import StoreSettings
from datasources.stores import open_stores
from gateway.identity import open_identity
from gateway.settings import Settings
from resolvers.ids import global_id
from resolvers.notifications import cursor_of
from tests.e2e.test_serve import environment
from tests.factories import editing
from tests.factories.durable import DurableStores, Gateway, durable_stores
from tests.factories.followers import Follower
from tests.factories.load import Load
from tests.factories.music import NOW, Music
from tests.factories.people import add_account, tokens_of
from tests.plugins.databases import URLS
from tests.plugins.rough_proxy import RoughProxy, rough_proxy_to
from tests.plugins.server import demo_data

PAUSE_S = 0.15
"""Between two changes of one editor, and between two plays."""

PLAYLISTS, TRACKS = 2, 50
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
                at = written(NOW + timedelta(seconds=len(self.sent)))
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


def written(at: datetime) -> str:
    """Return a moment as the schema writes it."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


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
        newest: Callable[[], int] = lambda: 0,
        **variables: Any,
    ) -> Follower:
        """Return somebody who comes by the rough road."""
        url = f"http://127.0.0.1:{self.proxy.port}"
        return Follower(url, self.token, document, variables, transport, newest, cursor)


@asynccontextmanager
async def running_site() -> AsyncIterator[Site]:
    """Yield a site whose gateway runs, and remove all of it at the end.

    MongoDB is that of all tests, with a space of its own.
    """
    name = f"test_{uuid4().hex}"
    mongo = f"{(URLS['mongo'] or '').rpartition('/')[0]}/{name}"
    async with AsyncExitStack() as stack:
        stack.callback(_drop, name)
        durable = stack.enter_context(durable_stores())
        folder = stack.enter_context(demo_data())
        settings = StoreSettings(
            data_dir=folder,
            postgres=PostgresSettings(url=SecretStr(durable.postgres_url)),
            mongo=MongoSettings(url=SecretStr(mongo)),
            redis=RedisSettings(url=SecretStr(durable.redis_url)),
        ).patient()
        await migrate(durable.postgres_url)
        gateway = _gateway(folder, durable, mongo)
        stack.callback(gateway.stop)
        gateway.start()
        parts = urlsplit(gateway.url)
        proxy = rough_proxy_to(parts.hostname or "", parts.port or 0)
        way = await stack.enter_async_context(proxy)
        yield await _prepared(durable, settings, gateway, way)


def _gateway(folder: Path, durable: DurableStores, mongo: str) -> Gateway:
    settings = {
        "POLYPHONY_PUBLIC_URL": PUBLIC_URL,
        "POLYPHONY_POSTGRES_URL": durable.postgres_url,
        "POLYPHONY_MONGO_URL": mongo,
        "POLYPHONY_MONGO_TIMEOUT_S": "5",
        "POLYPHONY_REDIS_URL": durable.redis_url,
        "POLYPHONY_PLAYLISTS_HISTORY": "1000000",
        "POLYPHONY_TRANSPORT_MAX_SOCKETS_PER_PRINCIPAL": "1000",
    }
    return Gateway(environment(folder, **settings), folder / "log", "--workers", "2")


def _drop(database: str) -> None:
    with MongoClient[dict[str, Any]](URLS["mongo"]) as client:
        client.drop_database(database)


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
    def of(cls, site: Site, followers: int) -> "Audience":
        """Return so many of each topic on each transport; nobody of them follows yet."""
        ways = ["websocket", "stream"] * followers
        user = global_id("User", site.person)

        def newest(load: Load) -> Callable[[], int]:
            return lambda: max((one.version for one in load.done), default=1)

        return cls(
            [
                [site.follower(way, CHANGES, "1", newest(load), id=load.playlist) for way in ways]
                for load in site.loads
            ],
            [site.follower(way, PLAYS, site.plays_begin, id=user) for way in ways],
            [site.follower(way, NEWS, cursor_of(site.person, 0)) for way in ways],
        )

    @property
    def everybody(self) -> list[Follower]:
        """Return all of them."""
        return [*(one for some in self.lists for one in some), *self.plays, *self.news]
