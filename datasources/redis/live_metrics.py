"""How live updates go in each process: the hash `live:processes`, for `doctor` to read."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from time import time

import orjson

from datasources.redis.client import Redis

FRESH_S = 30
"""A process that has said nothing for so long is gone."""


@dataclass(frozen=True, slots=True)
class LiveMetrics:
    """Of one process, since it began; `lag_ms` is of the slowest of the last events."""

    subscribers: int
    events: int
    lag_ms: int
    dropped: int
    refills: int
    misses: int


async def write_metrics(redis: Redis, process: str, metrics: LiveMetrics) -> None:
    """Say how it goes in a process. One HSET and one EXPIRE. Fails closed.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    name = redis.key("live", "processes")
    value = orjson.dumps({"at": time(), **asdict(metrics)}).decode()
    async with redis.answering():
        pipeline = redis.client.pipeline(transaction=False)
        pipeline.hset(name, process, value)
        pipeline.expire(name, FRESH_S * 2)
        await pipeline.execute()


async def remove_metrics(redis: Redis, process: str) -> None:
    """Forget a process that stops. One HDEL. Fails closed.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    async with redis.answering():
        await redis.client.hdel(redis.key("live", "processes"), process)


async def fetch_metrics(redis: Redis) -> Mapping[str, LiveMetrics]:
    """Return how it goes in each process that has said so lately. One HGETALL. Fails closed.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    async with redis.answering():
        told = await redis.client.hgetall(redis.key("live", "processes"))
    found = {}
    for process, value in sorted(told.items()):
        parts = orjson.loads(value)
        if time() - parts.pop("at") < FRESH_S:
            found[str(process)] = LiveMetrics(**parts)
    return found


def sum_metrics(processes: Sequence[LiveMetrics]) -> LiveMetrics:
    """Return what is so of all together; the lag is that of the slowest."""
    return LiveMetrics(
        subscribers=sum(one.subscribers for one in processes),
        events=max((one.events for one in processes), default=0),
        lag_ms=max((one.lag_ms for one in processes), default=0),
        dropped=sum(one.dropped for one in processes),
        refills=sum(one.refills for one in processes),
        misses=sum(one.misses for one in processes),
    )
