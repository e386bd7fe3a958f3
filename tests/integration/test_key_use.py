"""How API keys are used: counted in the process, in Redis, and kept in MongoDB."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import select

from auth.identity import Identity
from datasources.breaker import PAUSE_S
from datasources.errors import StoreError
from datasources.ids import new_id
from datasources.mongo.collections import API_KEY_USE
from datasources.postgres.api_key_tables import api_key_secrets
from datasources.postgres.client import Postgres
from datasources.redis.client import open_redis
from datasources.redis.key_use import Count, add_counts
from datasources.redis.settings import RedisSettings
from datasources.stores import Stores
from resolvers.api_keys import key_use
from resolvers.context import utc_now
from resolvers.errors import BadUserInput
from resolvers.key_use import keep_use
from tests.factories.accounts import an_account, signed_in_as
from tests.factories.api_keys import a_key, owner_context
from tests.factories.http import client_of, post
from tests.factories.operations import ask, context_of, identity_of
from tests.plugins.round_trips import RoundTrips

GENRES = "{ a: genres { slug } b: genres { name } viewer { handle } }"
USAGE = """
query ($from: Date!, $to: Date!) {
  apiKeys { lastUsedAt usage(from: $from, to: $to) { day operations fields { name count } } }
}
"""


@pytest.fixture
async def ann(empty_stores: Stores) -> UUID:
    return await an_account(empty_stores)


@pytest.fixture
def identity(empty_stores: Stores) -> Identity:
    return identity_of(empty_stores)


@pytest.fixture
async def client(empty_stores: Stores, identity: Identity) -> AsyncIterator[httpx2.AsyncClient]:
    async with client_of(empty_stores, identity) as client:
        yield client


async def usage(stores: Stores, owner: UUID, days: int = 30) -> list[dict[str, Any]]:
    """Return the use of a person's one key, as the graph shows it."""
    today = utc_now().date()
    between = {"from": str(today - timedelta(days=days)), "to": str(today)}
    data = await ask(stores, USAGE, between, signed_in_as(owner))
    shown: list[dict[str, Any]] = data["apiKeys"][0]["usage"]
    return shown


async def test_operations_and_root_fields_are_counted_at_no_cost_to_a_request(
    client: httpx2.AsyncClient,
    empty_stores: Stores,
    identity: Identity,
    ann: UUID,
    round_trips: RoundTrips,
) -> None:
    headers = {"X-API-Key": (await a_key(empty_stores, identity, ann)).secret}
    await post(client, "{ __typename }", headers=headers)
    round_trips.clear()
    for _ in range(3):
        await post(client, "{ __typename }", headers=headers)
    assert round_trips == {}
    await post(client, GENRES, headers=headers)
    await post(client, "{ apiKeys { id } }", headers=headers)  # refused, and use all the same
    await post(client, "{ unknown }", headers=headers)  # no operation
    assert await usage(empty_stores, ann) == []
    await identity.key_use.flush(empty_stores, utc_now())
    (day,) = await usage(empty_stores, ann)
    assert day == {
        "day": str(utc_now().date()),
        "operations": 6,
        "fields": [
            {"name": "genres", "count": 2},
            {"name": "apiKeys", "count": 1},
            {"name": "viewer", "count": 1},
        ],
    }


async def test_a_flush_is_a_round_trip_and_nothing_without_use(
    empty_stores: Stores, identity: Identity, round_trips: RoundTrips
) -> None:
    await identity.key_use.flush(empty_stores, utc_now())
    assert round_trips == {}


async def test_last_use_is_written_once_a_minute_whoever_writes(
    empty_stores: Stores, identity: Identity, ann: UUID, round_trips: RoundTrips
) -> None:
    await a_key(empty_stores, identity, ann)
    (hashed,) = (await empty_stores.postgres.read(select(api_key_secrets.c.hash)))[0]
    others = identity_of(empty_stores)
    begin = datetime(2026, 11, 21, 12, tzinfo=UTC)

    async def used(one: Identity, seconds: float) -> datetime | None:
        at = begin + timedelta(seconds=seconds)
        one.key_use.note(hashed, at)
        await one.key_use.flush(empty_stores, at)
        rows = await empty_stores.postgres.read(select(api_key_secrets.c.last_used_at))
        last: datetime | None = rows[0][0]
        return last

    assert await used(identity, 0) == begin
    round_trips.clear()
    for second in range(2, 60, 2):
        assert await used(identity, second) == begin
    assert round_trips == {"postgres": 29}  # the test's own
    assert await used(others, 30) == begin
    assert await used(identity, 60) == begin + timedelta(seconds=60)
    assert await used(others, 95) == begin + timedelta(seconds=60)
    # What was used once in a minute in which it may not be written is written after it.
    later = begin + timedelta(seconds=125)
    identity.key_use.note(hashed, begin + timedelta(seconds=119))
    await identity.key_use.flush(empty_stores, later)
    rows = await empty_stores.postgres.read(select(api_key_secrets.c.last_used_at))
    assert rows[0][0] == begin + timedelta(seconds=60)  # 59 s after the last one
    identity.key_use.note(hashed, later)
    await identity.key_use.flush(empty_stores, begin + timedelta(seconds=190))
    rows = await empty_stores.postgres.read(select(api_key_secrets.c.last_used_at))
    assert rows[0][0] == later


