"""Keeps `recent_listens` of one person up to date between two rollups."""

from uuid import UUID

from pymongo import ASCENDING, DESCENDING, ReturnDocument

from datasources.ids import new_id
from datasources.mongo.client import Document, Mongo
from datasources.mongo.collections import LISTENS, MAX_OLDEST, MAX_RECENT, RECENT_LISTENS

COUNTED_ANEW = 1_000
"""Who has more plays than this is not counted anew each time: that takes a second for 100,000."""

_KEPT = ("track", "at", "ms", "client")


async def refresh_recent_listens(mongo: Mongo, user_id: UUID, added: int) -> None:
    """Write a person's newest and oldest counted plays anew, as the rollup would.

    `added` are new, and stored already. Of those who do so at once, the one that knows of fewer
    plays changes nothing. A run of the rollup that began earlier does not write over it; where
    somebody died before they counted what they had added, the next run does. Reads `listens`,
    writes `recent_listens`.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    user = str(user_id)
    async with mongo.answering():
        ready = await mongo[RECENT_LISTENS].find_one({"_id": user}, {"total": 1})
    if ready is None or ready["total"] <= COUNTED_ANEW:
        await _count_anew(mongo, user)
    elif added:
        await _count_on(mongo, user, added)


async def _count_anew(mongo: Mongo, user: str) -> None:
    async with mongo.answering():
        total = await mongo[LISTENS].count_documents({"user": user, "counted": True})
        if not total:
            return
        kept = {"total": total, "run": str(new_id()), **await _lists(mongo, user, total)}
        documents = mongo[RECENT_LISTENS]
        await documents.update_one({"_id": user}, {"$setOnInsert": kept}, upsert=True)
        await documents.update_one({"_id": user, "total": {"$lt": total}}, {"$set": kept})


async def _count_on(mongo: Mongo, user: str, added: int) -> None:
    """Add to the total, and then read the lists: they hold all that it counts."""
    documents = mongo[RECENT_LISTENS]
    async with mongo.answering():
        counted = await documents.find_one_and_update(
            {"_id": user},
            {"$inc": {"total": added}, "$set": {"run": str(new_id())}},
            projection={"total": 1},
            return_document=ReturnDocument.AFTER,
        )
        if not counted:  # removed meanwhile
            return
        total = counted["total"]
        kept = {"listed": total, **await _lists(mongo, user, total)}
        behind = [{"listed": {"$exists": False}}, {"listed": {"$lt": total}}]
        await documents.update_one({"_id": user, "$or": behind}, {"$set": kept})


async def _lists(mongo: Mongo, user: str, total: int) -> Document:
    recent = await _some(mongo, user, DESCENDING, MAX_RECENT)
    beyond = min(max(total - len(recent), 0), MAX_OLDEST)
    oldest = await _some(mongo, user, ASCENDING, beyond) if beyond else []
    return {"listens": recent, "oldest": oldest[::-1]}


async def _some(mongo: Mongo, user: str, way: int, limit: int) -> list[Document]:
    found = mongo[LISTENS].find({"user": user, "counted": True})
    some = found.sort([("at", way), ("_id", way)]).limit(limit)
    return [{key: one[key] for key in _KEPT} for one in await some.to_list(limit)]
