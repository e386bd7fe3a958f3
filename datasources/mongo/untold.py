"""Plays that subscribers have not been told of yet: `untold` in `listens`, since when.

It is stored with the play, and goes when the play was told. Whoever stores plays tells them at
once; what is left for a while (Redis was away, somebody died) is told by the worker.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from pymongo import ASCENDING

from datasources.mongo.client import Mongo, our_errors
from datasources.mongo.collections import LISTENS
from datasources.mongo.listens import listen_id, listen_record
from datasources.records.listening import ListenRecord


async def mark_told(mongo: Mongo, user_id: UUID, listens: Sequence[ListenRecord]) -> None:
    """Note that a person's plays were told (`listens`).

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    ids = [listen_id(user_id, one.track_id, one.listened_at) for one in listens]
    async with mongo.answering():
        await mongo[LISTENS].update_many({"_id": {"$in": ids}}, {"$unset": {"untold": ""}})


async def take_untold(
    mongo: Mongo, before: datetime, now: datetime, limit: int
) -> list[tuple[UUID, ListenRecord]]:
    """Return plays that have waited since before a moment, with whose they are (`listens`).

    Who takes one has it: for others it waits since `now`.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    taken = []
    async with our_errors():
        found = mongo[LISTENS].find({"untold": {"$lt": before}})
        ordered = found.sort([("untold", ASCENDING)]).limit(limit)
        for one in sorted(await ordered.to_list(limit), key=lambda each: each["at"]):
            claim = {"_id": one["_id"], "untold": one["untold"]}
            done = await mongo[LISTENS].update_one(claim, {"$set": {"untold": now}})
            if done.modified_count:
                taken.append((UUID(one["user"]), listen_record(one)))
    return taken