async def test_days_are_kept_and_copied_again_without_harm(
    empty_stores: Stores, identity: Identity, ann: UUID
) -> None:
    key = (await a_key(empty_stores, identity, ann)).api_key
    now = utc_now()
    today, yesterday = now.date(), now.date() - timedelta(days=1)
    redis = empty_stores.redis
    counts = {Count(yesterday, key.id, "*"): 5, Count(yesterday, key.id, "track"): 7}
    await add_counts(redis, counts | {Count(today, key.id, "*"): 1})
    await add_counts(redis, {Count(today, new_id(), "*"): 1})  # of a key that is gone
    for _ in range(2):
        assert await keep_use(empty_stores, now) == 2
    kept = await empty_stores.mongo[API_KEY_USE].find({}).sort("day").to_list(None)
    assert [(one["operations"], one.get("fields", {})) for one in kept] == [
        (5, {"track": 7}),
        (1, {}),
    ]
    assert {(one["key"], one["user"]) for one in kept} == {(str(key.id), str(ann))}
    await add_counts(redis, {Count(yesterday, key.id, "*"): 2})  # by one that was late
    await keep_use(empty_stores, now)
    assert [day["operations"] for day in await usage(empty_stores, ann)] == [7, 1]


async def test_what_redis_has_forgotten_is_still_known(
    empty_stores: Stores, identity: Identity, ann: UUID
) -> None:
    key = (await a_key(empty_stores, identity, ann)).api_key
    now = utc_now()
    await add_counts(empty_stores.redis, {Count(now.date(), key.id, "track"): 4})
    await keep_use(empty_stores, now)
    async for name in empty_stores.redis.client.scan_iter(match=f"{empty_stores.redis.prefix}*"):
        await empty_stores.redis.client.delete(name)
    await add_counts(empty_stores.redis, {Count(now.date(), key.id, "album"): 1})
    (day,) = await usage(empty_stores, ann)
    assert day["fields"] == [{"name": "track", "count": 4}, {"name": "album", "count": 1}]


async def test_redis_forgets_a_day_by_itself(empty_stores: Stores) -> None:
    today = utc_now().date()
    redis = empty_stores.redis
    await add_counts(redis, {Count(today, new_id(), "*"): 1})
    names = [name async for name in redis.client.scan_iter(match=f"{redis.prefix}*")]
    assert len(names) == 2
    for name in names:
        assert 7 * 86_400 <= await redis.client.ttl(name) <= 8 * 86_400


async def test_ten_keys_cost_what_one_costs(
    empty_stores: Stores, identity: Identity, ann: UUID, round_trips: RoundTrips
) -> None:
    costs: list[dict[str, int]] = []
    for _ in (1, 10):
        while len(await _keys(empty_stores, ann)) < (10 if costs else 1):
            await a_key(empty_stores, identity, ann)
        round_trips.clear()
        await usage(empty_stores, ann)
        costs.append(dict(round_trips))
    assert costs[0]["postgres"] == costs[1]["postgres"] == 1
    assert costs[0].get("mongo") == costs[1].get("mongo") == 1


async def _keys(stores: Stores, owner: UUID) -> list[Any]:
    data = await ask(stores, "{ apiKeys { id } }", principal=signed_in_as(owner))
    keys: list[Any] = data["apiKeys"]
    return keys


async def test_what_is_asked_has_its_bounds(
    empty_stores: Stores, identity: Identity, ann: UUID
) -> None:
    context = owner_context(empty_stores, identity, ann)
    key = (await a_key(empty_stores, identity, ann)).api_key
    day = utc_now().date()
    assert not await key_use(context, key, day - timedelta(days=365), day)
    for first, last in ((day, day - timedelta(days=1)), (day - timedelta(days=366), day)):
        with pytest.raises(BadUserInput):
            await key_use(context, key, first, last)


async def test_without_redis_nothing_is_lost_and_nobody_waits(
    empty_stores: Stores, identity: Identity, ann: UUID
) -> None:
    gone = open_redis("redis://127.0.0.1:1/0", RedisSettings(url=None, timeout_s=PAUSE_S))
    without = replace(empty_stores, redis=gone)
    text = (await a_key(empty_stores, identity, ann)).secret
    async with client_of(without, identity) as client:
        answer = await post(client, GENRES, headers={"X-API-Key": text})
        assert answer.json()["data"]["viewer"] == {"handle": "ann"}
    with pytest.raises(StoreError):
        await identity.key_use.flush(without, utc_now())
    await gone.close()
    await identity.key_use.flush(empty_stores, utc_now())
    (day,) = await usage(empty_stores, ann)
    assert day["operations"] == 1
    (row,) = await empty_stores.postgres.read(select(api_key_secrets.c.last_used_at))
    assert row[0] is not None


async def test_without_postgresql_counts_are_written(
    empty_stores: Stores, identity: Identity, ann: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = (await a_key(empty_stores, identity, ann)).api_key
    identity.key_use.note(b"hash", utc_now())
    identity.key_use.count(key.id, ["track"], utc_now())
    with monkeypatch.context() as patch:
        patch.setattr(Postgres, "transaction", _down)
        with pytest.raises(StoreError):
            await identity.key_use.flush(empty_stores, utc_now())
    (day,) = await usage(empty_stores, ann)
    assert (day["operations"], day["fields"]) == (1, [{"name": "track", "count": 1}])


def _down(_: object) -> None:
    raise StoreError("postgres")


async def test_nobody_else_sees_it(empty_stores: Stores, identity: Identity, ann: UUID) -> None:
    await a_key(empty_stores, identity, ann)
    bob = await an_account(empty_stores, "bob")
    assert await _keys(empty_stores, bob) == []
    assert context_of(empty_stores).principal.user_id is None
