"""A person's plays as they come in: the subscription `listenAdded`.

They are told in the order in which they were submitted, those that count. Redis keeps them for a
day; what is older is in `recentListens`.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from uuid import UUID

from datasources.loaders.batch import Loaders
from datasources.loaders.users import SeenUserById
from datasources.records.external_ids import EntityKind
from datasources.records.listening import ListenRecord
from datasources.redis.listens import listens_topic
from datasources.redis.live import LiveEvent
from datasources.stores import Stores
from resolvers.context import RequestContext
from resolvers.event_stream import Heard, follow
from resolvers.ids import parse_id_of
from resolvers.listens_told import read_listen
from resolvers.live import rights_topic
from resolvers.permission import listeners_shown
from resolvers.stream_rights import Access
from resolvers.topics import LoggedTopic, Replay, Told

HIDDEN = "The listening of this person is not shown to you."


@dataclass(frozen=True, slots=True, eq=False)
class ListenTold(Told[ListenRecord]):
    """A play, told to a subscriber."""

    user_id: UUID = field(kw_only=True)


async def listens_added(
    context: RequestContext, user_id: str, after: str | None = None
) -> AsyncIterator[Heard[ListenRecord]]:
    """Return a person's plays behind a cursor, or from now on.

    Raises:
        BadUserInput: that is no id of a person.
        Forbidden: their listening is not shown to the caller, or there is nobody of this id; it
            may also end the plays later, as may all that `follow` raises.
        BadCursor: the cursor is not one of this person's plays.
    """
    listener = parse_id_of(EntityKind.USER, user_id)
    principal = context.principal

    async def decide(loaders: Loaders) -> bool:
        person = await loaders.of(SeenUserById).load((listener, principal.user_id))
        if person is None:
            return False
        return listener in await listeners_shown(replace(context, loaders=loaders), [person])

    concerned = (listener, principal.user_id)
    topics = tuple(rights_topic(one) for one in concerned if one is not None)
    access = Access(decide, ("listening", *concerned), HIDDEN, topics)
    return await follow(context, ListensTopic(listener), after, access)


@dataclass(frozen=True, slots=True)
class ListensTopic:
    """The plays of one person."""

    user_id: UUID
    gapless: bool = False

    @property
    def name(self) -> str:
        """The topic in the live stream."""
        return listens_topic(self.user_id)

    @property
    def _logged(self) -> LoggedTopic:
        return LoggedTopic(self.name)

    async def replay(self, stores: Stores, after: str | None) -> Replay[ListenRecord]:
        """Return the first plays behind a cursor."""
        page = await self._logged.replay(stores, after)
        told = [self._told(one) for one in page.events]
        events = [one for one in told if one is not None]
        return Replay(events, page.seq, page.cursor, page.lag, page.more)

    async def read(self, event: LiveEvent, loaders: Loaders) -> Told[ListenRecord] | None:
        """Return the play that is told of."""
        logged = await self._logged.read(event, loaders)
        return None if logged is None else self._told(logged)

    def _told(self, logged: Told[str]) -> Told[ListenRecord] | None:
        listen = read_listen(logged.value)
        if listen is None:
            return None
        return ListenTold(logged.seq, logged.cursor, listen, user_id=self.user_id)
