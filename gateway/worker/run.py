"""Puts the worker together, and runs it beside a server."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager

import structlog

from auth.identity import Identity
from datasources.mail.transport import MailTransport, open_transport
from datasources.records.jobs import JobKind
from datasources.stores import Stores
from gateway.settings import Settings
from gateway.worker.chores import chores, doing
from gateway.worker.deletion import DeletionDuty
from gateway.worker.loop import Duty, Worker
from gateway.worker.mails import MailDuty
from gateway.worker.sessions import SessionsDuty

log = structlog.get_logger(__name__)


@asynccontextmanager
async def running_worker(
    settings: Settings, stores: Stores, identity: Identity
) -> AsyncIterator[None]:
    """Do what is queued while the body runs, unless settings say that others do."""
    if not settings.worker:
        yield
        return
    worker = Worker(stores.postgres, duties(settings, stores, identity))
    stop = asyncio.Event()
    working = asyncio.create_task(worker.run(stop), name="worker")
    working.add_done_callback(_notice)
    try:
        async with doing(chores(stores)):
            yield
    finally:
        stop.set()
        await asyncio.gather(working, return_exceptions=True)


def _notice(working: asyncio.Task[None]) -> None:
    """Say at once that a worker has ended which was not told to: the server answers all the same.

    Nobody else waits for it before the server stops.
    """
    if not working.cancelled() and (error := working.exception()) is not None:
        log.error("worker ended", exc_info=error)


def duties(
    settings: Settings,
    stores: Stores,
    identity: Identity,
    transport: MailTransport | None = None,
) -> Mapping[JobKind, Duty]:
    """Return what a worker does of each kind of job; mails go the way that settings say."""
    transport = transport or open_transport(settings.mail, settings.data_dir, identity.host)
    mails = MailDuty(stores.postgres, identity, transport, settings.mail.sender)
    return {
        JobKind.SEND_MAIL: Duty(mails),
        JobKind.DELETE_ACCOUNT: Duty(DeletionDuty(stores), may_be_given_up=False),
        JobKind.FORGET_SESSIONS: Duty(SessionsDuty(stores), may_be_given_up=False),
    }


def kinds_done_by(settings: Settings) -> Collection[JobKind]:
    """Return what a process beside the server can do.

    Embedded stores live in the server's memory, where nobody else reaches them: what is more than
    mail is left to the server then.
    """
    in_memory = settings.mongo.url is None or settings.redis.url is None
    return [JobKind.SEND_MAIL] if in_memory else list(JobKind)
