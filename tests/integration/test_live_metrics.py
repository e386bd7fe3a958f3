"""What each process says of its live updates, and what `doctor` makes of it."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from datasources.diagnosis import diagnose
from datasources.redis import live_metrics
from datasources.redis.client import Redis
from datasources.redis.live import announce
from datasources.redis.live_metrics import (
    LiveMetrics,
    fetch_metrics,
    remove_metrics,
    sum_metrics,
    write_metrics,
)
from datasources.redis.mailbox import Backlog
from datasources.redis.settings import RedisSettings
from datasources.settings import StoreSettings
from datasources.stores import Stores
from gateway.live_metrics import measured, metrics_of
from resolvers.live import Live
from tests.factories.live import SOON_S, eventually, running
from tests.plugins.databases import URLS

ONE = LiveMetrics(subscribers=1, events=2, lag_ms=3, dropped=4, refills=5, misses=6)


async def test_processes_are_told_apart_until_they_are_silent(
    empty_stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    redis = empty_stores.redis
    assert await fetch_metrics(redis) == {}
    await write_metrics(redis, "a:1", ONE)
    await write_metrics(redis, "a:2", replace(ONE, lag_ms=9))
    found = await fetch_metrics(redis)
    assert found == {"a:1": ONE, "a:2": replace(ONE, lag_ms=9)}
    assert sum_metrics(list(found.values())) == LiveMetrics(2, 2, 9, 8, 10, 12)
    await remove_metrics(redis, "a:1")
    assert list(await fetch_metrics(redis)) == ["a:2"]
    monkeypatch.setattr(live_metrics, "FRESH_S", -1)
    assert await fetch_metrics(redis) == {}


async def test_a_process_says_how_it_goes(
    empty_stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.live_metrics.WRITE_EVERY_S", 0.01)
    redis = empty_stores.redis
    async with running(empty_stores) as live:
        with live.reader.filling(Backlog(["a"])):
            await live.reader.ready()
            await announce(redis, "a")

            async def told() -> bool:
                found = (await fetch_metrics(redis)).values()
                return any(one.subscribers == one.events == 1 for one in found)

            async with measured(empty_stores, live):
                await eventually(told)
            assert await fetch_metrics(redis) == {}
            live.reader.counts.lag_ms = 8
            assert (metrics_of(live).lag_ms, metrics_of(live).lag_ms) == (8, 0)


async def test_no_slow_event_is_lost_to_the_log(
    empty_stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log has the slowest of all that was told to Redis since its last line."""
    lags = iter([5, 80, 7, 6])
    told, logged = [], asyncio.Event()

    def next_metrics(_: Live) -> LiveMetrics:
        return replace(ONE, lag_ms=next(lags, 0))

    async def write(_redis: Redis, _process: str, metrics: LiveMetrics) -> None:
        told.append(metrics.lag_ms)
        if len(told) > 6:
            logged.set()

    monkeypatch.setattr("gateway.live_metrics.WRITE_EVERY_S", 0.01)
    monkeypatch.setattr("gateway.live_metrics.LOG_EVERY_S", 0.03)
    monkeypatch.setattr("gateway.live_metrics.metrics_of", next_metrics)
    monkeypatch.setattr("gateway.live_metrics.write_metrics", write)
    with capture_logs() as logs:
        async with running(empty_stores) as live, measured(empty_stores, live):
            await asyncio.wait_for(logged.wait(), SOON_S)
    assert told[:4] == [5, 80, 7, 6]
    in_log = [one["lag_ms"] for one in logs if one["event"] == "live updates"]
    assert in_log[:2] == [80, 6]


@pytest.mark.skipif(not URLS["redis"], reason="no real Redis: set POLYPHONY_REDIS_URL")
async def test_the_doctor_says_how_live_updates_go(
    empty_stores: Stores, kind: str, data_dir: Path
) -> None:
    if kind != "real":
        pytest.skip("an embedded Redis is in the memory of its process")
    prefix = empty_stores.redis.prefix
    redis = RedisSettings(url=SecretStr(URLS["redis"] or ""), prefix=prefix)
    settings = StoreSettings(redis=redis, data_dir=data_dir)
    await write_metrics(empty_stores.redis, "a:1", ONE)
    await write_metrics(empty_stores.redis, "a:2", replace(ONE, lag_ms=9))
    *_, told = await diagnose(settings)
    assert told.live == (
        "2 processes, 2 subscribers, lag 9 ms, 8 connections dropped, 10 refills, 12 misses"
    )
