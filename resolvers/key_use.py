"""Keeps how API keys are used: what Redis counts is copied to MongoDB, again and again."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from datasources.mongo.key_use import KeptDay, write_days
from datasources.postgres.api_keys import fetch_owners
from datasources.redis.key_use import KEPT_DAYS, fetch_days, fetch_keys_of_day
from datasources.stores import Stores

_KEYS_AT_ONCE = 500


async def keep_use(stores: Stores, now: datetime) -> int:
    """Copy the days that Redis has to MongoDB; return how many days of keys those were.

    It may be repeated, and done by several processes at once. What belongs to a key that is gone,
    as after the deletion of an account, is left to be forgotten.

    Raises:
        StoreUnavailable, StoreTimeout: a store did not answer; the next time copies all of it.
    """
    today = now.astimezone(UTC).date()
    copied = 0
    for past in range(KEPT_DAYS + 1):
        day = today - timedelta(days=past)
        keys = await fetch_keys_of_day(stores.redis, day)
        for start in range(0, len(keys), _KEYS_AT_ONCE):
            some = keys[start : start + _KEYS_AT_ONCE]
            copied += await _copy(stores, [(key, day) for key in some])
    return copied


async def _copy(stores: Stores, wanted: list[tuple[UUID, date]]) -> int:
    use = await fetch_days(stores.redis, wanted)
    owners = await fetch_owners(stores.postgres, [key for key, _ in use])
    days = [KeptDay(key, owners[key], one) for (key, _), one in use.items() if key in owners]
    await write_days(stores.mongo, days)
    return len(days)
