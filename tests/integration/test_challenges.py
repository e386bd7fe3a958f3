"""Challenges are kept for a time, and used as often as they may be."""

import asyncio

import pytest

from datasources.errors import StoreError
from datasources.redis import challenges
from datasources.redis.client import Redis, open_redis
from datasources.redis.settings import RedisSettings
from datasources.stores import Stores


async def names(redis: Redis) -> list[str]:
    return [key async for key in redis.client.scan_iter(match=f"{redis.prefix}*")]


async def test_a_challenge_is_taken_once(empty_stores: Stores) -> None:
    redis = empty_stores.redis
    id_ = await challenges.put(redis, "kind", {"a": [1]}, 300)
    assert await challenges.take(redis, "kind", id_) == {"a": [1]}
    assert await challenges.take(redis, "kind", id_) is None
    assert await names(redis) == []


async def test_of_many_at_once_one_takes_it(empty_stores: Stores) -> None:
    redis = empty_stores.redis
    id_ = await challenges.put(redis, "kind", {}, 300)
    taken = await asyncio.gather(*(challenges.take(redis, "kind", id_) for _ in range(20)))
    assert taken.count({}) == 1
    assert taken.count(None) == 19


async def test_a_challenge_is_of_one_kind(empty_stores: Stores) -> None:
    redis = empty_stores.redis
    id_ = await challenges.put(redis, "kind", {}, 300, uses=5)
    assert await challenges.take(redis, "other", id_) is None
    assert await challenges.use(redis, "other", id_) is None
    assert not await challenges.end(redis, "other", id_)
    assert await challenges.use(redis, "kind", id_) == {}


async def test_of_many_uses_at_once_there_are_as_many_as_may(empty_stores: Stores) -> None:
    redis = empty_stores.redis
    id_ = await challenges.put(redis, "kind", {}, 300, uses=5)
    used = await asyncio.gather(*(challenges.use(redis, "kind", id_) for _ in range(20)))
    assert used.count({}) == 5
    assert await names(redis) == []


async def test_one_of_those_that_use_it_ends_it(empty_stores: Stores) -> None:
    redis = empty_stores.redis
    id_ = await challenges.put(redis, "kind", {}, 300, uses=5)
    for _ in range(5):  # the last use can end it, too
        assert await challenges.use(redis, "kind", id_) == {}
    ended = await asyncio.gather(*(challenges.end(redis, "kind", id_) for _ in range(5)))
    assert ended.count(True) == 1
    assert await challenges.use(redis, "kind", id_) is None


async def test_nothing_in_the_store_is_the_id(empty_stores: Stores) -> None:
    redis = empty_stores.redis
    id_ = await challenges.put(redis, "kind", {"user_id": "1"}, 300)
    (name,) = await names(redis)
    assert id_ not in name
    assert id_ not in str(await redis.client.lrange(name, 0, -1))
    assert len(id_) == 43  # 256 bits
    assert 290 < await redis.client.ttl(name) <= 300


async def test_what_is_unknown_leaves_nothing_behind(empty_stores: Stores) -> None:
    redis = empty_stores.redis
    for id_ in ("", "x", "\ud800", "x" * 10_000):
        assert await challenges.use(redis, "kind", id_) is None
        assert await challenges.take(redis, "kind", id_) is None
        assert not await challenges.end(redis, "kind", id_)
    assert await names(redis) == []


async def test_without_redis_there_are_none() -> None:
    redis = open_redis("redis://127.0.0.1:1", RedisSettings(url=None))
    with pytest.raises(StoreError):
        await challenges.put(redis, "kind", {}, 300)
    with pytest.raises(StoreError):
        await challenges.use(redis, "kind", "x")
    await redis.close()
