"""What people play at this moment: `now-playing:<user>`, gone once the track would have ended.

Each change is told to the live stream by the script that makes it: its order is that of the values.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import orjson

from datasources.records.listening import NowPlayingRecord, NowPlayingSnapshot
from datasources.redis.client import Redis
from datasources.redis.live import PUBLISH, known_life, live_keys

MAX_S = 600
"""Longest time that anything counts as playing."""

_PUT = f"""{PUBLISH}
redis.call('SET', KEYS[4], ARGV[3], 'PX', ARGV[4])
publish(ARGV[1], ARGV[2], ARGV[3])
"""

# With a track, only where that is what plays: a stop that is late stops nothing else.
_CLEAR = f"""{PUBLISH}
local value = redis.call('GET', KEYS[4])
if not value or not string.find(value, ARGV[3], 1, true) then return 0 end
redis.call('DEL', KEYS[4])
publish(ARGV[1], ARGV[2], '')
return 1
"""


def topic_of(user_id: UUID) -> str:
    """Return the topic of the live stream that tells what a person plays."""
    return f"now-playing:{user_id}"


async def put_now_playing(
    redis: Redis, user_id: UUID, track_id: UUID, started_at: datetime, expires_s: float
) -> NowPlayingRecord | None:
    """Say what a person plays, for `expires_s` seconds from now, `MAX_S` at most; return it.

    In place of what was there; where no time is left, nothing is, and None is returned. One EVAL.
    Fails closed.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    left_s = min(expires_s, MAX_S)
    left_ms = int(left_s * 1000)
    if left_ms <= 0:
        await clear_now_playing(redis, user_id)
        return None
    record = NowPlayingRecord(track_id, started_at, datetime.now(UTC) + timedelta(seconds=left_s))
    keys = (*live_keys(redis), _name(redis, user_id))
    async with redis.answering():
        await redis.client.eval(
            _PUT, 4, *keys, known_life(redis), topic_of(user_id), _written(record), left_ms
        )
    return record


async def clear_now_playing(redis: Redis, user_id: UUID, track_id: UUID | None = None) -> bool:
    """Say that a person plays nothing any more; return whether that changed anything.

    With a track, only where it is what they play. One EVAL. Fails closed.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    keys = (*live_keys(redis), _name(redis, user_id))
    which = "" if track_id is None else f'"{track_id}"'
    async with redis.answering():
        return bool(
            await redis.client.eval(_CLEAR, 4, *keys, known_life(redis), topic_of(user_id), which)
        )


async def fetch_now_playing(redis: Redis, users: Sequence[UUID]) -> Mapping[UUID, NowPlayingRecord]:
    """Return what each person plays; one who plays nothing is absent, as is a corrupt value.

    One MGET. Fails closed.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    async with redis.answering():
        values = await redis.client.mget([_name(redis, user) for user in users])
    return _found(users, values)


async def fetch_now_playing_snapshot(redis: Redis, users: Sequence[UUID]) -> NowPlayingSnapshot:
    """Return what each person plays, and the place of the live stream at which that was so.

    One MGET, of `live:epoch` and `live:seq`, too. Fails closed.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    _, epoch_key, seq_key = live_keys(redis)
    async with redis.answering():
        epoch, seq, *values = await redis.client.mget(
            [epoch_key, seq_key, *(_name(redis, user) for user in users)]
        )
    return NowPlayingSnapshot(
        _found(users, values), None if epoch is None else str(epoch), int(seq or 0)
    )


def read_now_playing(value: bytes | str | None) -> NowPlayingRecord | None:
    """Return what a value says, or the event that tells of it; None for nothing, and rubbish."""
    if not value:
        return None
    try:
        parts = orjson.loads(value)
        started_at = datetime.fromtimestamp(parts["started_at"], UTC)
        ends_at = datetime.fromtimestamp(parts["ends_at"], UTC)
        return NowPlayingRecord(UUID(parts["track"]), started_at, ends_at)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        return None


def _name(redis: Redis, user: UUID) -> str:
    return redis.key("now-playing", user)


def _written(record: NowPlayingRecord) -> bytes:
    return orjson.dumps(
        {
            "track": str(record.track_id),
            "started_at": record.started_at.timestamp(),
            "ends_at": record.ends_at.timestamp(),
        }
    )


def _found(
    users: Sequence[UUID], values: Sequence[bytes | str | None]
) -> Mapping[UUID, NowPlayingRecord]:
    found = zip(users, map(read_now_playing, values), strict=True)
    return {user: record for user, record in found if record}
