"""What a socket still has to send: bounded, so that a client that does not read costs little."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

MAX_EVENTS = 256
MAX_BYTES = 1 << 20
GRACE_S = 2.0
PATIENCE_S = 12.0
SLOW_BYTES_PER_S = 32_768
"""A peer that takes this many bytes a second is slow, and may be."""


class SendQueue:
    """Sends frames in their order, by a task that lives only while there are some.

    While the peer takes what is sent, nothing is bounded here: all leaves within one turn of the
    event loop. Bounds hold once a send has waited for a moment, so that who asks for much at once
    may get it. Those who can wait with it use `room`; the frames of the others count.
    """

    def __init__(
        self,
        send: Callable[[str], Awaitable[None]],
        clock: Callable[[], float],
        *,
        max_events: int = MAX_EVENTS,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._send = send
        self._clock = clock
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._frames: deque[bytes] = deque()
        self._bytes = 0
        self._task: asyncio.Task[None] | None = None
        self._waiting_since: float | None = None
        self._patience_s = 0.0

    def put(self, frame: bytes) -> bool:
        """Let a frame be sent after the others; return False where the peer is too far behind."""
        self._frames.append(frame)
        self._bytes += len(frame)
        if self._task is None:
            self._task = asyncio.create_task(self._drain())
        return not self.behind(self._clock())

    async def room(self) -> None:
        """Return once no send waits: at once, usually."""
        if self._waiting_since is not None:
            await self.sent()

    async def sent(self) -> None:
        """Return once all is sent, or can be no more."""
        if self._task is not None:
            await asyncio.wait({self._task})

    def behind(self, now: float) -> bool:
        """Return whether a send waits while too much is there, or for longer than slow peers need.

        `now` is in seconds, as the clock has it.
        """
        if self._waiting_since is None:
            return False
        waited_s = now - self._waiting_since
        full = len(self._frames) > self._max_events or self._bytes > self._max_bytes
        return (full and waited_s > GRACE_S) or waited_s > max(self._patience_s, PATIENCE_S)

    def drop(self) -> None:
        """Forget what is not sent."""
        if self._task is not None:
            self._task.cancel()
        self._forget()

    async def _drain(self) -> None:
        try:
            while self._frames:
                frame = self._frames.popleft()
                self._waiting_since = self._clock()
                await self._send(frame.decode())
                self._bytes -= len(frame)
                # What is under way when the next send waits; the server has buffers, too.
                self._patience_s = PATIENCE_S + len(frame) / SLOW_BYTES_PER_S
        except (OSError, RuntimeError):
            # The peer is gone, or we have closed: whoever receives is told so, too.
            self._forget()
        finally:
            self._waiting_since = self._task = None

    def _forget(self) -> None:
        self._frames.clear()
        self._bytes = 0
