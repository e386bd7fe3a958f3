"""What a process does beside its requests: keys, revocations, use of keys, what is live."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog

from auth.identity import Identity
from auth.key_use import FLUSH_S as USE_EVERY_S
from auth.keyring import REFRESH_S as KEYS_EVERY_S
from auth.page_origins import REFRESH_S as ORIGINS_EVERY_S
from auth.revocations import REFRESH_S as REVOCATIONS_EVERY_S
from datasources.cancellation import heed_cancellation
from datasources.errors import StoreError
from datasources.stores import Stores
from gateway.live_metrics import measured
from resolvers.context import utc_now
from resolvers.live import Live

log = structlog.get_logger(__name__)


@asynccontextmanager
async def kept_fresh(identity: Identity, stores: Stores) -> AsyncIterator[None]:
    """Read revocations and keys again and again, until the end of the block.

    How API keys are used is written down so, too, and once more at the end.
    """

    async def revocations() -> None:
        await identity.revocations.refresh(stores.postgres, utc_now())

    async def key_use() -> None:
        await identity.key_use.flush(stores, utc_now())

    async def origins() -> None:
        await identity.page_origins.refresh(stores.postgres)

    tasks = [
        asyncio.create_task(every(REVOCATIONS_EVERY_S, "revocations", revocations)),
        asyncio.create_task(every(KEYS_EVERY_S, "signing keys", identity.keys.refresh)),
        asyncio.create_task(every(ORIGINS_EVERY_S, "origins of pages", origins)),
        asyncio.create_task(every(USE_EVERY_S, "use of API keys", key_use)),
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with contextlib.suppress(StoreError):
            await key_use()


@asynccontextmanager
async def live_updates(stores: Stores) -> AsyncIterator[Live]:
    """Yield what subscriptions share; it reads the live stream while there are any."""
    live = Live(stores)
    task = asyncio.create_task(live.run())
    try:
        async with measured(stores, live):
            yield live
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def every(pause_s: float, what: str, refresh: Callable[[], Awaitable[None]]) -> None:
    """Run something at once and then after each pause; say once that it fails, and once that not.

    It goes on whatever happens: a table that is not there yet will be.
    """
    failing = False
    while True:
        try:
            await refresh()
        except Exception as error:  # noqa: BLE001  the next time it may go well
            if not failing:
                reason = error.store if isinstance(error, StoreError) else type(error).__name__
                log.warning("not refreshed", what=what, reason=reason)
            failing = True
        else:
            if failing:
                log.info("refreshed again", what=what)
            failing = False
        heed_cancellation()
        await asyncio.sleep(pause_s)
