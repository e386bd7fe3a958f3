"""Listens: single plays, written once and read by keyset: `listens`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from uuid import UUID

from pymongo import ASCENDING, DESCENDING, UpdateOne
from pymongo.errors import BulkWriteError

from datasources.errors import StoreTimeout
from datasources.mongo.client import STORE, Document, Mongo, our_errors
from datasources.mongo.collections import LISTENS, MAX_WRITES
from datasources.records.listening import ListenRecord, NewListen
from datasources.records.page import Key, Keyset, PageRequest

RECENT_LISTENS_KEYSET = Keyset("recent-listens", (int, UUID), descending=True)
"""Newest first: the second of the play, then the track."""

_DUPLICATE = 11_000
_LAST_SECOND = int(datetime(9999, 12, 31, tzinfo=UTC).timestamp())  # a cursor may say more


@dataclass(frozen=True, slots=True)
class StoredListen:
    """A play as it is stored, whether it counts, and whether this call stored it."""

    listen: ListenRecord
    counted: bool
    new: bool


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


async def store_listens(
    mongo: Mongo, listens: Sequence[NewListen], untold_since: datetime
) -> Mapping[str, StoredListen]:
    """Store plays (`listens`) and return what is stored of each, by its `listen_id`.

    The first word on a play stands, of another call and of these. It is stored by a majority of
    the servers when this returns. What is new and counts is marked as not told yet: see
    `untold.py`. One bulk write, and one find where some were there before.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer; some plays may be stored.
    """
    documents = {one["_id"]: one for one in map(_document, reversed(listens))}
    for document in documents.values():
        if document["counted"]:
            document["untold"] = untold_since
    new = await _insert(mongo, list(documents.values()))
    there = [id_ for id_ in documents if id_ not in new]
    if there:
        documents |= await mongo.find_by_id(LISTENS, there)
    return {
        id_: StoredListen(listen_record(one), one["counted"], new=id_ in new)
        for id_, one in documents.items()
    }


async def _insert_missing(mongo: Mongo, documents: list[Document]) -> int:
    return len(await _insert(mongo, documents))


async def _insert(mongo: Mongo, documents: list[Document]) -> set[str]:
    """Return the ids of those that were not there."""
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
            if error.details.get("writeConcernErrors"):  # a majority may not have it
                raise StoreTimeout(STORE) from error
            return {str(one["_id"]) for one in error.details["upserted"]}
    return set(map(str, (result.upserted_ids or {}).values()))


def listen_id(user_id: UUID, track_id: UUID, listened_at: datetime) -> str:
    """Return the key of a play: the same user, track and second is the same play."""
    return f"{user_id}:{track_id}:{_second(listened_at)}"


def _document(listen: NewListen) -> Document:
    user, track, second = str(listen.user_id), str(listen.track_id), _second(listen.listened_at)
    return {
        "_id": listen_id(listen.user_id, listen.track_id, listen.listened_at),
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
