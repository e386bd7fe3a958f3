"""How people want to be told, kind by kind; what nobody has said is as the record says."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from datasources.postgres.client import Postgres
from datasources.postgres.notification_tables import notification_preferences
from datasources.postgres.reading import any_of, columns_of, fetch_lists
from datasources.postgres.tables import users
from datasources.records.notifications import NotificationKind, NotificationPreference

_theirs = notification_preferences.c


async def fetch_preferences(
    postgres: Postgres, ids: Sequence[UUID]
) -> Mapping[UUID, Sequence[NotificationPreference]]:
    """Return how each person wants to be told of all kinds, in the order of the kinds.

    Who is not there is absent (`users`, `notification_preferences`).
    """
    statement = (
        select(users.c.id, *columns_of(NotificationPreference, notification_preferences))
        .outerjoin(notification_preferences, _theirs.user_id == users.c.id)
        .where(any_of(users.c.id, ids))
    )
    said = await fetch_lists(postgres, statement, NotificationPreference)
    return {
        person: [
            next((one for one in theirs if one.kind is kind), NotificationPreference(kind))
            for kind in NotificationKind
        ]
        for person, theirs in said.items()
    }


async def write_preference(
    connection: AsyncConnection,
    user_id: UUID,
    kind: NotificationKind,
    *,
    in_app: bool | None = None,
    email_digest: bool | None = None,
) -> None:
    """Say how a person wants to be told of a kind; None leaves it (`notification_preferences`)."""
    default = NotificationPreference(kind)
    given = {
        name: value
        for name, value in (("in_app", in_app), ("email_digest", email_digest))
        if value is not None
    }
    row = {"in_app": default.in_app, "email_digest": default.email_digest, **given}
    statement = insert(notification_preferences).values(user_id=user_id, kind=kind, **row)
    keys = ["user_id", "kind"]
    await connection.execute(
        statement.on_conflict_do_update(index_elements=keys, set_=given)
        if given
        else statement.on_conflict_do_nothing(index_elements=keys)
    )
