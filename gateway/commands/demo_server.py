"""The server of `demo`: sockets taken early, one process, and a clean stop by signal."""

import asyncio
import contextlib
import errno
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager

import uvicorn
from starlette.types import ASGIApp

_BACKLOG = 2048
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class PortTaken(Exception):
    """Somebody else listens on the port."""


def listen_on(host: str, port: int) -> list[socket.socket]:
    """Return sockets that listen on each address of a host ("localhost" has two, often).

    Taken before anything is prepared, so that nobody else gets the port meanwhile; clients that
    come early wait. Port 0 takes any that is free, the same on each address.

    Raises:
        PortTaken: somebody listens on one of the addresses.
        OSError: the host has no address here, or the port is not allowed.
    """
    sockets: list[socket.socket] = []
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    addresses = dict.fromkeys((family, str(where[0])) for family, *_, where in found)
    missing: OSError | None = None
    for family, address in addresses:
        try:
            taken = socket.create_server((address, port), family=family, backlog=_BACKLOG)
        except OSError as error:
            if error.errno not in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}:
                _close(sockets)
                if error.errno == errno.EADDRINUSE:
                    raise PortTaken from error
                raise
            missing = error  # a machine without IPv6 may still name its address
            continue
        sockets.append(taken)
        port = taken.getsockname()[1]
    if missing is not None and not sockets:
        raise missing
    return sockets


def _close(sockets: Sequence[socket.socket]) -> None:
    for one in sockets:
        one.close()


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
        _close(sockets)
