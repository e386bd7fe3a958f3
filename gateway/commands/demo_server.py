"""The server of `demo`: one process, and a clean stop by signal."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager

import uvicorn
from starlette.types import ASGIApp

from gateway.commands.sockets import close_all

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class DemoServer(uvicorn.Server):
    """A uvicorn server in a running loop: it says when it answers, and ends with a return.

    uvicorn itself raises the signal that stopped it once more, and the process would end by it
    before its stores are closed.
    """

    def __init__(
        self, app: Callable[[], ASGIApp], stop_timeout_s: int, answering: Callable[[], None]
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                factory=True,
                log_config=None,
                access_log=False,
                server_header=False,
                lifespan="on",
                proxy_headers=False,  # nobody stands in front
                timeout_graceful_shutdown=stop_timeout_s,
            )
        )
        self._answering = answering

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        if self.started and not self.should_exit:
            self._answering()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to `run_until_stopped`."""
        yield

    def stop(self) -> None:
        """Finish what is being answered and return; at the second call do not wait for it."""
        self.force_exit = self.should_exit
        self.should_exit = True


async def run_until_stopped(
    server: DemoServer, sockets: list[socket.socket], prepared: AbstractAsyncContextManager[object]
) -> None:
    """Prepare, serve, and return once Ctrl-C, SIGTERM or a closed terminal says so.

    A signal during the preparation gives it up; what it has opened is closed all the same.
    """
    loop = asyncio.get_running_loop()

    def give_up() -> None:
        if preparing is not None and not server.should_exit:
            preparing.cancel()
        server.stop()

    preparing = asyncio.current_task()
    for one in _STOP_SIGNALS:
        loop.add_signal_handler(one, give_up)
    try:
        async with prepared:
            preparing = None
            await server.serve(sockets)
    except asyncio.CancelledError:
        if not server.should_exit:
            raise
    finally:
        close_all(sockets)
