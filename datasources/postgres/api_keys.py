"""API keys and their secrets: `api_keys`, `api_key_secrets`."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    DateTime,
    LargeBinary,
    Select,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from datasources.postgres.account_tables import accounts
from datasources.postgres.api_key_tables import api_key_secrets, api_keys
from datasources.postgres.client import AnyRow, Postgres
from datasources.postgres.reading import any_of, unnest_columns
from datasources.records.api_keys import ApiKeyRecord, ApiKeySecretRecord, FoundApiKey

_KEY = [api_keys.c[one.name] for one in fields(ApiKeyRecord) if one.name != "secrets"]
_SECRET = [
    api_key_secrets.c[one.name].label(f"secret_{one.name}") for one in fields(ApiKeySecretRecord)
]
_LISTED_FOR = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class KeySecret:
    """A secret as it is stored: its hash, and how it begins."""

    hash: bytes
    prefix: str


# --- looking a key up ---------------------------------------------------------------------------


async def find_keys(postgres: Postgres, hashes: Sequence[bytes]) -> Mapping[bytes, FoundApiKey]:
    """Return the keys that have secrets of these hashes, good or not; what is unknown is absent.

    One round trip: `api_key_secrets`, `api_keys`, `accounts`.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    key, secret = api_keys.c, api_key_secrets.c
    closed = accounts.c.user_id.is_(None) | accounts.c.disabled_at.is_not(None)
    statement = (
        select(
            secret.hash,
            key.id,
            key.user_id,
            key.kind,
            key.plan,
            key.scopes,
            key.allowed_addresses,
            key.allowed_origins,
            func.least(key.expires_at, secret.expires_at),
            key.revoked_at,
            closed,
        )
        .join(api_key_secrets, secret.key_id == key.id)
        .outerjoin(accounts, accounts.c.user_id == key.user_id)
        .where(any_of(secret.hash, hashes))
    )
    return {row[0]: FoundApiKey(*row[1:]) for row in await postgres.read(statement)}


async def note_uses(postgres: Postgres, uses: Mapping[bytes, datetime], pause: timedelta) -> None:
    """Write when secrets were last used, by their hashes; one that was written lately is not.

    However many processes write, a row changes once in `pause` at most (`api_key_secrets`).

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    used = unnest_columns(
        "used",
        hash=(list(uses), LargeBinary()),
        at=(list(uses.values()), DateTime(timezone=True)),
    )
    last = api_key_secrets.c.last_used_at
    statement = (
        update(api_key_secrets)
        .where(api_key_secrets.c.hash == used.c.hash)
        .where(or_(last.is_(None), last <= used.c.at - pause))
        .values(last_used_at=used.c.at)
    )
    async with postgres.transaction() as connection:
        await connection.execute(statement)


# --- lists --------------------------------------------------------------------------------------


async def fetch_keys_of_users(
    postgres: Postgres, ids: Sequence[UUID]
) -> Mapping[UUID, Sequence[ApiKeyRecord]]:
    """Return the keys of each person, the newest first; who has none is absent.

    Those that have ended, too, for as long as they are kept.
    """
    keys: defaultdict[UUID, list[ApiKeyRecord]] = defaultdict(list)
    for key in _records(await postgres.read(_keys(any_of(api_keys.c.user_id, ids)))):
        keys[key.user_id].append(key)
    return keys


async def fetch_all_keys(
    postgres: Postgres, *, owner: UUID | None = None, after: UUID | None = None, limit: int
) -> Sequence[ApiKeyRecord]:
    """Return the keys of everybody, or one person's, the newest first, behind `after`."""
    some = select(api_keys.c.id).order_by(api_keys.c.id.desc()).limit(limit)
    if owner is not None:
        some = some.where(api_keys.c.user_id == owner)
    if after is not None:
        some = some.where(api_keys.c.id < after)
    return _records(await postgres.read(_keys(api_keys.c.id.in_(some))))


async def fetch_owners(postgres: Postgres, ids: Collection[UUID]) -> Mapping[UUID, UUID]:
    """Return whose each key is; one that is not there is absent (`api_keys`)."""
    statement = select(api_keys.c.id, api_keys.c.user_id).where(any_of(api_keys.c.id, ids))
    return {row[0]: row[1] for row in await postgres.read(statement)}


async def fetch_page_origins(postgres: Postgres) -> frozenset[str]:
    """Return the origins of pages that may use a key which is good now (`api_keys`)."""
    good = (
        api_keys.c.revoked_at.is_(None),
        or_(api_keys.c.expires_at.is_(None), api_keys.c.expires_at > func.now()),
        func.cardinality(api_keys.c.allowed_origins) > 0,
    )
    statement = select(func.unnest(api_keys.c.allowed_origins)).where(*good).distinct()
    return frozenset(row[0] for row in await postgres.read(statement))


