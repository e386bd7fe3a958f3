"""How the server's stop reaches the application: announced first, then begun."""

import asyncio
import contextlib
import random
import time


class Draining:
    """Whether this process is about to stop; one for a process, at `app.state.draining`.

    A stop has two steps. Once it is `announced`, readiness fails and all else goes on, so that
    load balancers look elsewhere. Once it has `begun`, new operations are refused, and sockets and
    streams leave, each at a moment of its own within the window.
    """

    def __init__(self) -> None:
        self.announced = False
        self._begun = asyncio.Event()
        self._over = asyncio.Event()
        self._began_at = self._until = 0.0

    @property
    def begun(self) -> bool:
        """Whether new operations are refused."""
        return self._begun.is_set()

    @property
    def since_s(self) -> float:
        """How many seconds ago it began; 0 before."""
        return time.monotonic() - self._began_at if self.begun else 0.0

    def announce(self) -> None:
        """Let readiness fail; the rest goes on."""
        self.announced = True

    def begin(self, window_s: float) -> None:
        """Refuse new operations, and wake those who wait: they leave within the window's seconds.

        Only the first call counts; `cut_short` ends the window early.
        """
        if not self.begun:
            self.announced = True
            self._began_at = time.monotonic()
            self._until = self._began_at + window_s
            self._begun.set()

    def cut_short(self) -> None:
        """Let those leave now who wait for their moment in the window."""
        self._over.set()

    async def wait(self) -> None:
        """Return once it has begun."""
        await self._begun.wait()

    async def leave_at_random(self) -> None:
        """Return at a random moment of (what is left of) the window, once it has begun.

        So a thousand clients come back to the other servers one by one. To be cancelled by those
        who are finished before.
        """
        await self._begun.wait()
        left_s = self._until - time.monotonic()
        if left_s > 0:
            moment_s = random.uniform(0, left_s)  # noqa: S311  spreads load, no secret
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(moment_s):
                    await self._over.wait()
