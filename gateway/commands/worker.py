"""`worker`: does what is queued, beside the servers."""

import asyncio
import signal
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.settings import Settings

if TYPE_CHECKING:
    from gateway.worker.loop import Tally

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def worker(
    once: Annotated[
        bool, typer.Option("--once", help="Do what is due now, say what became of it, and end.")
    ] = False,
) -> None:
    """Send mails, publish events, remove deleted accounts, until SIGTERM or Ctrl-C."""
    from gateway.observability.logs import configure_logs

    settings = Settings()
    configure_logs(production=settings.production)
    done = asyncio.run(_work(settings, once=once))
    if once:
        later = "; they are tried again later" if done.failed else ""
        typer.echo(f"{done.done} done, {done.failed} failed{later}.")


async def _work(settings: Settings, *, once: bool) -> "Tally":
    import structlog

    from datasources.stores import open_stores
    from gateway.identity import open_identity
    from gateway.worker.events import sweeping_events
    from gateway.worker.key_use import keeping_use
    from gateway.worker.loop import Worker
    from gateway.worker.notifications import queue_digests, tending_notifications
    from gateway.worker.run import duties, kinds_done_by
    from resolvers.context import utc_now
    from resolvers.key_use import keep_use
    from resolvers.publishing import publish_missed

    log = structlog.get_logger(__name__)
    async with (
        open_stores(settings.stores) as stores,
        open_identity(settings, stores) as identity,
    ):
        kinds = kinds_done_by(settings)
        wanted = duties(settings, stores, identity)
        done_here = {kind: duty for kind, duty in wanted.items() if kind in kinds}
        one = Worker(stores.postgres, done_here)
        stop = asyncio.Event()
        for each in _STOP_SIGNALS:
            asyncio.get_running_loop().add_signal_handler(each, stop.set)
        # An embedded Redis is in the memory of the server: nobody else reaches its streams.
        publishes = settings.redis.url is not None
        keeps = publishes and settings.mongo.url is not None
        if once:
            await queue_digests(stores.postgres)
            tally = await one.drain(stop)
            if publishes:
                await publish_missed(stores)
            if keeps:
                await keep_use(stores, utc_now())
            return tally
        left = ", ".join(kind for kind in wanted if kind not in kinds)
        log.info("worker starts", does=", ".join(done_here), leaves_to_the_server=left or "nothing")
        async with (
            sweeping_events(stores) if publishes else nullcontext(),
            tending_notifications(stores.postgres),
            keeping_use(stores) if keeps else nullcontext(),
        ):
            await one.run(stop)
        log.info("worker stopped", done=one.tally.done, failed=one.tally.failed)
        return one.tally
