"""Attempts of late, at most so many in a time: sorted sets `attempts:<topic>:<whose>`.

Members are attempts, scores the milliseconds at which they were made. Fails closed: where Redis
does not answer, nothing is attempted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from datasources.redis.client import Redis

# For each key a limit. All are asked before any is counted: what is refused counts nowhere.
# A negative limit is that of a silent key: where it is full, it refuses nothing, and says so.
# Returns {wait, full}: 0, or the milliseconds until the oldest attempt that stands in the way is
# forgotten; and 1 where a silent key is full. Without an id nothing is counted.
_RESERVE = """
local now, window, id = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local wait, full, counted = 0, 0, {}
for i, key in ipairs(KEYS) do
    local given = tonumber(ARGV[3 + i])
    local limit = math.abs(given)
    redis.call('ZREMRANGEBYSCORE', key, '-inf', now - window)
    if redis.call('ZCARD', key) < limit then
        table.insert(counted, key)
    elseif given < 0 then
        full = 1
    else
        local first = redis.call('ZRANGE', key, -limit, -limit, 'WITHSCORES')
        wait = math.max(wait, tonumber(first[2]) + window - now)
    end
end
if wait == 0 and id ~= '' then
    for _, key in ipairs(counted) do
        redis.call('ZADD', key, now, id)
        redis.call('PEXPIRE', key, window)
    end
end
return {wait, full}
"""


@dataclass(frozen=True, slots=True)
class Counter:
    """One thing that is counted: the parts of its key, and how many there may be.

    A silent one refuses nothing by itself: whoever reserves is told that it is full.
    """

    key: tuple[str, ...]
    limit: int
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Reserved:
    """What became of an attempt: it has to wait, or is counted; `full` is that of silent ones."""

    wait: timedelta | None
    full: bool


async def reserve(
    redis: Redis, counters: Sequence[Counter], window: timedelta, now: datetime, attempt_id: str
) -> Reserved:
    """Count an attempt everywhere, or nowhere where it has to wait; without an id, only look.

    One script: of many at once no more pass than may.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    keys = [_name(redis, counter) for counter in counters]
    limits = [-counter.limit if counter.silent else counter.limit for counter in counters]
    window_ms = int(window.total_seconds() * 1000)
    async with redis.answering():
        wait, full = await redis.client.eval(
            _RESERVE, len(keys), *keys, _milliseconds(now), window_ms, attempt_id, *limits
        )
    return Reserved(timedelta(milliseconds=int(wait)) or None, full=bool(full))


async def give_back(redis: Redis, counters: Sequence[Counter], attempt_id: str) -> None:
    """Forget one attempt, as if it had not been made.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    async with redis.answering(), redis.client.pipeline(transaction=False) as commands:
        for counter in counters:
            commands.zrem(_name(redis, counter), attempt_id)
        await commands.execute()


async def forget(redis: Redis, counters: Sequence[Counter]) -> None:
    """Forget all attempts that these counters have.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    async with redis.answering():
        await redis.client.delete(*(_name(redis, counter) for counter in counters))


def _name(redis: Redis, counter: Counter) -> str:
    return redis.key("attempts", *counter.key)


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
