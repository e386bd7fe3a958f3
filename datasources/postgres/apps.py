"""Apps of third parties: registered, changed, ended (`apps`)."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update

from datasources.postgres.app_tables import app_consents, apps, authorization_codes, device_codes
from datasources.postgres.client import Connection, Postgres
from datasources.postgres.reading import any_of, columns_of, fetch_lists
from datasources.postgres.tables import users
from datasources.records.apps import AppAuthentication, AppRecord

_COLUMNS = columns_of(AppRecord, apps)
_ROWS_AT_ONCE = 10
_KEPT = apps.c.deleted_at.is_(None)
_TOMBSTONES_FOR = timedelta(days=1)
"""How long a deleted app's row stays: longer than any access token, by far."""


async def fetch_app(postgres: Postgres, app_id: UUID) -> AppRecord | None:
    """Return an app, a disabled one, too; None where there is none (`apps`)."""
    rows = await postgres.read(select(*_COLUMNS).where(apps.c.id == app_id, _KEPT))
    return AppRecord(*rows[0]) if rows else None


async def fetch_apps_of_owners(
    postgres: Postgres, ids: Sequence[UUID]
) -> Mapping[UUID, Sequence[AppRecord]]:
    """Return the apps that each person registered, the oldest first (`apps`)."""
    statement = (
        select(apps.c.owner_id, *_COLUMNS)
        .where(any_of(apps.c.owner_id, ids), _KEPT)
        .order_by(apps.c.id)
    )
    return await fetch_lists(postgres, statement, AppRecord)


async def fetch_listed_apps(
    postgres: Postgres, *, after: UUID | None, limit: int
) -> Sequence[tuple[AppRecord, str | None]]:
    """Return apps behind an id, the oldest first, with their owners' handles (`apps`, `users`)."""
    statement = (
        select(*_COLUMNS, users.c.handle)
        .select_from(apps)
        .outerjoin(users, users.c.id == apps.c.owner_id)
        .where(_KEPT)
        .order_by(apps.c.id)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(apps.c.id > after)
    return [(AppRecord(*row[:-1]), row[-1]) for row in await postgres.read(statement)]


async def count_apps(connection: Connection, owner_id: UUID) -> int:
    """Return how many apps a person has registered (`apps`)."""
    statement = select(func.count()).where(apps.c.owner_id == owner_id, _KEPT)
    return (await connection.execute(statement)).scalar_one()


async def insert_app(connection: Connection, app: AppRecord) -> None:
    """Register an app; what is left of some deleted long ago is removed (`apps`)."""
    old = (
        select(apps.c.id)
        .where(apps.c.deleted_at <= app.created_at - _TOMBSTONES_FOR)
        .limit(_ROWS_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    await connection.execute(delete(apps).where(apps.c.id.in_(old)))
    await connection.execute(apps.insert().values(**asdict(app)))


async def lock_app(connection: Connection, app_id: UUID) -> AppRecord | None:
    """Return an app, held until the transaction ends; None where there is none (`apps`)."""
    statement = select(*_COLUMNS).where(apps.c.id == app_id, _KEPT).with_for_update()
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else AppRecord(*row)


async def update_app(connection: Connection, app_id: UUID, values: Mapping[str, Any]) -> AppRecord:
    """Change columns of an app that is held, and return it (`apps`)."""
    statement = update(apps).where(apps.c.id == app_id).values(**values).returning(*_COLUMNS)
    return AppRecord(*(await connection.execute(statement)).one())


async def end_app(connection: Connection, app_id: UUID, at: datetime) -> None:
    """Delete an app: what it said, what people agreed to, and pending codes.

    Its row stays for a while: every process reads there that its tokens are void. From `apps`,
    `app_consents`, `authorization_codes`, `device_codes`.
    """
    for table in (app_consents, authorization_codes, device_codes):
        await connection.execute(delete(table).where(table.c.app_id == app_id))
    nothing: dict[str, Any] = {
        "owner_id": None,
        "name": "",
        "website": "",
        "authentication": AppAuthentication.NONE,
        "grants": [],
        "redirect_uris": [],
        "scopes": [],
        "jwks": None,
        "jwks_uri": None,
        "secret_hash": None,
        "old_secret_hash": None,
        "deleted_at": at,
    }
    await connection.execute(update(apps).where(apps.c.id == app_id).values(**nothing))


async def end_apps_of(connection: Connection, owner_id: UUID, at: datetime) -> Sequence[UUID]:
    """Delete all apps of a person, as `end_app` does, and return their ids (`apps`)."""
    theirs = select(apps.c.id).where(apps.c.owner_id == owner_id, _KEPT).with_for_update()
    ids = list((await connection.execute(theirs)).scalars())
    for app_id in ids:
        await end_app(connection, app_id, at)
    return ids
