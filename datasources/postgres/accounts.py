"""Accounts: found by whom they belong to or what is typed at sign-in, and changed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Update, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from datasources.postgres.account_tables import accounts
from datasources.postgres.client import Postgres
from datasources.postgres.reading import any_of, columns_of
from datasources.postgres.tables import users
from datasources.records.accounts import AccountRecord, ListedAccount, Role

_COLUMNS = columns_of(AccountRecord, accounts)


async def fetch_accounts_by_ids(
    postgres: Postgres, ids: Sequence[UUID]
) -> Mapping[UUID, AccountRecord]:
    """Return accounts by the id of their person; one without an account is absent (`accounts`)."""
    rows = await postgres.read(select(*_COLUMNS).where(any_of(accounts.c.user_id, ids)))
    return {row.user_id: AccountRecord(*row) for row in rows}


async def fetch_account(postgres: Postgres, user_id: UUID) -> AccountRecord | None:
    """Return the account of a person, or None where there is none (`accounts`)."""
    return (await fetch_accounts_by_ids(postgres, [user_id])).get(user_id)


async def fetch_account_of_login(postgres: Postgres, login: str) -> AccountRecord | None:
    """Return the account that a login names: the key of an address, or of a handle.

    Handles have no "@", and addresses have one. One statement (`accounts`, `users`).
    """
    rows = await postgres.read(select(*_COLUMNS).join(users).where(_named(login)))
    return AccountRecord(*rows[0]) if rows else None


async def lock_account(connection: AsyncConnection, user_id: UUID) -> AccountRecord | None:
    """Return the account of a person, held until the transaction ends; None for none.

    Whoever begins or ends a session holds it, so that these happen one after another.
    """
    statement = select(*_COLUMNS).where(accounts.c.user_id == user_id).with_for_update()
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else AccountRecord(*row)


async def insert_account(
    connection: AsyncConnection,
    user_id: UUID,
    *,
    email: str,
    email_key: str,
    password_hash: str | None,
    role: Role = Role.LISTENER,
    demo: bool = False,
) -> bool:
    """Give a person an account; return False, and do nothing, where the address has one.

    Without a password they sign in by other means.
    """
    statement = insert(accounts).values(
        user_id=user_id,
        email=email,
        email_key=email_key,
        password_hash=password_hash,
        password_changed_at=None if password_hash is None else func.now(),
        role=role,
        demo=demo,
    )
    written = statement.on_conflict_do_nothing().returning(accounts.c.user_id)
    return (await connection.execute(written)).one_or_none() is not None


async def set_password(
    connection: AsyncConnection, user_id: UUID, password_hash: str, at: datetime
) -> None:
    """Change the hash of an account's password (`accounts`)."""
    values = {"password_hash": password_hash, "password_changed_at": at}
    await connection.execute(_of(user_id).values(**values))


async def replace_hash(connection: AsyncConnection, user_id: UUID, old: str, new: str) -> None:
    """Write another hash of the same password, unless it was changed meanwhile (`accounts`)."""
    unchanged = accounts.c.password_hash == old
    await connection.execute(_of(user_id).where(unchanged).values(password_hash=new))


async def set_email(connection: AsyncConnection, user_id: UUID, email: str, key: str) -> bool:
    """Change the address of an account; return False where another one has it (`accounts`)."""
    try:
        async with connection.begin_nested():
            await connection.execute(_of(user_id).values(email=email, email_key=key))
    except IntegrityError:
        return False
    return True


async def set_role(connection: AsyncConnection, user_id: UUID, role: Role) -> None:
    """Change what an account may do (`accounts`)."""
    await connection.execute(_of(user_id).values(role=role))


async def set_disabled(connection: AsyncConnection, user_id: UUID, at: datetime | None) -> None:
    """Close an account to its owner, or open it again with None (`accounts`)."""
    await connection.execute(_of(user_id).values(disabled_at=at))


async def fetch_listed_accounts(
    postgres: Postgres, *, role: Role | None, after: str, limit: int
) -> Sequence[ListedAccount]:
    """Return accounts behind a handle in lower case, by handle (`accounts`, `users`)."""
    statement = select(*_LISTED).join(users).where(users.c.handle_key > after)
    if role is not None:
        statement = statement.where(accounts.c.role == role)
    rows = await postgres.read(statement.order_by(users.c.handle_key).limit(limit))
    return [ListedAccount(*row) for row in rows]


_LISTED = (
    users.c.handle,
    accounts.c.email,
    accounts.c.role,
    users.c.created_at,
    accounts.c.disabled_at,
    accounts.c.totp_confirmed_at,
)


def _named(login: str) -> ColumnElement[bool]:
    return (accounts.c.email_key if "@" in login else users.c.handle_key) == login


def _of(user_id: UUID) -> Update:
    return update(accounts).where(accounts.c.user_id == user_id)
