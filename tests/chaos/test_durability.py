"""Nothing acknowledged is lost or done twice, whatever dies: a gateway, and PostgreSQL.

The short form runs with all tests; `make soak` sets the numbers of the long one.
"""

import asyncio
import logging
import os
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from datasources.postgres.migrate import migrate
from datasources.postgres.outbox import oldest_unpublished
from datasources.postgres.playlist_tables import playlist_changes
from datasources.postgres.settings import PostgresSettings
from datasources.redis.settings import RedisSettings
from datasources.settings import StoreSettings
from datasources.stores import Stores, open_stores
from gateway.identity import open_identity
from gateway.settings import Settings
from resolvers.ids import global_id
from tests.e2e.test_serve import environment
from tests.factories import editing
from tests.factories.durable import SERVICES, DurableStores, Gateway, durable_stores
from tests.factories.load import Load
from tests.factories.music import Music
from tests.factories.people import add_account, tokens_of
from tests.factories.redis_server import needs_redis_server
from tests.plugins.server import demo_data

log = logging.getLogger(__name__)

pytestmark = [
    needs_redis_server,
    pytest.mark.skipif(not SERVICES.exists(), reason="no script to start durable stores"),
]

GATEWAY_KILLS = int(os.environ.get("POLYPHONY_SOAK_GATEWAY_KILLS", "3"))
POSTGRES_KILLS = int(os.environ.get("POLYPHONY_SOAK_POSTGRES_KILLS", "1"))
CHANGES_BETWEEN = int(os.environ.get("POLYPHONY_SOAK_CHANGES", "20"))
EDITORS = 6
GIVEN_UP_S = 800  # reached only where nothing goes on; tokens last 900
TRACKS = 50
PUBLIC_URL = "https://music.example"


@dataclass(frozen=True, slots=True)
class Site:
    """What the test runs against."""

    stores: DurableStores
    settings: StoreSettings
    gateway: Gateway
    playlist: UUID
    token: str


@contextmanager
def _gateway(stores: DurableStores, folder: Path) -> Iterator[Gateway]:
    gateway = Gateway(
        environment(
            folder,
            POLYPHONY_PUBLIC_URL=PUBLIC_URL,
            POLYPHONY_POSTGRES_URL=stores.postgres_url,
            POLYPHONY_REDIS_URL=stores.redis_url,
            POLYPHONY_PLAYLISTS_HISTORY="1000000",
        ),
        folder / "log",
    )
    try:
        yield gateway
    finally:
        gateway.stop()


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    with durable_stores() as durable, demo_data() as folder, _gateway(durable, folder) as gateway:
        settings = StoreSettings(
            data_dir=folder,
            postgres=PostgresSettings(url=SecretStr(durable.postgres_url)),
            redis=RedisSettings(url=SecretStr(durable.redis_url)),
        ).patient()
        await migrate(durable.postgres_url)
        async with open_stores(settings) as stores:
            playlist, token = await _prepare(stores, folder)
        gateway.start()
        yield Site(durable, settings, gateway, playlist, token)


async def _prepare(stores: Stores, folder: Path) -> tuple[UUID, str]:
    """Write tracks, a person and their playlist; return its id and an access token of theirs."""
    music = Music()
    for number in range(TRACKS):
        music.track(number)
    await music.write(stores)
    person = await add_account(stores)
    playlist = await editing.new_playlist(stores)
    own = Settings(data_dir=folder, public_url=PUBLIC_URL)
    async with open_identity(own, stores) as identity:
        tokens = await tokens_of(stores, identity, person)
    return playlist, tokens.access_token


async def test_what_is_acknowledged_is_there_once_whatever_dies(site: Site) -> None:
    load = Load(
        site.gateway.url,
        global_id("Playlist", site.playlist),
        [editing.track(number) for number in range(TRACKS)],
    )
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for seed in range(EDITORS):
            group.create_task(load.edit(site.token, seed, stop))
        async with asyncio.timeout(GIVEN_UP_S):
            unknown = await _kill(site, load)
        stop.set()

    assert load.unexpected == []
    assert load.sent_again, "nobody noticed anything"
    log.info(
        "%d changes acknowledged, %d of them stored but unknown to their editors when a gateway"
        " was killed; %d refused; %d requests, sent again: %s",
        *(len(load.done), unknown, load.refused, load.sent, dict(load.sent_again)),
    )
    async with open_stores(site.settings) as stores:
        await _each_is_there_once(stores, site.playlist, load)
        await _each_event_is_published_in_order(stores, load)


async def _kill(site: Site, load: Load) -> int:
    """Kill the gateway and PostgreSQL, in any order, in the midst of the load.

    Returns how many changes were stored and not acknowledged when a gateway died.
    """
    unknown = 0
    dice = random.Random(GATEWAY_KILLS)  # noqa: S311  a load, no secret
    victims = ["gateway"] * GATEWAY_KILLS + ["postgres"] * POSTGRES_KILLS
    dice.shuffle(victims)
    for victim in victims:
        await load.progress(CHANGES_BETWEEN)
        await asyncio.sleep(dice.uniform(0, 0.02))  # anywhere in what a request does
        if victim == "gateway":
            site.gateway.kill()
            async with open_stores(site.settings) as stores:
                version, *_ = await editing.counts_of(stores, site.playlist)
            unknown += version - 1 - len(load.done)
            await asyncio.to_thread(site.gateway.start)
        else:
            await asyncio.to_thread(site.stores.kill_postgres)
            await asyncio.to_thread(site.stores.start_postgres)
    await load.progress(CHANGES_BETWEEN)
    return unknown


async def _each_is_there_once(stores: Stores, playlist: UUID, load: Load) -> None:
    """What is stored is what was acknowledged, by number, kind and items, and its list."""
    past = playlist_changes.c
    rows = await stores.postgres.read(
        select(past.version, past.kind, past["items"])
        .where(past.playlist_id == playlist)
        .order_by(past.version)
    )
    stored = [
        (version, str(kind), tuple(editing.item(UUID(one["item_id"])) for one in items))
        for version, kind, items in rows
    ]
    acknowledged = sorted((one.version, one.change.kind, one.items) for one in load.done)
    assert stored == acknowledged
    assert [version for version, *_ in stored] == list(range(2, len(stored) + 2))
    listed = await editing.list_of(stores, playlist)
    assert editing.items(listed) == load.final_list()
    counts = (len(stored) + 1, len(listed), len(listed) * editing.DURATION_MS)
    assert await editing.counts_of(stores, playlist) == counts


async def _each_event_is_published_in_order(stores: Stores, load: Load) -> None:
    """The live stream has each version, in order and once, and all of one epoch."""
    async with asyncio.timeout(60):
        while (await oldest_unpublished(stores.postgres))[0]:  # noqa: ASYNC110  another process
            await asyncio.sleep(0.1)
    versions = sorted(one.version for one in load.done)
    redis = stores.redis
    told: Any = await redis.client.xrange(redis.key("live"))
    assert [int(entry["body"].partition(" ")[0]) for _, entry in told] == versions
    assert len({entry["epoch"] for _, entry in told}) == 1
