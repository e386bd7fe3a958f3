"""How API keys are used on the days of late: hashes `key-use:<day>:<key>`, sets `key-use:<day>`.

A hash counts operations (`*`) and root fields by their names, the set names the keys of a day.
Both go by themselves a week after the day; MongoDB has them by then.

Fails open: what cannot be counted is counted later, and nobody waits for it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from datasources.records.api_keys import DayOfUse
from datasources.redis.client import Redis

OPERATIONS = "*"
"""The member of a hash that counts operations; no field has this name."""

KEPT_DAYS = 7
"""So many days after its own a day is kept here."""


@dataclass(frozen=True, slots=True)
class Count:
    """What is counted: of a day and key, a root field or `OPERATIONS`."""

    day: date
    key_id: UUID
    what: str


async def add_counts(redis: Redis, counts: Mapping[Count, int]) -> None:
    """Add to what is counted, all or nothing, in one round trip.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    async with redis.answering(), redis.client.pipeline(transaction=True) as commands:
        for count, number in counts.items():
            commands.hincrby(_hash(redis, count.day, count.key_id), count.what, number)
        for day, key_id in {(count.day, count.key_id) for count in counts}:
            commands.sadd(_set(redis, day), str(key_id))
            commands.expireat(_hash(redis, day, key_id), _end(day))
        for day in {count.day for count in counts}:
            commands.expireat(_set(redis, day), _end(day))
        await commands.execute()


async def fetch_keys_of_day(redis: Redis, day: date) -> Sequence[UUID]:
    """Return the keys that were used on a day, in no order.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    async with redis.answering():
        members = await redis.client.smembers(_set(redis, day))
    return [UUID(str(member)) for member in members]


async def fetch_days(
    redis: Redis, wanted: Collection[tuple[UUID, date]]
) -> Mapping[tuple[UUID, date], DayOfUse]:
    """Return the use of keys on days, in one round trip; what was not used is absent.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    wanted = list(wanted)
    if not wanted:
        return {}
    async with redis.answering(), redis.client.pipeline(transaction=False) as commands:
        for key_id, day in wanted:
            commands.hgetall(_hash(redis, day, key_id))
        found: Iterable[dict[str, str]] = await commands.execute()
    return {
        place: _day_of_use(place[1], counts)
        for place, counts in zip(wanted, found, strict=True)
        if counts
    }


def _day_of_use(day: date, counts: Mapping[str, str]) -> DayOfUse:
    fields = {name: int(number) for name, number in counts.items() if name != OPERATIONS}
    return DayOfUse(day, int(counts.get(OPERATIONS, 0)), fields)


def _hash(redis: Redis, day: date, key_id: UUID) -> str:
    return redis.key("key-use", day.isoformat(), key_id)


def _set(redis: Redis, day: date) -> str:
    return redis.key("key-use", day.isoformat())


def _end(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=KEPT_DAYS + 1), time(), UTC)
