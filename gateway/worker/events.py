"""Publishes events that a request could not, and removes those that were, long ago."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from datasources.postgres.outbox import remove_old
from datasources.stores import Stores
from gateway.background import every
from gateway.tasks import beside
from resolvers.context import utc_now
from resolvers.listens_told import tell_untold
from resolvers.publishing import publish_missed

log = structlog.get_logger(__name__)

_SWEEP_S = 1.0
_REMOVE_S = 600.0
_LISTENS_S = 15.0


@asynccontextmanager
async def sweeping_events(stores: Stores) -> AsyncIterator[None]:
    """Look for events that wait, again and again, until the end of the block.

    Any number of processes may: they do not get in each other's way.
    """

    async def publish() -> None:
        if missed := await publish_missed(stores):
            log.info("events published that were missed", events=missed)

    async def tell() -> None:
        if told := await tell_untold(stores, utc_now()):
            log.info("listens told that were missed", listens=told)

    async def remove() -> None:
        await remove_old(stores.postgres)

    async with beside(
        every(_SWEEP_S, "events", publish),
        every(_LISTENS_S, "listens", tell),
        every(_REMOVE_S, "old events", remove),
    ):
        yield
