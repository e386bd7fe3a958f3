"""Keys that sign access tokens; their private parts are sealed before they come here."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from datasources.postgres.account_tables import signing_keys
from datasources.postgres.client import Postgres
from datasources.postgres.reading import columns_of
from datasources.records.tokens import SigningKeyRecord

_LOCK = 0x6B657972696E67  # "keyring"
_ALL = select(*columns_of(SigningKeyRecord, signing_keys)).order_by(
    signing_keys.c.active_from, signing_keys.c.kid
)


async def fetch_signing_keys(postgres: Postgres) -> Sequence[SigningKeyRecord]:
    """Return all keys, the one that signed first before the others (`signing_keys`)."""
    return [SigningKeyRecord(*row) for row in await postgres.read(_ALL)]


@asynccontextmanager
async def key_change(postgres: Postgres) -> AsyncIterator[AsyncConnection]:
    """Yield a transaction that changes keys; others that would do so wait until it has ended.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    async with postgres.transaction() as connection:
        await connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
        yield connection


async def keys_within(connection: AsyncConnection) -> Sequence[SigningKeyRecord]:
    """Return all keys as a change sees them, in the same order (`signing_keys`)."""
    return [SigningKeyRecord(*row) for row in await connection.execute(_ALL)]


async def insert_signing_key(connection: AsyncConnection, key: SigningKeyRecord) -> None:
    """Publish a key (`signing_keys`)."""
    await connection.execute(signing_keys.insert().values(**asdict(key)))


async def retire_signing_keys(
    connection: AsyncConnection, successor: str, expires_at: datetime
) -> None:
    """Let all keys but the successor end by then, if they do not before (`signing_keys`)."""
    others = signing_keys.c.kid != successor
    ends = signing_keys.c.expires_at
    later = or_(ends.is_(None), ends > expires_at)
    await connection.execute(
        update(signing_keys).where(others, later).values(expires_at=expires_at)
    )


async def delete_ended_keys(connection: AsyncConnection, now: datetime) -> None:
    """Remove keys that verify nothing any more (`signing_keys`)."""
    await connection.execute(delete(signing_keys).where(signing_keys.c.expires_at <= now))
