"""Following a topic: its events from a cursor on, each once and in order, while one may see them.

Whoever follows is registered first; then what is kept behind the cursor is read, and then what has
been told meanwhile. Where events may be missing, they are read again from where they are kept.
"""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from time import monotonic
from typing import Generic, TypeVar

from datasources.errors import StoreError, StoreUnavailable
from datasources.loaders.batch import Loaders
from datasources.redis.live import LiveEvent
from datasources.redis.mailbox import Backlog
from resolvers.context import RequestContext
from resolvers.live import MAX_AGE_S, Lag, Live, OfEvent, Shared, Work
from resolvers.stream_rights import Access, Rights
from resolvers.topics import Told, Topic

P = TypeVar("P")

Heard = OfEvent[Told[P]] | Told[P] | Lag
"""An event that all get now, one that was kept for this subscriber, or that some may be missing."""

_RETRY_S = 0.3


async def follow(
    context: RequestContext, topic: Topic[P], after: str | None, access: Access
) -> AsyncIterator[Heard[P]]:
    """Return the events of a topic behind a cursor, or from now on, once they can be had.

    What the client's `Last-Event-ID` says goes before `after`. Where events behind the cursor are
    not kept any more, a `Lag` comes first.

    Raises:
        Forbidden: the caller may not follow, or not any more.
        BadCursor: the cursor is not one of this topic.
        StoreUnavailable, StoreTimeout: Redis was away for 2 seconds, or PostgreSQL for 5. All of
            these may come later, too, and end the events.
    """
    live = context.live
    if live is None:
        raise TypeError("this context has no live updates")
    await live.reader.ready()
    start = context.resume_from or after
    if start is None:
        start = (await topic.replay(context.stores, None)).cursor
    following = _Following(context, live, topic, start, access)
    await following.rights.decide(context.loaders, monotonic())
    return following.events()


class _Following(Generic[P]):
    """One subscription: where it is, and what it may see."""

    def __init__(
        self,
        context: RequestContext,
        live: Live,
        topic: Topic[P],
        after: str,
        access: Access,
    ) -> None:
        self.rights = Rights(live, access)
        self._access = access
        self._stores = context.stores
        self._live = live
        self._topic = topic
        self._cursor = after
        self._seq = 0
        self._name = topic.name
        self._ahead = context.ahead
        self._backlog = Backlog([self._name, *access.topics], self._heard)
        self._behind = True
        self._failing_since: float | None = None

    async def events(self) -> AsyncIterator[Heard[P]]:
        """Yield what happens, until an error ends it."""
        await self._live.reader.ready()  # whoever listens earlier may be told of an earlier break
        with self._live.reader.filling(self._backlog):
            while True:
                if self._backlog.lost:
                    raise StoreUnavailable("redis", "the live stream does not answer")
                if not await self.rights.hold():
                    await self._backlog.wait(_RETRY_S)
                elif self._behind or self._backlog.missed:
                    async for told in self._refill():
                        yield told
                elif (event := self._backlog.pop()) is None:
                    await self._backlog.wait()
                elif (taken := await self._take(event)) is not None:
                    yield taken
                    taken = None  # or all that is shared of it would live until the next

    async def _refill(self) -> AsyncIterator[Heard[P]]:
        """Yield a page of what is kept behind the last event."""
        if self._backlog.missed:
            self._backlog.missed = False
            self._live.counts.refills += 1
        self._behind = True
        try:
            page = await self._topic.replay(self._stores, self._cursor)
            if page.events or page.lag:  # by what is so after the last of them happened
                await self.rights.decide(Loaders(self._stores), monotonic())
        except StoreError as error:
            await self._bear(error)
            return
        self._failing_since = None
        if page.lag is not None:
            yield page.lag
        for told in page.events:
            while not await self.rights.hold():
                await self._backlog.wait(_RETRY_S)
            self._cursor, self._seq = told.cursor, told.seq
            yield told
        self._behind = page.more
        if not page.more:
            self._cursor, self._seq = page.cursor, page.seq

    def _heard(self, event: LiveEvent) -> None:
        """Begin what all subscribers need of an event; each is woken when it is there, and once."""
        if event.topic == self._name:
            self._begin(event, self._live.event(event)).then(self._backlog.wake)
        else:
            self._backlog.wake()

    def _begin(self, event: LiveEvent, shared: Shared) -> Work[tuple[Told[P] | None, bool]]:
        key = ("taken", self._access.key, None if self._ahead is None else self._ahead.key())
        return shared.begin(key, partial(self._decided, event, shared))

    async def _take(self, event: LiveEvent) -> OfEvent[Told[P]] | None:
        """Return what an event tells, as long as it is to be told."""
        if event.topic != self._name:
            self.rights.changed(event.received_at)
            return None
        while True:
            shared = self._live.event(event)
            try:
                told, allowed = await self._begin(event, shared).result()
                break
            except StoreError as error:
                self._live.forget(event, shared)
                await self._bear(error)
        self.rights.heed(allowed, shared.began_at)
        self._failing_since = None
        if told is None:  # it is not kept as it was told: what is there is
            self._backlog.miss()
            return None
        if told.seq <= self._seq:
            return None
        if self._topic.gapless and told.seq != self._seq + 1:
            self._backlog.miss()
            return None
        self._cursor, self._seq = told.cursor, told.seq
        return OfEvent(told, shared)

    async def _decided(self, event: LiveEvent, shared: Shared) -> tuple[Told[P] | None, bool]:
        """Return what an event tells, and whether those with this access may know."""
        read = partial(self._topic.read, event, shared.loaders)
        told = await shared.once("event", read)
        allowed = await self._access.decide(shared.loaders)
        if self._ahead is not None and told is not None and allowed:
            await self._ahead.make(OfEvent(told, shared))
        return told, allowed

    async def _bear(self, error: StoreError) -> None:
        """Wait for a store that does not answer, for 5 seconds in all.

        Raises:
            StoreUnavailable, StoreTimeout: it has taken longer.
        """
        now = monotonic()
        if self._failing_since is None:
            self._failing_since = now
        if now - self._failing_since > MAX_AGE_S:
            raise error
        await asyncio.sleep(_RETRY_S)
