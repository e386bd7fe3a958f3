"""Loaders of API keys and of how they are used."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from datasources.loaders.batch import Batch
from datasources.loaders.sources import from_postgres
from datasources.mongo.key_use import fetch_use
from datasources.postgres import api_keys
from datasources.records.api_keys import DayOfUse
from datasources.redis.key_use import KEPT_DAYS, fetch_days
from datasources.stores import Stores

ApiKeysOfUser = Batch("ApiKeysOfUser", from_postgres(api_keys.fetch_keys_of_users), missing=())


@dataclass(frozen=True, slots=True)
class UseWanted:
    """Which key's use, and from which day to which, both included."""

    key_id: UUID
    first: date
    last: date


async def _fetch_use(
    stores: Stores, wanted: Sequence[UseWanted]
) -> Mapping[UseWanted, Sequence[DayOfUse]]:
    """Return the days on which keys were used, the earliest first.

    One round trip to MongoDB and, for the days of late, one to Redis for each different time.
    """
    times: defaultdict[tuple[date, date], list[UUID]] = defaultdict(list)
    for one in wanted:
        times[one.first, one.last].append(one.key_id)
    found: dict[UseWanted, Sequence[DayOfUse]] = {}
    for (first, last), ids in times.items():
        days = await _use_between(stores, ids, first, last)
        found |= {UseWanted(id_, first, last): days[id_] for id_ in ids}
    return found


async def _use_between(
    stores: Stores, ids: Sequence[UUID], first: date, last: date
) -> Mapping[UUID, Sequence[DayOfUse]]:
    kept = await fetch_use(stores.mongo, ids, first, last)
    today = datetime.now(UTC).date()
    late = [today - timedelta(days=past) for past in range(-1, KEPT_DAYS + 1)]
    counted = await fetch_days(
        stores.redis, [(id_, day) for id_ in ids for day in late if first <= day <= last]
    )
    use: dict[UUID, dict[date, DayOfUse]] = {
        id_: {one.day: one for one in kept.get(id_, ())} for id_ in ids
    }
    for (id_, day), one in counted.items():
        use[id_][day] = _greater(one, use[id_].get(day))
    return {id_: [days[day] for day in sorted(days)] for id_, days in use.items()}


def _greater(one: DayOfUse, other: DayOfUse | None) -> DayOfUse:
    """Return what both tell of a day: MongoDB may not know the last hour, Redis may have lost it.

    Neither ever counts too much.
    """
    if other is None:
        return one
    names = one.fields.keys() | other.fields.keys()
    fields = {name: max(one.fields.get(name, 0), other.fields.get(name, 0)) for name in names}
    return DayOfUse(one.day, max(one.operations, other.operations), fields)


UseOfKey = Batch("UseOfKey", _fetch_use, missing=())
