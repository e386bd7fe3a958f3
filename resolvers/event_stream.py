"""Following a topic: its events from a cursor on, each once and in order, while one may see them.

Whoever follows is registered first; then what is kept behind the cursor is read, and then what has
been told meanwhile. Where events may be missing, they are read again from where they are kept.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Hashable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from time import monotonic
from typing import Any, Generic, Protocol, TypeVar

from datasources.errors import StoreError, StoreUnavailable
from datasources.loaders.batch import Loaders
from datasources.redis.event_log import LoggedEvent, parse_cursor, read_after, read_live
from datasources.redis.live import LiveEvent
from datasources.redis.mailbox import Backlog
from datasources.stores import Stores
from resolvers.context import RequestContext
from resolvers.errors import BadCursor, Forbidden
from resolvers.live import MAX_AGE_S, Lag, Live, SharedEvent

P = TypeVar("P")

_RETRY_S = 0.3


@dataclass(frozen=True, slots=True)
class Told(Generic[P]):
    """An event of a topic: its number, the cursor behind it, and what it tells.

    `shared` is what all subscribers of the process that get it have in common; None for one that
    was read for this subscriber alone.
    """

    seq: int
    cursor: str
    value: P
    shared: SharedEvent | None = None


@dataclass(frozen=True, slots=True)
class Replay(Generic[P]):
    """The first events behind a cursor, and the place that they lead to.

    With `lag` they are not all there: it is told first. `more` says that others follow.
    """

    events: Sequence[Told[P]]
    seq: int
    cursor: str
    lag: Lag | None = None
    more: bool = False


class Topic(Protocol[P]):
    """Where the events of a topic are kept, and how they are told live.

    `gapless` says that each number follows the last: another one leads to the store.
    """

    @property
    def name(self) -> str:
        """The topic in the live stream."""

    @property
    def gapless(self) -> bool:
        """Whether a number that does not follow the last means that something is missing."""

    async def replay(self, stores: Stores, after: str | None) -> Replay[P]:
        """Return the first events behind a cursor; without one none, and the place of now.

        Raises:
            BadCursor: the cursor is not one of this topic.
            StoreUnavailable, StoreTimeout: the store did not answer.
        """

    def read(self, event: LiveEvent, loaders: Loaders) -> Coroutine[Any, Any, Told[P] | None]:
        """Return the event that the live stream tells of; None for what makes no sense.

        `loaders` are those of the event, shared by all its subscribers.

        Raises:
            StoreUnavailable, StoreTimeout: the store did not answer.
        """

    def number(self, event: LiveEvent) -> int | None:
        """Return the number of the event that the live stream tells of, None for no event."""


@dataclass(frozen=True, slots=True)
class Access:
    """Who may follow: `decide` asks, with loaders that others use at the same time.

    It is asked again for each event and every 2 seconds, and where one of `topics` is told, which
    are those of `rights_topic`. `key` is the same where the answer is: the viewer, usually.
    `words` are those of the refusal that ends it.
    """

    decide: Callable[[Loaders], Coroutine[Any, Any, bool]]
    key: Hashable
    words: str
    topics: Sequence[str] = field(default=())


async def follow(
    context: RequestContext, topic: Topic[P], after: str | None, access: Access
) -> AsyncIterator[Told[P] | Lag]:
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


class Rights:
    """What was decided about one subscription, and by what was known when."""

    def __init__(self, live: Live, access: Access) -> None:
        self._live = live
        self._access = access
        self._known_at = 0.0
        self._changed_at = 0.0

    def changed(self, at: float) -> None:
        """Decide again before anything is told, by what is known from this moment on."""
        self._changed_at = at

    async def decide(self, loaders: Loaders, known_at: float) -> None:
        """Decide with loaders that hold nothing from before a moment.

        Raises:
            Forbidden: no.
            StoreUnavailable, StoreTimeout: nobody could tell.
        """
        self._heed(await self._live.shared(self._access.decide(loaders)), known_at)

    async def decide_for(self, shared: SharedEvent) -> None:
        """Decide with the loaders of an event, once for all who are the same.

        Raises:
            Forbidden: no.
            StoreUnavailable, StoreTimeout: nobody could tell.
        """
        access = self._access
        allowed = await shared.once(("access", access.key), partial(access.decide, shared.loaders))
        self._heed(allowed, shared.began_at)

    async def hold(self) -> bool:
        """Decide again where that is due; return whether the decision is good for telling.

        It is kept where the store does not answer, as long as it is not too old.

        Raises:
            Forbidden: no.
            StoreUnavailable, StoreTimeout: nobody could tell for 5 seconds.
        """
        generation = self._live.generation_since(self._changed_at)
        if generation.began_at <= self._known_at:
            return True
        try:
            await self.decide(generation.loaders, generation.began_at)
        except StoreError:
            if monotonic() - self._known_at > MAX_AGE_S:
                raise
            return self._changed_at <= self._known_at
        return True

    def _heed(self, allowed: bool, known_at: float) -> None:
        if not allowed:
            raise Forbidden(self._access.words)
        self._known_at = max(self._known_at, known_at)


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
        self._stores = context.stores
        self._live = live
        self._topic = topic
        self._cursor = after
        self._seq = 0
        self._backlog = Backlog([topic.name, *access.topics])
        self._behind = True
        self._failing_since: float | None = None

    async def events(self) -> AsyncIterator[Told[P] | Lag]:
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

    async def _refill(self) -> AsyncIterator[Told[P] | Lag]:
        """Yield a page of what is kept behind the last event."""
        if self._backlog.missed:
            self._backlog.missed = False
            self._live.counts.refills += 1
        self._behind = True
        try:
            page = await self._topic.replay(self._stores, self._cursor)
            if page.events:  # by what is so after the last of them happened
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

    async def _take(self, event: LiveEvent) -> Told[P] | None:
        """Return what an event tells, as long as it is to be told."""
        if event.topic != self._topic.name:
            self.rights.changed(event.received_at)
            return None
        seq = self._topic.number(event)
        if seq is None or seq <= self._seq:
            return None
        if self._topic.gapless and seq != self._seq + 1:
            self._backlog.miss()
            return None
        while True:
            shared = self._live.event(event)
            try:
                told = await shared.once("event", partial(self._read, event, shared))
                await self.rights.decide_for(shared)
                break
            except StoreError as error:
                self._live.forget(event, shared)
                await self._bear(error)
        self._failing_since = None
        if told is None:  # it is not kept as it was told: what is there is
            self._backlog.miss()
            return None
        self._cursor, self._seq = told.cursor, told.seq
        return told

    async def _read(self, event: LiveEvent, shared: SharedEvent) -> Told[P] | None:
        told = await self._topic.read(event, shared.loaders)
        return None if told is None else replace(told, shared=shared)

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


@dataclass(frozen=True, slots=True)
class LoggedTopic:
    """A topic whose events are kept in Redis, by `event_log.append`; they tell its payload."""

    name: str
    gapless: bool = False

    async def replay(self, stores: Stores, after: str | None) -> Replay[str]:
        """Return the first events behind a cursor."""
        cursor = None
        if after is not None:
            cursor = parse_cursor(self.name, after)
            if cursor is None:
                raise BadCursor("`after` is not a cursor of this subscription.")
        page = await read_after(stores.redis, self.name, cursor)
        lag = Lag(page.missed, str(page.newest)) if page.lagged else None
        at = page.events[-1].cursor if page.events else page.newest
        events = [_told(one) for one in page.events]
        return Replay(events, at.seq, str(at), lag, page.more)

    async def read(self, event: LiveEvent, loaders: Loaders) -> Told[str] | None:  # noqa: ARG002  all is in the event
        """Return the event that the live stream tells of."""
        logged = read_live(event)
        return None if logged is None else _told(logged)

    def number(self, event: LiveEvent) -> int | None:
        """Return its number."""
        logged = read_live(event)
        return None if logged is None else logged.cursor.seq


def _told(logged: LoggedEvent) -> Told[str]:
    return Told(logged.cursor.seq, str(logged.cursor), logged.payload)
