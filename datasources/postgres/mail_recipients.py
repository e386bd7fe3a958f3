"""To whom mails go: looked up when they are sent, not when they are asked for."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from datasources.postgres.account_tables import accounts, pending_sign_ups


@dataclass(frozen=True, slots=True)
class Recipient:
    """A person with an account, and the address that it has now."""

    user_id: UUID
    email: str


async def prolong_sign_up(
    connection: AsyncConnection, sign_up_id: UUID, lifetime: timedelta
) -> tuple[str, str] | None:
    """Return address and handle of a sign-up, which lives for `lifetime` from now at least.

    So a link is good for as long as its mail says, however long the mail was on its way. None
    where it has expired or was confirmed (`pending_sign_ups`).
    """
    expires_at = pending_sign_ups.c.expires_at
    statement = (
        update(pending_sign_ups)
        .where(pending_sign_ups.c.id == sign_up_id, expires_at > func.now())
        .values(expires_at=func.greatest(expires_at, func.now() + lifetime))
        .returning(pending_sign_ups.c.email, pending_sign_ups.c.handle)
    )
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else (row.email, row.handle)


async def has_account(connection: AsyncConnection, email_key: str) -> bool:
    """Return whether an address belongs to an account (`accounts`)."""
    statement = select(exists().where(accounts.c.email_key == email_key))
    return bool((await connection.execute(statement)).scalar_one())


async def find_by_email(connection: AsyncConnection, email_key: str) -> Recipient | None:
    """Return the owner of an address whose account is open, or None (`accounts`).

    The address is the one that the account has: not what somebody typed that is equal to it.
    """
    return await _find(
        connection, accounts.c.email_key == email_key, accounts.c.disabled_at.is_(None)
    )


async def find_by_id(connection: AsyncConnection, user_id: UUID) -> Recipient | None:
    """Return a person with an account and an address, or None (`accounts`)."""
    return await _find(connection, accounts.c.user_id == user_id)


async def _find(connection: AsyncConnection, *conditions: ColumnElement[bool]) -> Recipient | None:
    statement = select(accounts.c.user_id, accounts.c.email).where(
        *conditions, accounts.c.email.is_not(None)
    )
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else Recipient(*row)
