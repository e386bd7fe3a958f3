"""Keeps `recent_listens` of one person up to date between two rollups."""

from uuid import UUID

from pymongo import ASCENDING, DESCENDING

from datasources.ids import new_id
from datasources.mongo.client import Document, Mongo
from datasources.mongo.collections import LISTENS, MAX_OLDEST, MAX_RECENT, RECENT_LISTENS

_KEPT = ("track", "at", "ms", "client")


async def refresh_recent_listens(mongo: Mongo, user_id: UUID) -> None:
    """Write a person's newest and oldest counted plays anew, as the rollup would.

    The total is read before the lists, and what is there is replaced by what has more: of two who
    do so at once, the one that knows of fewer plays changes nothing. Reads `listens`, writes
    `recent_listens`.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    user = str(user_id)
    counted: Document = {"user": user, "counted": True}
    async with mongo.answering():
        total = await mongo[LISTENS].count_documents(counted)
        recent = await _some(mongo, counted, DESCENDING, MAX_RECENT)
        beyond = min(max(total - len(recent), 0), MAX_OLDEST)
        oldest = await _some(mongo, counted, ASCENDING, beyond) if beyond else []
        if not recent:
            return
        kept: Document = {"total": total, "listens": recent, "oldest": oldest[::-1]}
        # A run that began earlier does not write over it; a later one does.
        kept["run"] = str(new_id())
        documents = mongo[RECENT_LISTENS]
        await documents.update_one({"_id": user}, {"$setOnInsert": kept}, upsert=True)
        await documents.update_one({"_id": user, "total": {"$lt": total}}, {"$set": kept})


async def _some(mongo: Mongo, wanted: Document, way: int, limit: int) -> list[Document]:
    found = mongo[LISTENS].find(wanted).sort([("at", way), ("_id", way)])
    return [{key: one[key] for key in _KEPT} for one in await found.limit(limit).to_list(limit)]
