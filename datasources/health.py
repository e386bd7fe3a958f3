"""Whether each store answers, and how fast."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import perf_counter

from sqlalchemy import text

from datasources.errors import StoreError
from datasources.stores import Stores


@dataclass(frozen=True, slots=True)
class StoreHealth:
    """One store's answer: its version and the round trip in milliseconds, or what is wrong."""

    store: str
    version: str | None
    latency_ms: float
    problem: str | None = None

    @property
    def ok(self) -> bool:
        """Whether it answered."""
        return self.problem is None


async def check_stores(stores: Stores) -> list[StoreHealth]:
    """Return the health of PostgreSQL, MongoDB and Redis, in this order, asked at once."""
    return list(
        await asyncio.gather(
            _check("postgres", stores, _postgres),
            _check("mongo", stores, _mongo),
            _check("redis", stores, _redis),
        )
    )


async def _check(
    store: str, stores: Stores, ask: Callable[[Stores], Awaitable[str]]
) -> StoreHealth:
    started = perf_counter()
    try:
        version, problem = await ask(stores), None
    except StoreError as error:
        version, problem = None, error.detail or "no answer in time"
    except Exception as error:  # noqa: BLE001  whatever is wrong is what is asked for
        version, problem = None, f"{type(error).__name__}: {error}"
    return StoreHealth(store, version, (perf_counter() - started) * 1000, problem)


async def _postgres(stores: Stores) -> str:
    (row,) = await stores.postgres.read(text("show server_version"))
    version, _, _packaging = str(row[0]).partition(" ")
    return version


async def _mongo(stores: Stores) -> str:
    return await stores.mongo.version()


async def _redis(stores: Stores) -> str:
    return await stores.redis.version()
