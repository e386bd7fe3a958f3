"""Signing in: how long it blocks the event loop, its memory, and whether time tells who is known.

Run: python -m bench.sign_in. Needs POLYPHONY_POSTGRES_URL and POLYPHONY_REDIS_URL; it writes to a
scratch database, which is dropped, and to keys of Redis of its own, which are removed.
"""

import asyncio
import gc
import resource
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from uuid import uuid4

from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from auth.identity import Identity
from auth.principal import ANONYMOUS, SessionKind
from bench.scratch import scratch_database
from datasources.loaders.batch import Loaders
from datasources.postgres.settings import PostgresSettings
from datasources.records.accounts import Role
from datasources.redis.settings import RedisSettings
from datasources.settings import StoreSettings
from datasources.stores import Stores, open_stores
from gateway.identity import open_identity
from gateway.settings import Settings
from resolvers.context import Client, RequestContext
from resolvers.errors import WrongCredentials
from resolvers.roles import NewAccount, create_account
from resolvers.sign_in import sign_in

PEOPLE = 50
ROUNDS = 5
PAIRS = 150
MAX_BLOCK_MS = 20.0
MAX_RATIO = 1.1
MAX_GROWTH_MIB = 100.0  # two threads of 19 MiB, their arenas, and 50 requests
_PASSWORD = "violet otters juggle"  # noqa: S105  of people who exist for seconds
_TICK_S = 0.001


@dataclass(slots=True)
class Load:
    """What 50 sign-ins at once cost."""

    wall_s: float
    longest_block_ms: float
    longest_busy_ms: float


def main() -> None:
    """Measure, print two tables, and end with 1 where a goal is not met."""
    console = Console()
    if not asyncio.run(_run(console)):
        sys.exit(1)


async def _run(console: Console) -> bool:
    settings = Settings()
    if settings.postgres.url is None or settings.redis.url is None:
        console.print("The benchmark needs POLYPHONY_POSTGRES_URL and POLYPHONY_REDIS_URL.")
        return False
    async with (
        scratch_database(settings.postgres.url.get_secret_value()) as url,
        _opened(settings, url) as (stores, identity),
    ):
        for number in range(PEOPLE):
            new = NewAccount(f"user{number}", f"user{number}@example.org", "U", Role.LISTENER)
            await create_account(_context(stores, identity), new, _PASSWORD)
        before = _peak_mib()
        kinds = (SessionKind.COOKIE, SessionKind.TOKENS)
        for kind in kinds:
            await _load(stores, identity, kind)  # opens connections, reads keys
        loads = {
            kind: [await _load(stores, identity, kind) for _ in range(ROUNDS)] for kind in kinds
        }
        growth = _peak_mib() - before
        wrong, unknown = await _times(stores, identity)
    return _print_loads(console, loads, growth) & _print_times(console, wrong, unknown)


@asynccontextmanager
async def _opened(settings: Settings, url: str) -> AsyncIterator[tuple[Stores, Identity]]:
    redis = RedisSettings(url=settings.redis.url, prefix=f"bench:{uuid4().hex}:")
    postgres = PostgresSettings(url=SecretStr(url))
    where = StoreSettings(postgres=postgres, redis=redis, data_dir=settings.data_dir)
    # As in a server, but for the limits: here everybody fails all the time.
    unlimited = settings.auth.model_copy(
        update={"failures_per_account": 10**6, "failures_per_address": 10**6}
    )
    async with open_stores(where) as stores, open_identity(settings, stores) as identity:
        try:
            yield stores, replace(identity, settings=unlimited)
        finally:
            async for key in stores.redis.client.scan_iter(f"{redis.prefix}*"):
                await stores.redis.client.delete(key)


def _context(stores: Stores, identity: Identity) -> RequestContext:
    client = Client("192.0.2.1", "bench", preflight=True)
    return RequestContext(
        ANONYMOUS, Loaders(stores), stores, identity, request_id="bench", client=client
    )


async def _load(stores: Stores, identity: Identity, kind: SessionKind) -> Load:
    gc.collect()
    gc.disable()  # as good as in a server, which collects seldom
    stop = asyncio.Event()
    ticker = asyncio.create_task(_lags(stop))
    await asyncio.sleep(0.02)
    began = time.perf_counter()
    try:
        await asyncio.gather(
            *(
                sign_in(_context(stores, identity), f"user{number}", _PASSWORD, kind)
                for number in range(PEOPLE)
            )
        )
    finally:
        gc.enable()
    wall_s = time.perf_counter() - began
    stop.set()
    return Load(wall_s, *await ticker)


def _peak_mib() -> float:
    """Return the most memory that this process has had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def _lags(stop: asyncio.Event) -> tuple[float, float]:
    """Return how much later than asked for a sleeper was woken at worst, in milliseconds.

    Second, the most that the loop's thread itself has worked in between: what other processes take
    of the machine is not in it.
    """
    longest = busiest = 0.0
    while not stop.is_set():
        began, worked = time.perf_counter(), time.thread_time()
        await asyncio.sleep(_TICK_S)
        longest = max(longest, time.perf_counter() - began - _TICK_S)
        busiest = max(busiest, time.thread_time() - worked)
    return longest * 1000, busiest * 1000


async def _times(stores: Stores, identity: Identity) -> tuple[list[float], list[float]]:
    """Return the seconds of failures, in turns: a wrong password, and one who is unknown."""
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(PAIRS + 5):
        for login, found in zip(("user7", "user-unknown"), times, strict=True):
            began = time.perf_counter()
            try:
                await sign_in(_context(stores, identity), login, "wrong", SessionKind.TOKENS)
            except WrongCredentials:
                if number >= 5:  # the first ones warm up
                    found.append(time.perf_counter() - began)
    return times


def _print_loads(console: Console, loads: dict[SessionKind, list[Load]], growth_mib: float) -> bool:
    table = Table(title=f"{PEOPLE} sign-ins at once, {ROUNDS} rounds", title_justify="left")
    for column in (
        "session",
        "wall, median",
        "longest block, median",
        "at worst",
        "work, at worst",
    ):
        table.add_column(column, justify="right")
    worst = 0.0
    for kind, found in loads.items():
        blocks = [one.longest_block_ms for one in found]
        wall = statistics.median(one.wall_s for one in found)
        busy = max(one.longest_busy_ms for one in found)
        cells = (f"{block:.1f} ms" for block in (statistics.median(blocks), max(blocks), busy))
        table.add_row(kind.value, f"{wall:.2f} s", *cells)
        worst = max(worst, *blocks)
    console.print(table, f"peak memory grew by {growth_mib:.1f} MiB", "")
    return worst < MAX_BLOCK_MS and growth_mib < MAX_GROWTH_MIB


def _print_times(console: Console, wrong: list[float], unknown: list[float]) -> bool:
    table = Table(title=f"Time of a failure, {len(wrong)} pairs in turns", title_justify="left")
    for column in ("who", "median", "tenth", "nine tenths"):
        table.add_column(column, justify="right")
    for name, found in (("wrong password", wrong), ("unknown", unknown)):
        deciles = statistics.quantiles(found, n=10)
        median = statistics.median(found)
        cells = (f"{seconds * 1000:.2f} ms" for seconds in (median, deciles[0], deciles[-1]))
        table.add_row(name, *cells)
    ratio = statistics.median(unknown) / statistics.median(wrong)
    console.print(table, f"unknown / wrong: {ratio:.3f}", "")
    return 1 / MAX_RATIO < ratio < MAX_RATIO


if __name__ == "__main__":
    main()
