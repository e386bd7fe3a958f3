"""The inbox of a person: written with what it tells of, read newest first, or on behind a place.

Nothing is in it from or about somebody whom a block hides from its person: it is not written, a
block removes what is there, and nobody reads it meanwhile.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    DateTime,
    Select,
    Text,
    Uuid,
    and_,
    delete,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from datasources.ids import new_id
from datasources.postgres.choice import Choice
from datasources.postgres.client import Postgres
from datasources.postgres.notification_tables import (
    inboxes,
    notification_preferences,
    notifications,
)
from datasources.postgres.paging import fetch_pages
from datasources.postgres.playlist_tables import blocks
from datasources.postgres.reading import any_of, columns_of, fetch_counts, unnest_columns
from datasources.records.notifications import (
    Inbox,
    NewNotification,
    NotificationKind,
    NotificationRecord,
)
from datasources.records.page import Keyset, Page, PageRequest
from datasources.records.playlists import CollaboratorRole

INBOX = Keyset("notifications", (UUID, int), descending=True)
"""Whose inbox, and the place in it."""

Place = tuple[UUID, int]
"""Whose inbox, and the place in it."""

_of = notifications.c
_COLUMNS = columns_of(NotificationRecord, notifications)

_TOLD_ONCE = timedelta(days=1)
"""Whoever does, undoes and does the same again within it is told of once."""


# --- writing ------------------------------------------------------------------------------------


async def write_notification(connection: AsyncConnection, new: NewNotification) -> int | None:
    """Tell a person something, in the transaction that does it; return its place in the inbox.

    None where they do not want to be told, are told of the same already, or where a block is
    between the two. One statement; it locks the row of `inboxes`, so it comes last in its
    transaction, and where there are several to be told, the smaller id comes first.
    """
    chosen = _wanted(new).cte("chosen")
    counted = (
        insert(inboxes)
        .from_select(
            ["user_id", "last_seq"],
            select(literal(new.user_id, Uuid), literal(1, BigInteger)).select_from(chosen),
        )
        .on_conflict_do_update(
            index_elements=["user_id"], set_={"last_seq": inboxes.c.last_seq + 1}
        )
        .returning(inboxes.c.last_seq)
        .cte("counted")
    )
    values: dict[str, ColumnElement[object]] = {
        "id": literal(new_id(), Uuid),
        "user_id": literal(new.user_id, Uuid),
        "seq": counted.c.last_seq,
        "kind": literal(new.kind, Choice(NotificationKind)),
        "actor_id": literal(new.actor_id, Uuid),
        "playlist_id": literal(new.playlist_id, Uuid),
        "role": literal(new.role, Choice(CollaboratorRole)),
        "device": literal(new.device, Text),
        "address": literal(new.address, Text),
        "in_app": chosen.c.in_app,
        "in_digest": chosen.c.in_digest,
        "created_at": literal(new.at, DateTime(timezone=True)),
        "read_at": literal(new.at if new.read else None, DateTime(timezone=True)),
    }
    source = select(*values.values()).select_from(chosen.join(counted, true()))
    written = insert(notifications).from_select(list(values), source).returning(_of.seq)
    seq: int | None = (await connection.execute(written)).scalar_one_or_none()
    return seq


def _wanted(new: NewNotification) -> Select[bool, bool]:
    """Return how the person wants to be told; no row where they are not to be told."""
    theirs = notification_preferences.c
    preferred = and_(theirs.user_id == new.user_id, theirs.kind == new.kind)
    in_app = func.coalesce(select(theirs.in_app).where(preferred).scalar_subquery(), true())
    in_digest = func.coalesce(
        select(theirs.email_digest).where(preferred).scalar_subquery(), false()
    )
    asked = select(
        in_app.label("in_app"), and_(in_digest, literal(not new.read, Boolean)).label("in_digest")
    ).subquery("asked")
    told = select(asked.c.in_app, asked.c.in_digest).where(or_(asked.c.in_app, asked.c.in_digest))
    if new.actor_id is None:
        return told
    same = and_(
        _of.user_id == new.user_id,
        _of.actor_id == new.actor_id,
        _of.kind == new.kind,
        _of.playlist_id.is_not_distinct_from(new.playlist_id),
        _of.role.is_not_distinct_from(new.role),
        or_(and_(_of.in_app, _of.read_at.is_(None)), _of.created_at > new.at - _TOLD_ONCE),
    )
    between = _block_between(literal(new.user_id, Uuid), literal(new.actor_id, Uuid))
    return told.where(~exists().where(same), ~between)


async def mark_read(
    connection: AsyncConnection,
    user_id: UUID,
    at: datetime,
    *,
    ids: Sequence[UUID] | None = None,
    through: int | None = None,
) -> int:
    """Mark what a person has read: by id, or all as far as a place; return how many were unread.

    What is read already stays as it is, and so does what is not theirs (`notifications`).
    """
    which = [_of.user_id == user_id, _of.read_at.is_(None), _of.in_app]
    if ids is not None:
        which.append(any_of(_of.id, ids))
    if through is not None:
        which.append(_of.seq <= through)
    return (
        await connection.execute(update(notifications).where(*which).values(read_at=at))
    ).rowcount


# --- reading ------------------------------------------------------------------------------------


async def fetch_notifications_of_users(
    postgres: Postgres, ids: Sequence[UUID], request: PageRequest
) -> Mapping[UUID, Page[NotificationRecord]]:
    """Return what each person was told, the newest first (`notifications`, `blocks`)."""
    return await fetch_pages(
        postgres,
        ids,
        request,
        keyset=INBOX,
        items_of=lambda person: select(*_COLUMNS).where(_of.user_id == person, *_shown()),
        order=[_of.user_id, _of.seq],
        record=NotificationRecord,
    )


async def count_notifications_of_users(
    postgres: Postgres, ids: Sequence[UUID]
) -> Mapping[UUID, int]:
    """Return how much each person was told; nobody without is in it (`notifications`)."""
    return await fetch_counts(postgres, _of.user_id, ids, *_shown())


async def count_unread_of_users(postgres: Postgres, ids: Sequence[UUID]) -> Mapping[UUID, int]:
    """Return how much of it each person has not read (`notifications`)."""
    return await fetch_counts(postgres, _of.user_id, ids, _of.read_at.is_(None), *_shown())


async def fetch_inbox(postgres: Postgres, user_id: UUID) -> Inbox:
    """Return how far the inbox of a person goes; one that is empty begins at 0 (`inboxes`)."""
    inbox = inboxes.c
    rows = await postgres.read(
        select(inbox.last_seq, inbox.removed_through).where(inbox.user_id == user_id)
    )
    return Inbox(*rows[0]) if rows else Inbox()


async def fetch_notifications_behind(
    postgres: Postgres, user_id: UUID, seq: int, limit: int
) -> Sequence[NotificationRecord]:
    """Return the first that a person was told behind a place, the oldest first."""
    rows = await postgres.read(
        select(*_COLUMNS)
        .where(_of.user_id == user_id, _of.seq > seq, *_shown())
        .order_by(_of.seq)
        .limit(limit)
    )
    return [NotificationRecord(*row) for row in rows]


async def fetch_notifications_at(
    postgres: Postgres, places: Sequence[Place]
) -> Mapping[Place, NotificationRecord]:
    """Return what stands at places of inboxes; what is not to be shown is absent."""
    users, seqs = zip(*places, strict=True)
    wanted = unnest_columns("wanted", user_id=(users, Uuid()), seq=(seqs, BigInteger()))
    here = and_(_of.user_id == wanted.c.user_id, _of.seq == wanted.c.seq)
    rows = await postgres.read(select(*_COLUMNS).join(wanted, here).where(*_shown()))
    found = [NotificationRecord(*row) for row in rows]
    return {(one.user_id, one.seq): one for one in found}


def _shown() -> tuple[ColumnElement[bool], ...]:
    """Return what keeps the rows that their person sees."""
    return _of.in_app, not_hidden()


def not_hidden() -> ColumnElement[bool]:
    """Return what keeps notifications that no block hides from their person (`blocks`)."""
    return or_(_of.actor_id.is_(None), ~_block_between(_of.user_id, _of.actor_id))


def _block_between(one: ColumnElement[UUID], other: ColumnElement[UUID]) -> ColumnElement[bool]:
    block = blocks.c
    between = or_(
        and_(block.blocker_id == one, block.blocked_id == other),
        and_(block.blocker_id == other, block.blocked_id == one),
    )
    return select(block.blocker_id).where(between).correlate_except(blocks).exists()


# --- removing -----------------------------------------------------------------------------------

KEPT_FOR = timedelta(days=90)
_INBOXES_AT_ONCE = 100


async def remove_old_notifications(postgres: Postgres, now: datetime) -> int:
    """Remove what is older than 90 days, and return how much that was (`notifications`).

    Some inboxes at a time, each as a whole: `inboxes` says through which place.
    """
    removed = 0
    old = _of.created_at <= now - KEPT_FOR
    some = select(_of.user_id).where(old).limit(_INBOXES_AT_ONCE)
    while True:
        async with postgres.transaction() as connection:
            # In order, as where they are written: nobody waits in a circle.
            locked = (
                select(inboxes.c.user_id)
                .where(inboxes.c.user_id.in_(some))
                .order_by(inboxes.c.user_id)
                .with_for_update()
            )
            users = list((await connection.execute(locked)).scalars())
            if not users:
                return removed
            gone = (
                delete(notifications)
                .where(any_of(_of.user_id, users), old)
                .returning(_of.user_id, _of.seq)
                .cte("gone")
            )
            last = (
                select(gone.c.user_id, func.max(gone.c.seq).label("seq"), func.count().label("n"))
                .group_by(gone.c.user_id)
                .cte("last")
            )
            counted = await connection.execute(
                update(inboxes)
                .where(inboxes.c.user_id == last.c.user_id)
                .values(removed_through=func.greatest(inboxes.c.removed_through, last.c.seq))
                .returning(last.c.n)
            )
            removed += sum(counted.scalars())
