"""Digests: who is due for one, what it tells, and that it was sent off.

Whoever wants one gets it when the oldest that they have not read waits for a day. So there is one
a day at most, and none for who reads in the app.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ARRAY, Text, and_, func, select, type_coerce, update
from sqlalchemy.ext.asyncio import AsyncConnection

from datasources.postgres.account_tables import accounts
from datasources.postgres.notification_tables import inboxes, notifications
from datasources.postgres.notifications import not_hidden
from datasources.postgres.reading import any_of
from datasources.postgres.tables import users
from datasources.records.notifications import DigestPart, NotificationKind

AFTER = timedelta(days=1)
NAMED = 3
"""How many people a part names."""

_of = notifications.c


async def take_due(connection: AsyncConnection, now: datetime, limit: int) -> Sequence[UUID]:
    """Return some people who are due for a digest, and mark what goes into it (`notifications`).

    It is found again by `now`. What is of people without an address is marked, too: they get none.
    """
    waits = and_(_of.in_digest, _of.mailed_at.is_(None), _of.read_at.is_(None))
    due = select(_of.user_id).where(waits, _of.created_at <= now - AFTER).limit(limit)
    # Whoever is at one keeps others from it; and the order is that of who writes.
    locked = (
        select(inboxes.c.user_id)
        .where(inboxes.c.user_id.in_(due))
        .order_by(inboxes.c.user_id)
        .with_for_update(skip_locked=True)
    )
    people = list((await connection.execute(locked)).scalars())
    if not people:
        return []
    marked = await connection.execute(
        update(notifications)
        .where(any_of(_of.user_id, people), waits)
        .values(mailed_at=now)
        .returning(_of.user_id)
    )
    return sorted(set(marked.scalars()))


async def fetch_digest(
    connection: AsyncConnection, user_id: UUID, mailed_at: datetime
) -> Sequence[DigestPart]:
    """Return what a digest tells, in the order of the kinds: what is unread still.

    People whom a block hides are not in it (`notifications`, `users`, `blocks`); of those who have
    no account any more, nobody is named.
    """
    who = func.array_agg(func.distinct(users.c.handle)).filter(accounts.c.user_id.is_not(None))
    rows = await connection.execute(
        select(_of.kind, func.count(), type_coerce(who, ARRAY(Text)))
        .outerjoin(users, users.c.id == _of.actor_id)
        .outerjoin(accounts, accounts.c.user_id == _of.actor_id)
        .where(
            _of.user_id == user_id,
            _of.mailed_at == mailed_at,
            _of.read_at.is_(None),
            not_hidden(),
        )
        .group_by(_of.kind)
    )
    found = {kind: (count, tuple(handles or ())) for kind, count, handles in rows}
    return [
        DigestPart(kind, found[kind][0], found[kind][1])
        for kind in NotificationKind
        if kind in found
    ]