# --- changing -----------------------------------------------------------------------------------


async def insert_key(connection: AsyncConnection, key: ApiKeyRecord, secret: KeySecret) -> None:
    """Write a new key and its secret, by its hash (`api_keys`, `api_key_secrets`)."""
    values = asdict(key)
    del values["secrets"]
    await connection.execute(insert(api_keys).values(**values))
    await insert_secret(connection, key.id, secret, key.created_at)


async def insert_secret(
    connection: AsyncConnection, key_id: UUID, secret: KeySecret, at: datetime
) -> None:
    """Add a secret to a key (`api_key_secrets`)."""
    await connection.execute(
        insert(api_key_secrets).values(key_id=key_id, created_at=at, **asdict(secret))
    )


async def count_good_keys(connection: AsyncConnection, user_id: UUID, now: datetime) -> int:
    """Return how many keys of a person are good; those that ended long ago are forgotten.

    `api_keys`.
    """
    key, theirs = api_keys.c, api_keys.c.user_id == user_id
    await connection.execute(
        delete(api_keys).where(
            theirs, func.least(key.expires_at, key.revoked_at) <= now - _LISTED_FOR
        )
    )
    good = (key.revoked_at.is_(None), or_(key.expires_at.is_(None), key.expires_at > now))
    statement = select(func.count()).where(theirs, *good)
    return int((await connection.execute(statement)).scalar_one())


async def lock_key(connection: AsyncConnection, key_id: UUID) -> ApiKeyRecord | None:
    """Return a key with its secrets, held until the transaction ends; None where there is none."""
    locked = select(api_keys.c.id).where(api_keys.c.id == key_id).with_for_update()
    if (await connection.execute(locked)).one_or_none() is None:
        return None
    found = _records((await connection.execute(_keys(api_keys.c.id == key_id))).all())
    return found[0] if found else None


async def key_with_secret(connection: AsyncConnection, hashed: bytes) -> UUID | None:
    """Return the id of the key that has a secret of this hash (`api_key_secrets`)."""
    statement = select(api_key_secrets.c.key_id).where(api_key_secrets.c.hash == hashed)
    found: UUID | None = (await connection.execute(statement)).scalar_one_or_none()
    return found


async def replace_secret(
    connection: AsyncConnection, key_id: UUID, secret: KeySecret, now: datetime, until: datetime
) -> None:
    """Add a secret; the one before it ends at `until`, older ones at once (`api_key_secrets`)."""
    theirs = api_key_secrets.c.key_id == key_id
    ends = api_key_secrets.c.expires_at
    await connection.execute(delete(api_key_secrets).where(theirs, ends.is_not(None)))
    await connection.execute(update(api_key_secrets).where(theirs).values(expires_at=until))
    await insert_secret(connection, key_id, secret, now)


async def end_secret(connection: AsyncConnection, hashed: bytes, now: datetime) -> bool:
    """End one secret of a key; return False where it was over already (`api_key_secrets`)."""
    good = (api_key_secrets.c.hash == hashed, api_key_secrets.c.expires_at > now)
    ended = await connection.execute(update(api_key_secrets).where(*good).values(expires_at=now))
    return ended.rowcount == 1


async def is_replaced(connection: AsyncConnection, hashed: bytes) -> bool:
    """Return whether another secret has taken the place of this one (`api_key_secrets`)."""
    statement = select(api_key_secrets.c.expires_at).where(api_key_secrets.c.hash == hashed)
    return (await connection.execute(statement)).scalar_one_or_none() is not None


async def revoke_key(connection: AsyncConnection, key_id: UUID, now: datetime) -> bool:
    """End a key; return False where it was revoked already (`api_keys`)."""
    open_ = (api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None))
    revoked = await connection.execute(update(api_keys).where(*open_).values(revoked_at=now))
    return revoked.rowcount == 1


# --- parts --------------------------------------------------------------------------------------


def _keys(which: ColumnElement[bool]) -> Select[Any]:
    """Return the statement of some keys, the newest first, a row for each secret of each."""
    secret = api_key_secrets.c
    return (
        select(*_KEY, *_SECRET)
        .join(api_key_secrets, secret.key_id == api_keys.c.id)
        .where(which)
        .order_by(api_keys.c.id.desc(), secret.created_at.desc(), secret.hash)
    )


def _records(rows: Sequence[AnyRow]) -> list[ApiKeyRecord]:
    """Return the keys of rows of `_keys`, in their order."""
    of_key: dict[UUID, tuple[AnyRow, list[ApiKeySecretRecord]]] = {}
    for row in rows:
        _, secrets = of_key.setdefault(row.id, (row, []))
        secrets.append(ApiKeySecretRecord(*row[len(_KEY) :]))
    return [
        replace(ApiKeyRecord(*row[: len(_KEY)]), secrets=tuple(secrets))
        for row, secrets in of_key.values()
    ]
