"""Sign-ups whose address is not confirmed yet, and the people that they become."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from datasources.postgres.account_tables import pending_sign_ups
from datasources.postgres.client import Postgres
from datasources.postgres.profiles import index_person
from datasources.postgres.reading import columns_of
from datasources.postgres.tables import users
from datasources.records.accounts import PendingSignUp
from datasources.records.users import ListeningVisibility, UserRecord

_PENDING = columns_of(PendingSignUp, pending_sign_ups)


async def handle_is_taken(connection: AsyncConnection, key: str) -> bool:
    """Return whether somebody is called so, by the handle in lower case (`users`)."""
    taken = exists().where(users.c.handle_key == key)
    return bool((await connection.execute(select(taken))).scalar_one())


async def insert_sign_up(
    connection: AsyncConnection, pending: PendingSignUp, lifetime: timedelta
) -> None:
    """Keep a sign-up until its address is confirmed (`pending_sign_ups`).

    Others with the same address or handle may wait, too: the first to be confirmed has it.
    """
    await connection.execute(
        pending_sign_ups.insert().values(
            id=pending.id,
            email=pending.email,
            handle=pending.handle,
            display_name=pending.display_name,
            password_hash=pending.password_hash,
            expires_at=func.now() + lifetime,
        )
    )


async def fetch_sign_up(postgres: Postgres, sign_up_id: UUID) -> PendingSignUp | None:
    """Return a sign-up that waits; None where it is gone (`pending_sign_ups`)."""
    statement = select(*_PENDING).where(pending_sign_ups.c.id == sign_up_id)
    rows = await postgres.read(statement)
    return PendingSignUp(*rows[0]) if rows else None


async def take_sign_up(connection: AsyncConnection, sign_up_id: UUID) -> PendingSignUp | None:
    """Remove a sign-up and return it; None where it is gone (`pending_sign_ups`)."""
    statement = delete(pending_sign_ups).where(pending_sign_ups.c.id == sign_up_id)
    row = (await connection.execute(statement.returning(*_PENDING))).one_or_none()
    return None if row is None else PendingSignUp(*row)


async def forget_sign_ups(connection: AsyncConnection, email_key: str) -> None:
    """Remove all sign-ups with an address: it has an account now (`pending_sign_ups`)."""
    same = func.lower(pending_sign_ups.c.email) == email_key
    await connection.execute(delete(pending_sign_ups).where(same))


async def insert_user(
    connection: AsyncConnection, user_id: UUID, handle: str, display_name: str, at: datetime
) -> UserRecord | None:
    """Write a person who can be found, and return them (`users`, `search_entries`).

    None, and nothing is written, where the handle is taken. What they play is shown to nobody
    until they say otherwise.
    """
    person = UserRecord(
        id=user_id,
        handle=handle,
        display_name=display_name,
        avatar_url=None,
        created_at=at,
        listening_visibility=ListeningVisibility.PRIVATE,
    )
    values = {column.name: getattr(person, column.name) for column in columns_of(UserRecord, users)}
    statement = insert(users).values(**values).on_conflict_do_nothing().returning(users.c.id)
    if (await connection.execute(statement)).one_or_none() is None:
        return None
    await index_person(connection, person)
    return person
