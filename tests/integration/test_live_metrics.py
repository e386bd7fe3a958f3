"""What each process says of its live updates, and what `doctor` makes of it."""

from dataclasses import replace

import pytest

from datasources.redis import live_metrics
from datasources.redis.live import announce
from datasources.redis.live_metrics import (
    LiveMetrics,
    fetch_metrics,
    remove_metrics,
    sum_metrics,
    write_metrics,
)
from datasources.redis.mailbox import Backlog
from datasources.stores import Stores
from gateway.live_metrics import measured, metrics_of
from tests.factories.live import eventually, running

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
