"""What people play at this moment: `now-playing:<user>`, gone once the track would have ended."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

import orjson

from datasources.records.listening import NowPlayingRecord
from datasources.redis.client import Redis

MAX_S = 600
"""Longest time that anything counts as playing."""


async def put_now_playing(
    redis: Redis, user_id: UUID, track_id: UUID, started_at: datetime, expires_s: float
) -> None:
    """Say what a person plays, for `expires_s` seconds from now, `MAX_S` at most.

    In place of what was there; where no time is left, nothing is. Fails closed.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    name = _name(redis, user_id)
    left_ms = int(min(expires_s, MAX_S) * 1000)
    value = orjson.dumps({"track": str(track_id), "started_at": started_at.timestamp()})
    async with redis.answering():
        if left_ms > 0:
            await redis.client.set(name, value, px=left_ms)
        else:
            await redis.client.delete(name)


async def fetch_now_playing(redis: Redis, users: Sequence[UUID]) -> Mapping[UUID, NowPlayingRecord]:
    """Return what each person plays; one who plays nothing is absent, as is a corrupt value.

    One MGET. Fails closed.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    async with redis.answering():
        values = await redis.client.mget([_name(redis, user) for user in users])
    found = zip(users, map(_record, values), strict=True)
    return {user: record for user, record in found if record}


def _name(redis: Redis, user: UUID) -> str:
    return redis.key("now-playing", user)


def _record(value: bytes | str | None) -> NowPlayingRecord | None:
    if value is None:
        return None
    try:
        parts = orjson.loads(value)
        started_at = datetime.fromtimestamp(parts["started_at"], UTC)
        return NowPlayingRecord(UUID(parts["track"]), started_at)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        return None
