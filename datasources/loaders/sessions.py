"""Loaders of sessions: those in cookies are in Redis, those in tokens in PostgreSQL."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from datasources.loaders.batch import Batch
from datasources.postgres.token_families import fetch_families_of
from datasources.records.sessions import ListedSession
from datasources.redis.sessions import fetch_sessions_of
from datasources.stores import Stores


@dataclass(frozen=True, slots=True)
class SessionsKey:
    """Whose sessions, and what decides which of them are alive."""

    user_id: UUID
    idle_s: int
    lifetime_s: int
    now: datetime


async def _fetch(
    stores: Stores, keys: Sequence[SessionsKey]
) -> Mapping[SessionsKey, Sequence[ListedSession]]:
    """Return all sessions of each person, the most recently used first.

    One round trip to each of the two stores for a person; people see nobody's but their own.
    """
    lists = await asyncio.gather(*(_of_one(stores, key) for key in keys))
    return dict(zip(keys, lists, strict=True))


async def _of_one(stores: Stores, key: SessionsKey) -> Sequence[ListedSession]:
    cookies, families = await asyncio.gather(
        fetch_sessions_of(
            stores.redis,
            key.user_id,
            idle_s=key.idle_s,
            lifetime_s=key.lifetime_s,
            now=key.now,
        ),
        fetch_families_of(stores.postgres, key.user_id, key.now),
    )
    return sorted([*cookies, *families], key=lambda one: (one.last_used_at, one.id), reverse=True)


SessionsOfPerson = Batch("SessionsOfPerson", _fetch)
