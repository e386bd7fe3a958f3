"""What waits for one subscriber: of each topic the newest event, however slow it is."""

import asyncio
from collections.abc import Collection

from datasources.redis.live import LiveEvent


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
