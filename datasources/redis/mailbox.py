"""What waits for one subscriber: of each topic the newest event, or all of them up to a bound."""

import asyncio
from collections import deque
from collections.abc import Callable, Collection
from typing import Protocol

from datasources.redis.live import LiveEvent

MAX_EVENTS = 256
MAX_BYTES = 1 << 20


class Listener(Protocol):
    """Whom the reader of the live stream tells of events."""

    topics: frozenset[str]

    def put(self, event: LiveEvent) -> None:
        """Take an event."""

    def miss(self) -> None:
        """Note that events may be missing."""


class Box(Listener, Protocol):
    """What the reader of the live stream fills, and reads it for."""

    def lose(self) -> None:
        """Note that the stream does not answer."""

    def wake(self) -> None:
        """Let the subscriber look around."""


class Mailbox:
    """Latest wins: it never holds more events than the subscriber has topics.

    `missed` says that events may be missing, until the subscriber forgets it; `lost` that the
    stream has not been heard of for too long.
    """

    __slots__ = ("_events", "_woken", "lost", "missed", "topics")

    def __init__(self, topics: Collection[str]) -> None:
        self.topics = frozenset(topics)
        self.lost = False
        self.missed = False
        self._events: dict[str, LiveEvent] = {}
        self._woken = asyncio.Event()

    def put(self, event: LiveEvent) -> None:
        """Take an event in place of an earlier one of its topic."""
        self._events[event.topic] = event
        self._woken.set()

    def miss(self) -> None:
        """Note that events may be missing: what waits here is of a stream that is no more."""
        self._events.clear()
        self.missed = True
        self._woken.set()

    def lose(self) -> None:
        """Note that the stream does not answer."""
        self.lost = True
        self._woken.set()

    def wake(self) -> None:
        """Let the subscriber look around."""
        self._woken.set()

    def take(self, topics: Collection[str]) -> list[LiveEvent]:
        """Return what waits of these topics, those first that have waited longest."""
        return [self._events.pop(topic) for topic in list(self._events) if topic in topics]

    def drop_through(self, topics: Collection[str], epoch: str | None, seq: int) -> None:
        """Forget what a state already holds that was read at this place of the stream."""
        for topic in topics:
            event = self._events.get(topic)
            if event is not None and event.at.epoch == epoch and event.at.seq <= seq:
                del self._events[topic]

    async def wait(self, timeout_s: float | None) -> None:
        """Return when there is something to look at, or the time is over."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._woken.wait()
        except TimeoutError:
            return
        finally:
            self._woken.clear()


class Backlog:
    """All events in their order, `MAX_EVENTS` and `MAX_BYTES` at most.

    What does not fit is missing, and so is what waits: the subscriber reads it where it is kept.

    `heard` is called with each event before which none waits: it wakes the subscriber, who need not
    wait for anything else then.
    """

    __slots__ = ("_bytes", "_events", "_heard", "_woken", "lost", "missed", "topics")

    def __init__(
        self, topics: Collection[str], heard: Callable[[LiveEvent], None] | None = None
    ) -> None:
        self._heard = heard
        self.topics = frozenset(topics)
        self.lost = False
        self.missed = False
        self._events: deque[LiveEvent] = deque()
        self._bytes = 0
        self._woken = asyncio.Event()

    def __len__(self) -> int:
        return len(self._events)

    def put(self, event: LiveEvent) -> None:
        """Take an event behind the others."""
        if len(self._events) >= MAX_EVENTS or self._bytes + len(event.body) > MAX_BYTES:
            self.miss()
        else:
            self._events.append(event)
            self._bytes += len(event.body)
            if self._heard is None or len(self._events) > 1:
                self._woken.set()
            else:
                self._heard(event)

    def pop(self) -> LiveEvent | None:
        """Return the event that has waited longest, None for none."""
        if not self._events:
            return None
        event = self._events.popleft()
        self._bytes -= len(event.body)
        return event

    def miss(self) -> None:
        """Note that events may be missing: those that wait are read again with them."""
        self._events.clear()
        self._bytes = 0
        self.missed = True
        self._woken.set()

    def lose(self) -> None:
        """Note that the stream does not answer."""
        self.lost = True
        self._woken.set()

    def wake(self) -> None:
        """Let the subscriber look around."""
        self._woken.set()

    async def wait(self, timeout_s: float | None = None) -> None:
        """Return when there is something to look at, or the time is over."""
        try:
            if timeout_s is None:
                await self._woken.wait()
            else:
                async with asyncio.timeout(timeout_s):
                    await self._woken.wait()
        except TimeoutError:
            return
        finally:
            self._woken.clear()
