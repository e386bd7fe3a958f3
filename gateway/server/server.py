"""uvicorn's server with our stop: told first, then refused, then finished, and nothing lost."""

import asyncio
import contextlib
import signal
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from types import FrameType

import structlog
import uvicorn
from uvicorn.server import HANDLED_SIGNALS

from gateway.server.config import ServerConfig
from gateway.server.draining import Draining
from gateway.server.http import GuardedHttp
from gateway.server.stack import with_room
from gateway.server.websocket import GuardedWebSocket

log = structlog.get_logger(__name__)

_SWEEP_EVERY_S = 1.0
_LATE_S = 0.1
_LOOK_EVERY_S = 0.05
_CANCELLED_WITHIN_S = 2.0


class Server(uvicorn.Server):
    """One process that serves; `serve` returns when it has stopped, and raises no signal again.

    The application shares its `Draining` as `draining` in the state of its lifespan.
    """

    def __init__(self, config: ServerConfig) -> None:
        super().__init__(config)
        self.stop_settings = config.stop
        self.draining = Draining()
        self.in_a_hurry = False
        self._served = False
        self._sweeping: asyncio.Task[None] | None = None

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until stopped."""
        with_room(partial(super().run, sockets))

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and look after the connections from then on."""
        await super().startup(sockets)
        self.draining = self.lifespan.state.get("draining", self.draining)
        self._sweeping = asyncio.create_task(self._sweep())

    async def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _SWEEP_EVERY_S
            await asyncio.sleep(_SWEEP_EVERY_S)
            if loop.time() > due + _LATE_S:
                # We were busy, and the peers not slow: first take in what they have sent.
                await asyncio.sleep(_LATE_S)
            now = loop.time()
            for one in list(self.server_state.connections):
                if isinstance(one, GuardedHttp | GuardedWebSocket):
                    one.sweep(now)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop in order: readiness, listeners, requests and sockets, at last the lifespan.

        Ctrl-C is somebody who waits: there is no delay then, and no window.
        """
        settings = self.stop_settings
        self.draining.announce()
        if self._served:  # a signal during the start: nobody has come yet
            log.info("stopping", delay_s=settings.delay_s, window_s=settings.window_s)
            await self._wait(settings.delay_s, lambda: self.in_a_hurry)
        self.draining.begin(0 if self.in_a_hurry else settings.window_s)
        await self._close_listeners(sockets or ())
        for connection in self.server_state.connections:
            if isinstance(connection, GuardedHttp):
                connection.close_after_answer()
        await self._finish()
        # Nothing runs any more: what is left are idle connections, closed now.
        await super().shutdown(sockets)
        if self._sweeping is not None:
            self._sweeping.cancel()

    async def _close_listeners(self, sockets: Sequence[socket.socket]) -> None:
        """Close them, after having taken whoever waits there: the system would reset those."""
        waiting = [peer for one in sockets for peer in _accepted(one)]
        for server in self.servers:
            server.close()
        for one in sockets:
            one.close()
        for peer in waiting:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: self.config.http_protocol_class(  # type: ignore[call-arg]  # as uvicorn does
                    config=self.config,
                    server_state=self.server_state,
                    app_state=self.lifespan.state,
                ),
                peer,
            )

    async def main_loop(self) -> None:
        """Serve until a signal comes."""
        self._served = True
        await super().main_loop()

    @property
    def finished(self) -> bool:
        """Whether no request, stream or socket is left, nor one whose head is arriving."""
        return not self.server_state.tasks and not any(
            isinstance(one, GuardedHttp) and one.in_a_head for one in self.server_state.connections
        )

    async def _finish(self) -> None:
        """Return when all work is done, or cut off what takes too long."""
        settings = self.stop_settings
        await self._wait(settings.timeout_s, lambda: self.finished)
        if self.finished:
            return
        left = list(self.server_state.tasks)
        log.warning("cut off when stopping", requests=len(left), timeout_s=settings.timeout_s)
        for task in left:
            task.cancel("the server stops")
        if left and not self.force_exit:
            await asyncio.wait(left, timeout=_CANCELLED_WITHIN_S)

    async def _wait(self, longest_s: float, done: Callable[[], bool]) -> None:
        """Return once something is so, after the time given, or when told not to wait."""
        until = time.monotonic() + longest_s
        while not done() and not self.force_exit and time.monotonic() < until:  # noqa: ASYNC110  as uvicorn waits
            await asyncio.sleep(min(_LOOK_EVERY_S, longest_s))

    def hurry(self) -> None:
        """Stop without delay and window; at the second call without waiting for anything."""
        self.force_exit = self.in_a_hurry
        self.in_a_hurry = self.should_exit = True
        self.draining.cut_short()

    def handle_exit(self, sig: int, _: FrameType | None) -> None:
        """Stop: at Ctrl-C in a hurry."""
        if sig == signal.SIGINT:
            self.hurry()
        self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle the signals that stop, and do not raise them again: to have stopped is success."""
        before = {one: signal.signal(one, self.handle_exit) for one in HANDLED_SIGNALS}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)


def _accepted(listener: socket.socket) -> Iterator[socket.socket]:
    listener.setblocking(False)
    with contextlib.suppress(OSError):  # nobody any more
        while True:
            yield listener.accept()[0]
