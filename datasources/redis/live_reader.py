"""One reader of the live stream per process: it feeds all local subscribers.

It has a connection of its own, and reads only while somebody listens. A Redis that is back within
`patience_s` costs nobody anything: reading goes on behind the last event. Where events may be
missing all the same (flushed, restarted without its data, too far behind), subscribers are told.
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from time import time

import structlog
from redis.asyncio import Redis as RedisClient
from redis.exceptions import RedisError

from datasources.errors import StoreError, StoreTimeout, StoreUnavailable
from datasources.redis.client import STORE, Redis
from datasources.redis.live import LiveEvent, Position, locate, read_on
from datasources.redis.mailbox import Box, Listener, Mailbox

log = structlog.get_logger(__name__)

BLOCK_MS = 500
TIMEOUT_S = 1.5  # longer than the blocking: an answer that is late is not one that waits
PATIENCE_S = 2.0
PAUSE_S = 0.1
SECOND_CHANCE_S = 0.5  # where this process itself stood still, the first try tells nothing


@dataclass(slots=True)
class ReaderCounts:
    """What happened since the process began; `lag_ms` is of the slowest event since it was set.

    An event's lag is from when it was written to when it is in the mailboxes.
    """

    reads: int = 0
    events: int = 0
    misses: int = 0
    lag_ms: int = 0


class LiveReader:
    """Reads while `run` runs. Everything happens in the event loop's thread."""

    def __init__(
        self, redis: Redis, *, block_ms: int = BLOCK_MS, patience_s: float = PATIENCE_S
    ) -> None:
        self._redis = redis
        self._block_ms = block_ms
        self._patience_s = patience_s
        self._mailboxes: set[Box] = set()
        self._beside: set[Listener] = set()
        self._by_topic: defaultdict[str, set[Listener]] = defaultdict(set)
        self._wanted = asyncio.Event()
        self._contact = asyncio.Event()
        self._at: Position | None = None
        self.counts = ReaderCounts()

    @property
    def subscribers(self) -> int:
        """How many listen."""
        return len(self._mailboxes)

    @contextmanager
    def subscribed(self, topics: Collection[str]) -> Iterator[Mailbox]:
        """Put the latest events of these topics into a mailbox, until the end of the block."""
        mailbox = Mailbox(topics)
        with self.filling(mailbox):
            yield mailbox

    @contextmanager
    def filling(self, mailbox: Box) -> Iterator[None]:
        """Put events of its topics into a mailbox, until the end of the block."""
        self._mailboxes.add(mailbox)
        for topic in mailbox.topics:
            self._by_topic[topic].add(mailbox)
        self._wanted.set()
        try:
            yield
        finally:
            self._mailboxes.discard(mailbox)
            for topic in mailbox.topics:
                self._by_topic[topic].discard(mailbox)
                if not self._by_topic[topic]:
                    del self._by_topic[topic]

    def tell_beside(self, listener: Listener) -> None:
        """Tell a listener of its topics from now on, while others listen; nothing is read for it.

        It hears of each event before all who are told of one that comes later.
        """
        self._beside.add(listener)
        for topic in listener.topics:
            self._by_topic[topic].add(listener)

    async def ready(self) -> None:
        """Return once all that happens from now on is read.

        Raises:
            StoreUnavailable: the stream does not answer.
        """
        with self.subscribed(()):  # nobody reads for nobody
            try:
                async with asyncio.timeout(self._patience_s):
                    await self._contact.wait()
            except TimeoutError:
                raise StoreUnavailable(STORE, "the live stream does not answer") from None

    def wake_all(self) -> None:
        """Let all subscribers look around."""
        for mailbox in self._mailboxes:
            mailbox.wake()

    async def run(self) -> None:
        """Read whenever somebody listens, until cancelled.

        Where a defect ends it, all who listen have lost the stream, and it can be run again.
        """
        while True:
            _heed_cancellation()
            await self._wanted.wait()
            try:
                await self._read_with(self._redis.another_client(TIMEOUT_S))
            except Exception:
                self._lose()
                raise

    async def _read_with(self, client: RedisClient) -> None:
        try:
            await self._follow(client)
        finally:
            self._contact.clear()
            self._at = None
            with suppress(RedisError, OSError):
                await client.aclose()

    async def _follow(self, client: RedisClient) -> None:
        """Read until nobody listens any more."""
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + self._patience_s
        broken, said = True, False
        while self._mailboxes:
            _heed_cancellation()
            try:
                async with asyncio.timeout_at(give_up_at):
                    await self._step(client, look=broken)
            except Exception as error:  # noqa: BLE001  whatever it is, the next time it may go well
                if not said:
                    give_up_at = max(give_up_at, loop.time() + SECOND_CHANCE_S)
                    log.warning("live stream interrupted", reason=_reason(error))
                broken = said = True
                # An answer may still be on its way there. Its end is waited for, which may be too
                # long; the driver has let go of it all the same.
                with suppress(RedisError, OSError):
                    await client.connection_pool.disconnect()
                if loop.time() >= give_up_at:
                    self._lose()
                    give_up_at = loop.time() + self._patience_s
                await asyncio.sleep(PAUSE_S)
            else:
                if said:
                    log.info("live stream read again")
                broken = said = False
                give_up_at = loop.time() + self._patience_s
        self._wanted.clear()

    async def _step(self, client: RedisClient, *, look: bool) -> None:
        """Read once; make sure of the place with `look`, and whenever nothing happens."""
        at = self._at
        if look or at is None:
            at = self._placed(await locate(self._redis, client))
            self._contact.set()
        events = await read_on(self._redis, client, at.entry_id, block_ms=self._block_ms)
        self._count(events)
        for event in events:
            self._deliver(event)
        if not events:
            self._placed(await locate(self._redis, client))

    def _placed(self, newest: Position) -> Position:
        """Return the place to read on from: our own, where the stream still has it."""
        if self._at is None:
            self._at = newest
            for listener in self._beside:  # nothing was read until now
                listener.miss()
        elif self._at.is_lost_in(newest):
            self._at = newest
            self._miss()
        return self._at

    def _deliver(self, event: LiveEvent) -> None:
        at = self._at
        if at is None or at.epoch != event.at.epoch or at.seq + 1 != event.at.seq:
            self._miss()
        self._at = event.at
        for mailbox in self._by_topic.get(event.topic, ()):
            mailbox.put(event)

    def _count(self, events: list[LiveEvent]) -> None:
        counts = self.counts
        counts.reads += 1
        counts.events += len(events)
        if events:
            lag_ms = int(time() * 1000) - int(events[0].at.entry_id.partition("-")[0])
            counts.lag_ms = max(counts.lag_ms, lag_ms)

    def _miss(self) -> None:
        self.counts.misses += 1
        log.warning("live events may be missing", subscribers=len(self._mailboxes))
        for mailbox in (*self._beside, *self._mailboxes):
            mailbox.miss()

    def _lose(self) -> None:
        self._contact.clear()
        for mailbox in self._mailboxes:
            mailbox.lose()


def _heed_cancellation() -> None:
    """Be cancelled where that was swallowed, as it is now and then while fakeredis waits."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _reason(error: Exception) -> str:
    known = isinstance(error, StoreError)
    return str(error) if known and not isinstance(error, StoreTimeout) else type(error).__name__
