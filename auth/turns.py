"""Turns at something that few can use at once: fair between those who wait, whoever asks most."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class NoRoom(Exception):
    """As many wait as may: in all, or of the same origin."""


class Turns:
    """`places` at once; the next turn goes to the origin that has waited longest for one.

    Each origin has its own line, and takes part with one turn in each round. So who fills their
    line keeps others waiting for one turn, not for all of theirs. "" is no origin in particular.
    """

    def __init__(self, places: int, waiting: int, waiting_of_one: int) -> None:
        self._free = places
        self._waiting = waiting
        self._waiting_of_one = waiting_of_one
        self._lines: dict[str, deque[asyncio.Future[None]]] = {}
        self._here = 0

    @asynccontextmanager
    async def turn(self, origin: str) -> AsyncIterator[None]:
        """Wait for a turn, and hold it while the body runs.

        Raises:
            NoRoom: too many wait already.
        """
        await self._begin(origin)
        try:
            yield
        finally:
            self._pass_on()

    async def _begin(self, origin: str) -> None:
        if self._free:
            self._free -= 1
            return
        line = self._lines.get(origin, ())
        crowded = bool(origin) and len(line) >= self._waiting_of_one
        if self._here >= self._waiting or crowded:
            raise NoRoom
        mine = asyncio.get_running_loop().create_future()
        self._lines.setdefault(origin, deque()).append(mine)
        self._here += 1
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():
                self._pass_on()  # it was our turn just now
            else:
                self._leave(origin, mine)
            raise

    def _pass_on(self) -> None:
        while self._lines:
            origin = next(iter(self._lines))
            line = self._lines.pop(origin)
            mine = line.popleft()
            self._here -= 1
            if line:
                self._lines[origin] = line  # behind all others
            if not mine.cancelled():
                mine.set_result(None)
                return
        self._free += 1

    def _leave(self, origin: str, mine: "asyncio.Future[None]") -> None:
        line = self._lines.get(origin)
        if line is not None and mine in line:
            line.remove(mine)
            self._here -= 1
            if not line:
                del self._lines[origin]
