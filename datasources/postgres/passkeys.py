"""Passkeys: `passkeys`."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from datasources.postgres.account_tables import passkeys
from datasources.postgres.client import Connection, Postgres
from datasources.postgres.reading import any_of, columns_of, fetch_lists
from datasources.records.passkeys import PasskeyRecord

_COLUMNS = columns_of(PasskeyRecord, passkeys)


async def fetch_passkeys(
    postgres: Postgres, ids: Sequence[UUID]
) -> Mapping[UUID, Sequence[PasskeyRecord]]:
    """Return the passkeys of each user, the oldest first (`passkeys`)."""
    statement = (
        select(passkeys.c.user_id, *_COLUMNS)
        .where(any_of(passkeys.c.user_id, ids))
        .order_by(passkeys.c.id)
    )
    return await fetch_lists(postgres, statement, PasskeyRecord)


async def fetch_passkey_of_credential(
    postgres: Postgres, credential_id: bytes
) -> PasskeyRecord | None:
    """Return the passkey that an authenticator names so, or None (`passkeys`)."""
    statement = select(*_COLUMNS).where(passkeys.c.credential_id == credential_id)
    rows = await postgres.read(statement)
    return PasskeyRecord(*rows[0]) if rows else None


async def count_passkeys(connection: Connection, user_id: UUID) -> int:
    """Return how many passkeys a user has (`passkeys`)."""
    statement = select(func.count()).where(passkeys.c.user_id == user_id)
    return (await connection.execute(statement)).scalar_one()


async def has_passkey(connection: Connection, user_id: UUID, id_: UUID) -> bool:
    """Return whether a passkey is there, and the user's (`passkeys`)."""
    statement = select(passkeys.c.id).where(passkeys.c.id == id_, passkeys.c.user_id == user_id)
    return (await connection.execute(statement)).one_or_none() is not None


async def add_passkey(connection: Connection, passkey: PasskeyRecord) -> bool:
    """Write a new passkey; False where its credential is known already (`passkeys`)."""
    statement = insert(passkeys).values(**asdict(passkey))
    added = await connection.execute(
        statement.on_conflict_do_nothing(index_elements=["credential_id"])
    )
    return added.rowcount == 1


async def use_passkey(
    connection: Connection, id_: UUID, sign_count: int, now: datetime, *, backed_up: bool
) -> bool:
    """Note that a passkey signed; False where its count does not go on, or it is gone.

    A count that does not go on belongs to a copy. Authenticators that do not count always say 0.
    """
    before = passkeys.c.sign_count
    goes_on = before < sign_count if sign_count else before == 0
    changed = await connection.execute(
        update(passkeys)
        .where(passkeys.c.id == id_, goes_on)
        .values(sign_count=sign_count, last_used_at=now, backed_up=backed_up)
    )
    return changed.rowcount == 1


async def rename_passkey(
    connection: Connection, user_id: UUID, id_: UUID, name: str
) -> PasskeyRecord | None:
    """Return a passkey of the user under its new name; None where they have none such."""
    statement = (
        update(passkeys)
        .where(passkeys.c.id == id_, passkeys.c.user_id == user_id)
        .values(name=name)
        .returning(*_COLUMNS)
    )
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else PasskeyRecord(*row)


async def remove_passkey(connection: Connection, user_id: UUID, id_: UUID) -> bool:
    """Remove a passkey of the user; False where they have none such (`passkeys`)."""
    removed = await connection.execute(
        delete(passkeys).where(passkeys.c.id == id_, passkeys.c.user_id == user_id)
    )
    return removed.rowcount == 1
