"""`worker`: does what is queued, beside the servers."""

import asyncio
import signal
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
    from gateway.worker.chores import chores_beside_the_server, do_once, doing
    from gateway.worker.loop import Worker
    from gateway.worker.run import duties, kinds_done_by

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
        chores = chores_beside_the_server(settings, stores)
        if once:
            failed = await do_once(chores)  # digests are mails that are due by now
            tally = await one.drain(stop)
            if failed is not None:
                raise failed
            return tally
        left = ", ".join(kind for kind in wanted if kind not in kinds)
        log.info("worker starts", does=", ".join(done_here), leaves_to_the_server=left or "nothing")
        async with doing(chores):
            await one.run(stop)
        log.info("worker stopped", done=one.tally.done, failed=one.tally.failed)
        return one.tally
