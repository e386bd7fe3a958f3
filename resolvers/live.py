"""What live updates of one process share: the reader of the live stream, and decisions on rights.

Every `RECHECK_S` a new generation of loaders begins, and all subscriptions decide again with it
at the same moment: what they must know is one batch for the whole process, however many they are.
"""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID
from weakref import WeakKeyDictionary

import structlog

from datasources.errors import StoreError
from datasources.loaders.batch import Loaders
from datasources.redis.client import Redis
from datasources.redis.live import LiveEvent, announce
from datasources.redis.live_reader import LiveReader
from datasources.stores import Stores

T = TypeVar("T")

RECHECK_S = 2.0
"""How often rights are read again. With the age of revocations (2 s) that is less than 5 s."""

MAX_AGE_S = 5.0
"""Nothing is delivered by a decision that is older."""

RESTART_S = 1.0
"""How long a loop that a defect has ended rests before it is run again."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Lag:
    """Events may be missing: how many (None is unknown), and the cursor to go on from, if any."""

    missed: int | None = None
    current: str | None = None


@dataclass(slots=True)
class Counts:
    """What happened since the process began.

    `refills` counts how often a subscriber read where events are kept, since some may have been
    missing; `dropped` the connections whose clients read too slowly or answered no ping.
    """

    refills: int = 0
    dropped: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Shared:
    """What subscribers have in common for a while: loaders, and what was made with them.

    Nothing in it is from before `began_at`, of the monotonic clock. Loaders tell no viewer what
    another one sees: their keys name the viewer where that matters.
    """

    loaders: Loaders
    began_at: float = field(default_factory=monotonic)
    _made: "dict[Hashable, Work[Any]]" = field(default_factory=dict)
    _kept: dict[Hashable, Any] = field(default_factory=dict)

    def kept(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return the thing of a key, which is made where it is not yet."""
        thing: T | None = self._kept.get(key)
        if thing is None:
            thing = self._kept[key] = make()
        return thing

    def begin(self, key: Hashable, make: Callable[[], Coroutine[Any, Any, T]]) -> "Work[T]":
        """Return the work of a key, begun where it is not yet, or where a store failed it."""
        work: Work[T] | None = self._made.get(key)
        if work is None or work.lost:
            work = self._made[key] = Work(make())
        return work

    async def once(self, key: Hashable, make: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Return what `make` gives, which runs once for a key, and to its end."""
        return await self.begin(key, make).result()


@dataclass(frozen=True, slots=True)
class OfEvent(Generic[T]):
    """What one subscriber is told of an event; those who are told an equal thing share its result.

    What is told does not know what is shared: a cycle would keep both until the collector comes.
    """

    value: T
    shared: Shared


class Ahead(Protocol):
    """Makes what the client of a subscription gets of an event, before it is woken for it."""

    def key(self) -> Hashable:
        """Return what is the same for those who get the same."""

    async def make(self, told: Any) -> None:
        """Make it of what an event tells, for all of them."""


class Work(Generic[T]):
    """Runs to its end, whoever goes away; a `shield` for each costs several times more."""

    __slots__ = ("_task", "_waiting")

    def __init__(self, work: Coroutine[Any, Any, T]) -> None:
        self._waiting: list[Callable[[], None]] = []
        self._task = asyncio.create_task(work)
        self._task.add_done_callback(self._end)

    def then(self, wake: Callable[[], None]) -> None:
        """Call this when it has ended, well or not: now, where it has."""
        if self._task.done():
            wake()
        else:
            self._waiting.append(wake)

    @property
    def lost(self) -> bool:
        """Whether it ended since a store did not answer: another time that may go well."""
        ended = self._task.done() and not self._task.cancelled()
        return ended and isinstance(self._task.exception(), StoreError)

    async def result(self) -> T:
        """Return what it gives."""
        if not self._task.done():
            waiter = self._task.get_loop().create_future()
            self._waiting.append(partial(_settle, waiter))
            await waiter
        return self._task.result()

    def _end(self, _: object) -> None:
        waiting, self._waiting = self._waiting, []
        for wake in waiting:
            wake()


class Live:
    """Made once per process; `run` keeps it going."""

    def __init__(self, stores: Stores, reader: LiveReader | None = None) -> None:
        self.reader = reader or LiveReader(stores.redis)
        self._stores = stores
        self._generation = Shared(Loaders(stores))
        self._deciding: set[asyncio.Task[Any]] = set()
        self._events: WeakKeyDictionary[LiveEvent, Shared] = WeakKeyDictionary()
        self.counts = Counts()

    def generation_since(self, moment: float) -> Shared:
        """Return loaders that hold nothing from before a moment of the monotonic clock."""
        if self._generation.began_at < moment:
            self._generation = Shared(Loaders(self._stores))
        return self._generation

    def recheck(self) -> None:
        """Begin a new generation, and let everybody decide with it."""
        self._generation = Shared(Loaders(self._stores))
        self.reader.wake_all()

    def event(self, event: LiveEvent) -> Shared:
        """Return what the subscribers of an event share."""
        shared = self._events.get(event)
        if shared is None:
            shared = Shared(Loaders(self._stores), event.received_at)
            self._events[event] = shared
        return shared

    def forget(self, event: LiveEvent, shared: Shared) -> None:
        """Share this no more: a store failed, and others try again."""
        if self._events.get(event) is shared:
            del self._events[event]

    async def shared(self, work: Coroutine[Any, Any, T]) -> T:
        """Run what uses the shared loaders to its end, even if who waits for it goes away.

        A load that is cancelled would be cancelled for all who wait for the same key.
        """
        task = asyncio.ensure_future(work)
        self._deciding.add(task)
        task.add_done_callback(self._deciding.discard)
        return await asyncio.shield(task)

    async def run(self) -> None:
        """Read the stream and begin generations, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_kept_going(self.reader.run))
            tasks.create_task(_kept_going(self._recheck_for_ever))

    async def _recheck_for_ever(self) -> None:
        while True:
            await asyncio.sleep(RECHECK_S)
            if self.reader.subscribers:
                self.recheck()


async def _kept_going(loop: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run what has no end, and again where a defect has ended it: nobody else would notice."""
    while True:
        try:
            await loop()
        except Exception:
            log.exception("live updates begin again")
        await asyncio.sleep(RESTART_S)


def _settle(waiter: "asyncio.Future[None]") -> None:
    if not waiter.done():
        waiter.set_result(None)


def rights_topic(user_id: UUID) -> str:
    """Return the topic that tells of a change in what a person shows or may see."""
    return f"rights:{user_id}"


async def rights_changed(redis: Redis, *user_ids: UUID) -> None:
    """Let all processes decide again what concerns these people, before they deliver anything.

    For after the commit. Fails open: rights are read again every few seconds anyway.
    """
    for user_id in user_ids:
        try:
            await announce(redis, rights_topic(user_id))
        except StoreError as error:
            log.warning("rights are read again later", store=error.store)
