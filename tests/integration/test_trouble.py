"""A store that hangs or dies costs its own fields, in time, and comes back by itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import pytest

from datasources.mongo.client import open_mongo
from datasources.mongo.settings import MongoSettings
from datasources.postgres.client import open_postgres
from datasources.postgres.settings import PostgresSettings
from datasources.redis.client import open_redis
from datasources.redis.settings import RedisSettings
from datasources.stores import Stores
from tests.factories.operations import respond
from tests.plugins.databases import URLS
from tests.plugins.proxy import Proxy, proxy_to

pytestmark = pytest.mark.skipif(
    not all(URLS.values()), reason="no real stores: set POLYPHONY_*_URL (see CONTRIBUTING.md)"
)

QUERY = """
{
  user(handle: "ada") {
    displayName
    recentListens(first: 1) { nodes { listenedAt } }
    nowPlaying { startedAt }
  }
}
"""
COSTS: dict[str, Any] = {
    "postgres": {"user": None},
    "mongo": {"recentListens": None},
    "redis": {"nowPlaying": None},
}
WITHIN_S = 2.0
SLACK_S = 1.0  # machines that run tests are busy
RECOVERY_S = 5.0


@pytest.fixture
async def proxies() -> AsyncIterator[dict[str, Proxy]]:
    async with AsyncExitStack() as stack:
        running = {}
        for store, url in URLS.items():
            parts = urlsplit(url or "")
            proxy = proxy_to(parts.hostname or "127.0.0.1", parts.port or 0)
            running[store] = await stack.enter_async_context(proxy)
        yield running


@pytest.fixture
async def fragile_stores(
    sample_stores: Stores, kind: str, proxies: dict[str, Proxy]
) -> AsyncIterator[Stores]:
    """The sample on real stores, each reached through its proxy with a request's time-outs."""
    if kind != "real":
        pytest.skip("only real stores have a connection to lose")

    def through(store: str, url: str) -> str:
        parts = urlsplit(url)
        login = f"{parts.username}:{parts.password}@" if parts.username else ""
        netloc = f"{login}127.0.0.1:{proxies[store].port}"
        return parts._replace(netloc=netloc).geturl()

    name = sample_stores.mongo.database.name
    mongo_settings = MongoSettings(url=None)
    redis_settings = RedisSettings(url=None, prefix=sample_stores.redis.prefix)
    stores = Stores(
        open_postgres(through("postgres", sample_stores.postgres.url), PostgresSettings(url=None)),
        open_mongo(
            through("mongo", URLS["mongo"] or "").rpartition("/")[0] + f"/{name}", mongo_settings
        ),
        open_redis(through("redis", URLS["redis"] or ""), redis_settings),
    )
    yield stores
    await stores.postgres.close()
    await stores.mongo.close()
    await stores.redis.close()


@pytest.mark.parametrize("trouble", ["hangs", "dies"])
@pytest.mark.parametrize("store", ["postgres", "mongo", "redis"])
async def test_a_store_in_trouble_costs_its_own_fields(
    fragile_stores: Stores, proxies: dict[str, Proxy], store: str, trouble: str
) -> None:
    whole = await respond(fragile_stores, QUERY)
    assert "errors" not in whole
    assert whole["data"]["user"]["displayName"]

    if trouble == "hangs":
        proxies[store].hang()
    else:
        await proxies[store].die()
    started = monotonic()
    response = await respond(fragile_stores, QUERY)
    took = monotonic() - started

    expected = whole["data"]["user"] | COSTS[store]
    assert response["data"] == (COSTS[store] if store == "postgres" else {"user": expected})
    (error,) = response["errors"]
    assert error["extensions"] == {"code": "SERVICE_UNAVAILABLE", "service": store}
    assert took < WITHIN_S + SLACK_S

    if trouble == "hangs":
        proxies[store].resume()
    else:
        await proxies[store].start()
    assert await _recovers(fragile_stores) == whole


async def _recovers(stores: Stores) -> dict[str, Any]:
    """Ask until the answer is whole, for as long as recovery may take."""
    deadline = monotonic() + RECOVERY_S
    while True:
        response = await respond(stores, QUERY)
        if "errors" not in response or monotonic() > deadline:
            return response
        await asyncio.sleep(0.2)


LEVELS = """
{
  user(handle: "ada") {
    recommendations(first: 2) {
      degraded
      nodes { playCount similar(first: 2) { degraded nodes { playCount } } }
    }
    topTracks(first: 2) { nodes { playCount } }
  }
}
"""


async def _forty(stores: Stores) -> tuple[float, list[dict[str, Any]]]:
    """Return how long so many requests at once take, in seconds, and their answers."""
    started = monotonic()
    responses = await asyncio.gather(*(respond(stores, LEVELS) for _ in range(40)))
    return monotonic() - started, responses


async def test_a_hanging_mongo_is_waited_for_once(
    fragile_stores: Stores, proxies: dict[str, Proxy]
) -> None:
    """Neither the levels of a request nor the requests beside it add up."""
    await respond(fragile_stores, LEVELS)
    whole_s, _ = await _forty(fragile_stores)
    proxies["mongo"].hang()
    hanging_s, responses = await _forty(fragile_stores)
    # Four levels that add up would wait for 4 s. The work takes as long as the machine needs.
    assert hanging_s < WITHIN_S + 2 * whole_s
    for response in responses:
        ada = response["data"]["user"]
        assert ada["recommendations"]["degraded"] is True
        assert len(ada["recommendations"]["nodes"]) == 2
        assert ada["topTracks"] is None
    proxies["mongo"].resume()
    whole = await _recovers(fragile_stores)
    assert "errors" not in whole
