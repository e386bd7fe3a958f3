"""Listens: single plays, written once and read by keyset: `listens`."""

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import islice
from uuid import UUID

from pymongo import ASCENDING, DESCENDING, UpdateOne
from pymongo.errors import BulkWriteError

from datasources.mongo.client import Document, Mongo, our_errors
from datasources.mongo.collections import LISTENS, MAX_WRITES
from datasources.records.listening import ListenRecord, NewListen
from datasources.records.page import Key, Keyset, PageRequest

RECENT_LISTENS_KEYSET = Keyset("recent-listens", (int, UUID), descending=True)
"""Newest first: the second of the play, then the track."""

_DUPLICATE = 11_000
_LAST_SECOND = int(datetime(9999, 12, 31, tzinfo=UTC).timestamp())  # a cursor may say more


async def write_listens(mongo: Mongo, listens: Iterable[NewListen]) -> int:
    """Store plays (`listens`) and return how many were new: the first word on a play stands.

    The same user, track and second is one listen, however often it is sent. At most `MAX_WRITES`
    travel in one call.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer; some plays may be stored.
    """
    rest = iter(listens)
    new = 0
    while documents := [_document(listen) for listen in islice(rest, MAX_WRITES)]:
        first = {document["_id"]: document for document in reversed(documents)}
        new += await _insert_missing(mongo, list(first.values()))
    return new


async def _insert_missing(mongo: Mongo, documents: list[Document]) -> int:
    writes = [
        UpdateOne({"_id": document["_id"]}, {"$setOnInsert": document}, upsert=True)
        for document in documents
    ]
    async with our_errors():
        try:
            result = await mongo[LISTENS].bulk_write(writes, ordered=False)
        except BulkWriteError as error:
            # Two writers met at one `_id`: the other one stored the play.
            if any(one["code"] != _DUPLICATE for one in error.details["writeErrors"]):
                raise
            return int(error.details["nUpserted"])
    return result.upserted_count


def _document(listen: NewListen) -> Document:
    user, track, second = str(listen.user_id), str(listen.track_id), _second(listen.listened_at)
    return {
        "_id": f"{user}:{track}:{second}",
        "user": user,
        "track": track,
        "at": datetime.fromtimestamp(second, UTC),
        "ms": listen.ms_played,
        "client": listen.client,
        "counted": listen.counted,
    }


async def fetch_listens_of_user(
    mongo: Mongo, user: UUID, request: PageRequest
) -> list[tuple[ListenRecord, Key]]:
    """Return the counted plays of a page and one more, in the direction in which it is read.

    Keys are of `RECENT_LISTENS_KEYSET`. Read from `listens`.
    """
    wanted: Document = {"user": str(user), "counted": True}
    bounds = []
    if request.after is not None:
        bounds.append(_beyond("$lt", request.after))
    if request.before is not None:
        bounds.append(_beyond("$gt", request.before))
    if bounds:
        wanted["$and"] = bounds
    way = ASCENDING if request.backward else DESCENDING
    async with mongo.answering():
        cursor = mongo[LISTENS].find(wanted).sort([("at", way), ("_id", way)])
        found = await cursor.limit(request.limit + 1).to_list(None)
    return [(record := listen_record(one), listen_key(record)) for one in found]


def _beyond(operator: str, key: Key) -> Document:
    second, track = key
    at = datetime.fromtimestamp(min(max(int(str(second)), 0), _LAST_SECOND), UTC)
    return {"$or": [{"at": {operator: at}}, {"at": at, "track": {operator: str(track)}}]}


def listen_record(document: Document) -> ListenRecord:
    """Return the play that a document, or an entry of `recent_listens`, holds."""
    return ListenRecord(UUID(document["track"]), document["at"], document["ms"], document["client"])


def listen_key(listen: ListenRecord) -> Key:
    """Return where a play stands in the list of its user."""
    return (_second(listen.listened_at), listen.track_id)


def _second(at: datetime) -> int:
    return int(at.timestamp())
