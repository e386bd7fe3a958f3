"""How live updates go in this process: told to the log, and to Redis for `doctor`."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, replace

import structlog
from starlette.requests import HTTPConnection

from datasources.errors import StoreError
from datasources.redis.live_metrics import LiveMetrics, remove_metrics, write_metrics
from datasources.stores import Stores
from gateway.tasks import beside
from resolvers.live import Live

log = structlog.get_logger(__name__)

WRITE_EVERY_S = 10
LOG_EVERY_S = 60


def count_dropped(connection: HTTPConnection) -> None:
    """Count a connection that is ended since its client reads too slowly or answers no ping."""
    live: Live | None = getattr(connection.state, "live", None)
    if live is not None:
        live.counts.dropped += 1


def metrics_of(live: Live) -> LiveMetrics:
    """Return how it goes; the lag is that of the slowest event since the last call."""
    reader = live.reader
    metrics = LiveMetrics(
        subscribers=reader.subscribers,
        events=reader.counts.events,
        lag_ms=reader.counts.lag_ms,
        dropped=live.counts.dropped,
        refills=live.counts.refills,
        misses=reader.counts.misses,
    )
    reader.counts.lag_ms = 0
    return metrics


@asynccontextmanager
async def measured(stores: Stores, live: Live) -> AsyncIterator[None]:
    """Tell how it goes until the end of the block."""
    process = f"{socket.gethostname()}:{os.getpid()}"
    try:
        async with beside(_tell(stores, live, process)):
            yield
    finally:
        with suppress(StoreError):
            await remove_metrics(stores.redis, process)


async def _tell(stores: Stores, live: Live, process: str) -> None:
    last: LiveMetrics | None = None
    rounds = slowest_ms = 0
    while True:
        await asyncio.sleep(WRITE_EVERY_S)
        metrics = metrics_of(live)
        with suppress(StoreError):  # of Redis others have told
            await write_metrics(stores.redis, process, metrics)
        rounds += 1
        slowest_ms = max(slowest_ms, metrics.lag_ms)
        if rounds * WRITE_EVERY_S >= LOG_EVERY_S:
            metrics = replace(metrics, lag_ms=slowest_ms)
            rounds = slowest_ms = 0
            if metrics != last:
                log.info("live updates", **asdict(metrics))
            last = metrics
