"""How API keys are used, day by day: `api_key_use`."""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from pymongo import ASCENDING, UpdateOne

from datasources.mongo.client import Document, Mongo, our_errors
from datasources.mongo.collections import API_KEY_USE
from datasources.records.api_keys import DayOfUse

_READ_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class KeptDay:
    """The use of one key on one day, and whose key it is."""

    key_id: UUID
    user_id: UUID
    use: DayOfUse


async def write_days(mongo: Mongo, days: Sequence[KeptDay]) -> None:
    """Keep the use of some days, in one round trip; again, or by another process, is no harm.

    Numbers only grow: of two that are told of the same day the greater one is right
    (`api_key_use`).

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    writes = [
        UpdateOne(
            {"_id": f"{kept.key_id}:{kept.use.day}"},
            {
                "$setOnInsert": {
                    "key": str(kept.key_id),
                    "user": str(kept.user_id),
                    "day": str(kept.use.day),
                },
                "$max": {
                    "operations": kept.use.operations,
                    **{f"fields.{name}": number for name, number in kept.use.fields.items()},
                },
            },
            upsert=True,
        )
        for kept in days
    ]
    if writes:
        async with our_errors():
            await mongo[API_KEY_USE].bulk_write(writes, ordered=False)


async def fetch_use(
    mongo: Mongo, key_ids: Collection[UUID], first: date, last: date
) -> Mapping[UUID, Sequence[DayOfUse]]:
    """Return the use of keys from one day to another, both included, the earliest first.

    One round trip to `api_key_use`; a key that was not used is absent.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    wanted: Document = {
        "key": {"$in": [str(one) for one in key_ids]},
        "day": {"$gte": str(first), "$lte": str(last)},
    }
    most = len(key_ids) * ((last - first).days + 1)
    async with mongo.answering():
        cursor = mongo[API_KEY_USE].find(wanted, batch_size=most + 1)
        found = await cursor.to_list(None)
    days: defaultdict[UUID, list[DayOfUse]] = defaultdict(list)
    for document in sorted(found, key=lambda one: str(one["day"])):
        days[UUID(document["key"])].append(_day(document))
    return days


async def iter_use(mongo: Mongo, user_id: UUID) -> AsyncIterator[list[Document]]:
    """Yield the use of a person's keys, some hundred days at a time, by key and day.

    Each has `key`, `day`, `operations` and `fields` (`api_key_use`).

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    after = ""
    while True:
        async with mongo.answering():
            cursor = mongo[API_KEY_USE].find({"user": str(user_id), "_id": {"$gt": after}})
            cursor = cursor.sort([("_id", ASCENDING)]).limit(_READ_AT_ONCE)
            page = await cursor.to_list(_READ_AT_ONCE)
        if not page:
            return
        yield page
        after = page[-1]["_id"]


def _day(document: Document) -> DayOfUse:
    day = date.fromisoformat(document["day"])
    return DayOfUse(day, document.get("operations", 0), dict(document.get("fields", {})))
