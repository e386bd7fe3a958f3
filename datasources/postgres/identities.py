"""Identities at OpenID providers: `identities`."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert

from datasources.postgres.client import Connection, Postgres
from datasources.postgres.identity_tables import identities
from datasources.postgres.reading import any_of, columns_of, fetch_lists
from datasources.records.identities import IdentityRecord

_COLUMNS = columns_of(IdentityRecord, identities)


async def fetch_identities(
    postgres: Postgres, ids: Sequence[UUID]
) -> Mapping[UUID, Sequence[IdentityRecord]]:
    """Return the identities of each user, the oldest first (`identities`)."""
    statement = (
        select(identities.c.user_id, *_COLUMNS)
        .where(any_of(identities.c.user_id, ids))
        .order_by(identities.c.id)
    )
    return await fetch_lists(postgres, statement, IdentityRecord)


async def fetch_identity(postgres: Postgres, issuer: str, subject: str) -> IdentityRecord | None:
    """Return the identity that a provider calls so, or None (`identities`)."""
    statement = select(*_COLUMNS).where(
        identities.c.issuer == issuer, identities.c.subject == subject
    )
    rows = await postgres.read(statement)
    return IdentityRecord(*rows[0]) if rows else None


async def count_identities(
    connection: Connection, user_id: UUID, issuers: Collection[str] | None = None
) -> int:
    """Return how many a user has: at these providers, or at all (`identities`)."""
    statement = select(func.count()).where(identities.c.user_id == user_id)
    if issuers is not None:
        statement = statement.where(any_of(identities.c.issuer, issuers))
    return (await connection.execute(statement)).scalar_one()


async def add_identity(connection: Connection, identity: IdentityRecord) -> bool:
    """Write a new identity; False where it is somebody's already (`identities`)."""
    statement = insert(identities).values(**asdict(identity))
    added = await connection.execute(
        statement.on_conflict_do_nothing(index_elements=["issuer", "subject"])
    )
    return added.rowcount == 1


async def has_identity(connection: Connection, user_id: UUID, id_: UUID) -> bool:
    """Return whether an identity is the user's still (`identities`)."""
    theirs = (identities.c.id == id_, identities.c.user_id == user_id)
    return bool((await connection.execute(select(exists().where(*theirs)))).scalar_one())


async def use_identity(connection: Connection, id_: UUID, now: datetime) -> bool:
    """Note that an identity signed in; False where it is gone (`identities`)."""
    statement = update(identities).where(identities.c.id == id_).values(last_used_at=now)
    return (await connection.execute(statement)).rowcount == 1


async def remove_identity(
    connection: Connection, user_id: UUID, id_: UUID
) -> IdentityRecord | None:
    """Remove an identity of the user and return it; None where they have none such."""
    statement = (
        delete(identities)
        .where(identities.c.id == id_, identities.c.user_id == user_id)
        .returning(*_COLUMNS)
    )
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else IdentityRecord(*row)
