"""All sockets of a process: how many there may be, their clocks, and their leave at a stop."""

import asyncio
from collections import Counter
from collections.abc import Callable
from time import monotonic
from typing import Protocol

import structlog

from auth.principal import Principal
from gateway.graphql.frames import TRY_AGAIN, Closing
from gateway.graphql.settings import TransportSettings
from gateway.server.draining import Draining

log = structlog.get_logger(__name__)

TICK_S = 1.0


def counted_as(principal: Principal) -> str | None:
    """Return whose sockets and streams are counted together: a person's, an app's or a service's.

    None for nobody, and for a publishable key: it stands in pages, and is everybody's.
    """
    acts_for = principal.user_id or principal.app_id or principal.service
    return None if acts_for is None else str(acts_for)


class Ticking(Protocol):
    """A socket, as its registry sees it."""

    address: str

    def tick(self, now: float) -> None:
        """Do what is due at this time."""

    async def leave(self) -> None:
        """Answer what was asked, and close: the server stops."""


class Sockets:
    """Counts sockets by who they act for, or, while that is nobody, by where they come from.

    One task ticks for all of them, while there are some: a timer of each would cost more memory
    than all else that an idle socket has here.
    """

    def __init__(
        self,
        settings: TransportSettings,
        draining: Draining,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._settings = settings
        self._draining = draining
        self.clock = clock
        self._keys: dict[Ticking, str] = {}
        self._counts: Counter[str] = Counter()
        self._task: asyncio.Task[None] | None = None
        self._told: set[Ticking] = set()  # that the server stops
        self._leaving: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._keys)

    def full(self, address: str) -> bool:
        """Return whether there is no room for another socket from this address."""
        settings = self._settings
        return (
            len(self._keys) >= settings.max_sockets
            or self._counts[address] >= settings.max_sockets_per_address
        )

    def add(self, socket: Ticking) -> None:
        """Count a socket whose client has not said who it is."""
        self._keys[socket] = socket.address
        self._counts[socket.address] += 1
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        if self._draining.begun:  # accepted just then: nobody else tells it to leave
            self._let_leave(socket)

    def identify(self, socket: Ticking, principal: Principal) -> None:
        """Count a socket for whom it acts for from now on.

        Raises:
            Closing: 1013, they have as many as they may.
        """
        key, limit = counted_as(principal), self._settings.max_sockets_per_principal
        if key is None:
            return
        if self._counts[key] >= limit:
            raise Closing(TRY_AGAIN, f"At most {limit} sockets of one account")
        self._uncount(socket)
        self._keys[socket] = key
        self._counts[key] += 1

    def remove(self, socket: Ticking) -> None:
        """Forget a socket."""
        self._uncount(socket)
        del self._keys[socket]
        self._told.discard(socket)
        if not self._keys and self._task is not None:
            self._task.cancel()
            self._task = None

    def tick(self) -> None:
        """Let each socket do what is due."""
        now = self.clock()
        for socket in tuple(self._keys):
            socket.tick(now)

    async def _run(self) -> None:
        leaving = False
        while True:
            if leaving:
                await asyncio.sleep(TICK_S)
            else:
                leaving = await self._draining_within(TICK_S)
                if leaving:
                    for socket in tuple(self._keys):
                        self._let_leave(socket)
            try:
                self.tick()
            except Exception:
                log.exception("sockets do not tick")

    async def _draining_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._draining.wait()
        except TimeoutError:
            return False
        return True

    def _let_leave(self, socket: Ticking) -> None:
        if socket not in self._told:
            self._told.add(socket)
            task = asyncio.create_task(self._leave_at_random(socket))
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)

    async def _leave_at_random(self, socket: Ticking) -> None:
        await self._draining.leave_at_random()
        if socket in self._keys:
            await socket.leave()

    def _uncount(self, socket: Ticking) -> None:
        key = self._keys[socket]
        self._counts[key] -= 1
        if not self._counts[key]:
            del self._counts[key]
