"""Topics that can be followed: their events, where these are kept, and how they are told live."""

from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from datasources.loaders.batch import Loaders
from datasources.redis.event_log import LoggedEvent, parse_cursor, read_after, read_live
from datasources.redis.live import LiveEvent
from datasources.stores import Stores
from resolvers.errors import BadCursor
from resolvers.live import Lag

P = TypeVar("P")


@dataclass(frozen=True, slots=True, eq=False)
class Told(Generic[P]):
    """An event of a topic: its number, the cursor behind it, and what it tells.

    It comes as `OfEvent` to all subscribers of the process at once, and bare to the one for whom it
    was read where events are kept.
    """

    seq: int
    cursor: str
    value: P


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


def _told(logged: LoggedEvent) -> Told[str]:
    return Told(logged.cursor.seq, str(logged.cursor), logged.payload)
