"""The server of `demo`: one process, and a clean stop by signal."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager

from starlette.types import ASGIApp

from gateway.commands.sockets import close_all
from gateway.server.config import ServerConfig
from gateway.server.server import Server
from gateway.settings import Settings

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class DemoServer(Server):
    """A server in a running loop that says when it answers, and stops without delay."""

    def __init__(
        self, app: Callable[[], ASGIApp], settings: Settings, answering: Callable[[], None]
    ) -> None:
        nobody_in_front = settings.stop.model_copy(update={"delay_s": 0, "window_s": 0})
        super().__init__(
            ServerConfig(
                app,
                settings.connection,
                nobody_in_front,
                max_message_bytes=settings.transport.max_message_bytes,
                proxy_headers=False,
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
        server.hurry()

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
