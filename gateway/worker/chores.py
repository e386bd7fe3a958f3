"""What the worker does again and again, whatever is queued; `worker --once` does each once."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

import structlog

from datasources.errors import StoreError
from datasources.postgres import jobs, outbox
from datasources.postgres.idempotency import remove_old_outcomes
from datasources.postgres.notifications import remove_old_notifications
from datasources.stores import Stores
from gateway.background import every
from gateway.settings import Settings
from gateway.tasks import beside
from gateway.worker.notifications import queue_digests
from resolvers.context import utc_now
from resolvers.key_use import keep_use
from resolvers.listens_told import tell_untold
from resolvers.publishing import publish_missed

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Chore:
    """One of them. Any number of processes may do it: they do not get in each other's way.

    `work` says how much it was; `needs` names the stores beside PostgreSQL.
    """

    what: str
    pause_s: float
    work: Callable[[], Awaitable[int]]
    needs: frozenset[str] = frozenset()

    async def do(self) -> None:
        """Do it now, and log how much it was."""
        if count := await self.work():
            log.info("chore done", what=self.what, count=count)


def chores(stores: Stores) -> Sequence[Chore]:
    """Return all that is done again and again, in the order in which it is done once."""
    postgres = stores.postgres
    redis, both = frozenset({"redis"}), frozenset({"mongo", "redis"})

    async def old_notifications() -> int:
        return await remove_old_notifications(postgres, utc_now())

    async def untold_listens() -> int:
        return await tell_untold(stores, utc_now())

    async def key_use() -> int:
        # Each day until it is a week old: a store may be away for so long, and nothing is lost.
        return await keep_use(stores, utc_now())

    return [
        Chore("queue digests", 300, partial(queue_digests, postgres)),
        Chore("publish missed events", 1, partial(publish_missed, stores), redis),
        Chore("tell missed listens", 15, untold_listens, both),
        Chore("remove old notifications", 3600, old_notifications),
        Chore("remove old events", 600, partial(outbox.remove_old, postgres)),
        Chore("remove what has expired", 600, partial(jobs.sweep, postgres)),
        Chore("remove old outcomes", 600, partial(remove_old_outcomes, postgres)),
        Chore("keep use of API keys", 3600, key_use, both),
    ]


def chores_beside_the_server(settings: Settings, stores: Stores) -> Sequence[Chore]:
    """Return those that a process beside the server can do.

    An embedded Redis or MongoDB is in the memory of the server: nobody else reaches it.
    """
    urls = {"mongo": settings.mongo.url, "redis": settings.redis.url}
    return [one for one in chores(stores) if all(urls[name] for name in one.needs)]


@asynccontextmanager
async def doing(what: Sequence[Chore]) -> AsyncIterator[None]:
    """Do each at once and after its pauses, until the end of the block."""
    async with beside(*(every(one.pause_s, one.what, one.do) for one in what)):
        yield


async def do_once(what: Sequence[Chore]) -> Exception | None:
    """Do each, whatever becomes of the others; return the error of the first that failed."""
    failed: Exception | None = None
    for one in what:
        try:
            await one.do()
        except Exception as error:  # noqa: BLE001  the others, and the jobs, are done all the same
            reason = error.store if isinstance(error, StoreError) else type(error).__name__
            log.warning("chore not done", what=one.what, reason=reason)
            failed = failed or error
    return failed
