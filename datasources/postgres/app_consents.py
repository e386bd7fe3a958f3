"""What people let apps do for them (`app_consents`)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from datasources.postgres.account_tables import token_families
from datasources.postgres.app_tables import (
    app_consents,
    apps,
    authorization_codes,
    device_codes,
)
from datasources.postgres.client import Connection, Postgres
from datasources.postgres.reading import any_of, fetch_lists
from datasources.records.apps import AuthorizedApp


async def fetch_authorized_apps(
    postgres: Postgres, ids: Sequence[UUID]
) -> Mapping[UUID, Sequence[AuthorizedApp]]:
    """Return the apps that act for each person, the first allowed first.

    One statement (`app_consents`, `apps`, `token_families`).
    """
    consent = app_consents.c
    used = (
        select(func.max(token_families.c.last_used_at))
        .where(
            token_families.c.user_id == consent.user_id,
            token_families.c.app_id == consent.app_id,
        )
        .correlate(app_consents)
        .scalar_subquery()
    )
    statement = (
        select(
            consent.user_id,
            consent.app_id,
            apps.c.name,
            apps.c.website,
            consent.scopes,
            consent.granted_at,
            used,
        )
        .join(apps, apps.c.id == consent.app_id)
        .where(any_of(consent.user_id, ids), apps.c.deleted_at.is_(None))
        .order_by(consent.granted_at, consent.app_id)
    )
    return await fetch_lists(postgres, statement, AuthorizedApp)


async def fetch_consent(postgres: Postgres, user_id: UUID, app_id: UUID) -> frozenset[str]:
    """Return what a person lets an app do: nothing, where they were not asked (`app_consents`)."""
    consent = app_consents.c
    statement = select(consent.scopes).where(consent.user_id == user_id, consent.app_id == app_id)
    rows = await postgres.read(statement)
    return frozenset(rows[0][0]) if rows else frozenset()


async def lock_consent(connection: Connection, user_id: UUID, app_id: UUID) -> frozenset[str]:
    """Return what a person lets an app do, held until the transaction ends (`app_consents`).

    Who withdraws it waits, and then finds the tokens that come of it, too.
    """
    consent = app_consents.c
    statement = (
        select(consent.scopes)
        .where(consent.user_id == user_id, consent.app_id == app_id)
        .with_for_update()
    )
    return frozenset((await connection.execute(statement)).scalar_one_or_none() or ())


async def put_consent(
    connection: Connection, user_id: UUID, app_id: UUID, scopes: Sequence[str], at: datetime
) -> None:
    """Keep what a person lets an app do from now on (`app_consents`)."""
    values = {"scopes": list(scopes), "granted_at": at}
    statement = insert(app_consents).values(user_id=user_id, app_id=app_id, **values)
    await connection.execute(
        statement.on_conflict_do_update(index_elements=["user_id", "app_id"], set_=values)
    )


async def end_consent(
    connection: Connection, user_id: UUID, app_id: UUID, at: datetime
) -> Sequence[UUID] | None:
    """Take back what a person let an app do; None where there was nothing.

    Returns the families of tokens that ended. From `app_consents`, `authorization_codes`,
    `device_codes`, `token_families`.
    """
    for table in (authorization_codes, device_codes):
        await connection.execute(
            delete(table).where(table.c.user_id == user_id, table.c.app_id == app_id)
        )
    gone = await connection.execute(
        delete(app_consents).where(
            app_consents.c.user_id == user_id, app_consents.c.app_id == app_id
        )
    )
    ended = (
        update(token_families)
        .where(
            token_families.c.user_id == user_id,
            token_families.c.app_id == app_id,
            token_families.c.revoked_at.is_(None),
        )
        .values(revoked_at=at)
        .returning(token_families.c.id)
    )
    families = list((await connection.execute(ended)).scalars())
    return families if gone.rowcount or families else None


async def forget_consents_of(connection: Connection, user_id: UUID) -> None:
    """Remove all that a person let apps do, and codes on their way; not their tokens.

    From `app_consents`, `authorization_codes`, `device_codes`.
    """
    for table in (app_consents, authorization_codes, device_codes):
        await connection.execute(delete(table).where(table.c.user_id == user_id))
