"""What a person does with their notifications: reads them, and says how they want to be told."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from datasources.postgres.client import Connection
from datasources.postgres.notification_preferences import write_preference
from datasources.postgres.notifications import INBOX, mark_read
from datasources.records.notifications import NotificationKind, NotificationPreference
from resolvers.context import RequestContext
from resolvers.errors import InvalidInput
from resolvers.idempotency import change
from resolvers.ids import MAX_IDS
from resolvers.playlist_input import typed_id_in
from resolvers.signed_in import signed_in

TYPE = "Notification"


@dataclass(frozen=True, slots=True)
class NotificationsRead:
    """How many of them were unread, of a person's."""

    user_id: UUID
    changed: int


@dataclass(frozen=True, slots=True)
class NotificationPreferenceSet:
    """Who is told in another way from now on."""

    user_id: UUID


async def mark_notifications_read(
    context: RequestContext, ids: Sequence[str] | None, through: str | None
) -> NotificationsRead:
    """Mark what the caller has read: by id, or all as far as a cursor; again changes nothing.

    An id of somebody else's is passed over, like one that is not there any more.

    Raises:
        Unauthenticated: nobody is signed in.
        InvalidInput: neither or both are given; no id, more than 100, or one that is none; a
            cursor of another list.
    """
    caller = signed_in(context)
    if (ids is None) == (through is None):
        raise InvalidInput(("input",), "Say `ids` or `through`: one of the two.")
    wanted = None if ids is None else _ids(ids)
    place = None if through is None else place_in(caller, through)
    if through is not None and place is None:
        raise InvalidInput(("input", "through"), "This is not a cursor of your notifications.")

    async def work(connection: Connection) -> NotificationsRead:
        now = context.clock()
        changed = await mark_read(connection, caller, now, ids=wanted, through=place)
        return NotificationsRead(caller, changed)

    return await change(context, work)


async def set_notification_preference(
    context: RequestContext,
    kind: NotificationKind,
    *,
    in_app: bool | None = None,
    email_digest: bool | None = None,
) -> NotificationPreferenceSet:
    """Say how the caller wants to be told of a kind from now on; None leaves it as it is.

    Raises:
        Unauthenticated: nobody is signed in.
    """
    caller = signed_in(context)

    async def work(connection: Connection) -> NotificationPreferenceSet:
        await write_preference(connection, caller, kind, in_app=in_app, email_digest=email_digest)
        return NotificationPreferenceSet(caller)

    return await change(context, work)


async def set_preferences(
    context: RequestContext, preferences: Sequence[NotificationPreference]
) -> NotificationPreferenceSet:
    """Say how the caller wants to be told of some kinds from now on, all at once.

    Raises:
        Unauthenticated: nobody is signed in.
    """
    caller = signed_in(context)

    async def work(connection: Connection) -> NotificationPreferenceSet:
        for one in preferences:
            await write_preference(
                connection, caller, one.kind, in_app=one.in_app, email_digest=one.email_digest
            )
        return NotificationPreferenceSet(caller)

    return await change(context, work)


def place_in(user_id: UUID, cursor: str) -> int | None:
    """Return the place in a person's inbox that a cursor is; None where it is none of theirs."""
    match INBOX.decode(cursor):
        case (UUID() as owner, int() as seq) if owner == user_id and seq >= 0:
            return seq
    return None


def cursor_of(user_id: UUID, seq: int) -> str:
    """Return the cursor behind a place in a person's inbox, the same in lists and live."""
    return INBOX.encode((user_id, seq))


def _ids(texts: Sequence[str]) -> list[UUID]:
    path = ("input", "ids")
    if not 1 <= len(texts) <= MAX_IDS:
        raise InvalidInput(path, f"Name 1 to {MAX_IDS} notifications.")
    return [
        typed_id_in(path, TYPE, text, "This is not the id of a notification.") for text in texts
    ]
