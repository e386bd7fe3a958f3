"""What repeated requests have come to: one row for each field of a request with a key."""

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Text, delete, func, literal, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from datasources.postgres.client import Postgres
from datasources.postgres.playlist_tables import idempotent_requests as requests

_KEPT_FOR = timedelta(hours=24)
_BATCH = 1000
_BETWEEN = "\x1f"  # in none of the parts


@dataclass(frozen=True, slots=True)
class RequestKey:
    """Which field of which request: who sent it, their key, and the field's response path."""

    principal: str
    key: str
    path: str


@dataclass(frozen=True, slots=True)
class StoredOutcome:
    """What a field came to: its type and ids, as JSON holds them, and never a secret.

    `fingerprint` is a hash of the field and its arguments.
    """

    fingerprint: bytes
    outcome: Mapping[str, Any]


async def try_lock(connection: AsyncConnection, key: RequestKey) -> bool:
    """Whether this transaction alone may run a field, until it ends; nobody is waited for.

    Call `fetch_outcome` next, and not in the same statement: that would not see what whoever had
    the lock before has just stored.
    """
    text = literal(_BETWEEN.join(astuple(key)), Text)
    lock = func.pg_try_advisory_xact_lock(func.hashtextextended(text, 0))
    return bool((await connection.execute(select(lock))).scalar())


async def fetch_outcome(connection: AsyncConnection, key: RequestKey) -> StoredOutcome | None:
    """Return what a field has come to; None where it has not run (`idempotent_requests`)."""
    statement = select(requests.c.fingerprint, requests.c.outcome).where(_is(key))
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else StoredOutcome(*row)


async def write_outcome(
    connection: AsyncConnection, key: RequestKey, outcome: StoredOutcome
) -> None:
    """Keep what a field has come to, with the change itself (`idempotent_requests`)."""
    await connection.execute(
        insert(requests).values(
            principal=key.principal,
            key=key.key,
            path=key.path,
            fingerprint=outcome.fingerprint,
            outcome=dict(outcome.outcome),
            created_at=func.now(),
        )
    )


async def remove_old_outcomes(postgres: Postgres) -> int:
    """Remove what was kept for 24 hours, some at a time, and return how many rows that were.

    From `idempotent_requests`. Several processes may do so at once.
    """
    keys = list(requests.primary_key)
    old = requests.c.created_at <= func.now() - _KEPT_FOR
    some = select(*keys).where(old).limit(_BATCH).with_for_update(skip_locked=True)
    removed = 0
    while True:
        async with postgres.transaction() as connection:
            gone = await connection.execute(delete(requests).where(tuple_(*keys).in_(some)))
        removed += gone.rowcount
        if gone.rowcount < _BATCH:
            return removed


def _is(key: RequestKey) -> ColumnElement[bool]:
    columns = (requests.c.principal, requests.c.key, requests.c.path)
    return tuple_(*columns) == tuple_(*astuple(key))
