"""What the caller is told, as it happens: the subscription `notifications`.

The inbox in PostgreSQL is what is told, and its places are the cursors; Redis only says that there
is something new.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

from datasources.loaders.batch import Loaders
from datasources.loaders.notifications import NotificationAt
from datasources.loaders.users import UserById
from datasources.postgres.notifications import fetch_inbox, fetch_notifications_behind
from datasources.records.notifications import NotificationRecord
from datasources.redis.event_log import read_live
from datasources.redis.events import topic_name
from datasources.redis.live import LiveEvent
from datasources.stores import Stores
from resolvers.context import RequestContext
from resolvers.errors import BadCursor
from resolvers.event_stream import Heard, follow
from resolvers.live import Lag, rights_topic
from resolvers.notifications import cursor_of, place_in
from resolvers.notifying import TOPIC, subject_of
from resolvers.signed_in import signed_in
from resolvers.stream_rights import Access
from resolvers.topics import Replay, Told

ALL = "0"
"""In place of a cursor: all that is kept. Whoever read an empty inbox goes on from there."""

_PAGE = 200


class NotificationTold(Told[NotificationRecord]):
    """A notification, told to a subscriber."""

    @property
    def user_id(self) -> UUID:
        """Whose it is."""
        return self.value.user_id


async def notifications(
    context: RequestContext, after: str | None = None
) -> AsyncIterator[Heard[NotificationRecord]]:
    """Return what the caller is told behind a cursor, or from now on, the oldest first.

    Raises:
        Unauthenticated: nobody is signed in.
        BadCursor: the cursor is none of the caller's notifications, or of none that there was.
        Forbidden: their account is gone. This may end it later, too, as may all that `follow`
            raises.
    """
    caller = signed_in(context)

    async def decide(loaders: Loaders) -> bool:
        return await loaders.of(UserById).load(caller) is not None

    access = Access(decide, ("inbox", caller), "This account is gone.", (rights_topic(caller),))
    return await follow(context, InboxTopic(caller), after, access)


@dataclass(frozen=True, slots=True)
class InboxTopic:
    """The inbox of one person.

    Numbers grow by one, but those that are not to be shown tell nothing; a block may hide them
    even after they were announced.
    """

    user_id: UUID
    gapless: bool = True

    @property
    def name(self) -> str:
        """The topic in the live stream."""
        return topic_name(TOPIC, subject_of(self.user_id))

    async def replay(self, stores: Stores, after: str | None) -> Replay[NotificationRecord]:
        """Return the first notifications behind a cursor; a lag where some were removed."""
        since = None if after is None else place_in(self.user_id, after)
        if after not in (None, ALL) and since is None:
            raise BadCursor("`after` is not a cursor of your notifications.")
        # First how far it goes: what is added meanwhile is found then, or told live.
        inbox = await fetch_inbox(stores.postgres, self.user_id)
        if after == ALL:
            since = inbox.removed_through
        if since is None:
            return self._replay((), inbox.last_seq)
        if since > inbox.last_seq:
            raise BadCursor("`after` is a place that your notifications have not reached.")
        removed = inbox.removed_through
        lag = Lag(None, cursor_of(self.user_id, removed)) if since < removed else None
        found = await fetch_notifications_behind(stores.postgres, self.user_id, since, _PAGE)
        more = len(found) == _PAGE
        last = found[-1].seq if found else 0
        until = last if more else max(inbox.last_seq, last)
        return self._replay(tuple(map(self._told, found)), until, lag, more=more)

    async def read(self, event: LiveEvent, loaders: Loaders) -> Told[NotificationRecord] | None:
        """Return the notification that is told of; None where it is not to be shown."""
        logged = read_live(event)
        if logged is None:
            return None
        found = await loaders.of(NotificationAt).load((self.user_id, logged.cursor.seq))
        return None if found is None else self._told(found)

    def _told(self, one: NotificationRecord) -> Told[NotificationRecord]:
        return NotificationTold(one.seq, cursor_of(self.user_id, one.seq), one)

    def _replay(
        self,
        events: tuple[Told[NotificationRecord], ...],
        seq: int,
        lag: Lag | None = None,
        *,
        more: bool = False,
    ) -> Replay[NotificationRecord]:
        return Replay(events, seq, cursor_of(self.user_id, seq), lag, more)
