"""Copies how API keys are used from Redis to MongoDB, every hour: days are kept there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from datasources.stores import Stores
from gateway.background import every
from gateway.tasks import beside
from resolvers.context import utc_now
from resolvers.key_use import keep_use

_EVERY_S = 3600.0


@asynccontextmanager
async def keeping_use(stores: Stores) -> AsyncIterator[None]:
    """Copy it at once and then every hour, until the end of the block; any number may.

    Each day is copied until it is a week old: a store may be away for so long, and nothing is lost.
    """

    async def keep() -> None:
        await keep_use(stores, utc_now())

    async with beside(every(_EVERY_S, "kept use of API keys", keep)):
        yield
