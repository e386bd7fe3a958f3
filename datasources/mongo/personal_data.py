"""What MongoDB holds about one person: read page by page, and removed."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from uuid import UUID

from pymongo import ASCENDING

from datasources.mongo.client import Document, Mongo, our_errors
from datasources.mongo.collections import (
    API_KEY_USE,
    ARTIST_PLAYS,
    LISTENS,
    RECENT_LISTENS,
    TOP_ARTISTS,
    TOP_TRACKS,
    USER_RECOMMENDATIONS,
)
from datasources.records.listening import ListeningRange

_REMOVED_AT_ONCE = 1_000
_READ_AT_ONCE = 1_000

Page = list[dict[str, Any]]


async def remove_listening(mongo: Mongo, user_id: UUID) -> None:
    """Remove all that is a person's, some hundred documents in each call; may be repeated.

    `listens`, `artist_plays`, `api_key_use`, `recent_listens`, `top_tracks`, `top_artists` and
    `user_recommendations`. A computation under way may write the last four again; its next run
    leaves them out. Charts and counts are recomputed without the person by then, too.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer; what is removed stays removed.
    """
    user = str(user_id)
    tops = [f"{user}:{range_}" for range_ in ListeningRange]
    async with our_errors():
        for collection in (LISTENS, ARTIST_PLAYS, API_KEY_USE):
            await _remove_of(mongo, collection, user)
        for collection in (RECENT_LISTENS, USER_RECOMMENDATIONS):
            await mongo[collection].delete_many({"_id": user})
        for collection in (TOP_TRACKS, TOP_ARTISTS):
            await mongo[collection].delete_many({"_id": {"$in": tops}})


async def _remove_of(mongo: Mongo, collection: str, user: str) -> None:
    while True:
        found = mongo[collection].find({"user": user}, {"_id": 1}).limit(_REMOVED_AT_ONCE)
        ids = [one["_id"] for one in await found.to_list(_REMOVED_AT_ONCE)]
        if not ids:
            return
        await mongo[collection].delete_many({"_id": {"$in": ids}})


# --- reading ------------------------------------------------------------------------------------


async def iter_listens(mongo: Mongo, user_id: UUID) -> AsyncIterator[Page]:
    """Yield all plays of a person, the oldest first, some hundred for each round trip (`listens`).

    Each has `track` (its id), `at`, `ms`, `client` and `counted`.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    after: tuple[datetime, str] | None = None
    while True:
        wanted: Document = {"user": str(user_id)}
        if after is not None:
            at, id_ = after
            wanted["$or"] = [{"at": {"$gt": at}}, {"at": at, "_id": {"$gt": id_}}]
        async with mongo.answering():
            cursor = mongo[LISTENS].find(wanted).sort([("at", ASCENDING), ("_id", ASCENDING)])
            page = await cursor.limit(_READ_AT_ONCE).to_list(_READ_AT_ONCE)
        if not page:
            return
        yield page
        after = page[-1]["at"], page[-1]["_id"]


async def iter_artist_plays(mongo: Mongo, user_id: UUID) -> AsyncIterator[Page]:
    """Yield a person's counts without times (`artist_plays`): `_id`, `artist` and `plays`.

    `_id` is source:user:artist, in the source's own ids. By `_id`, some hundred at a time.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    after = ""
    while True:
        async with mongo.answering():
            cursor = mongo[ARTIST_PLAYS].find({"user": str(user_id), "_id": {"$gt": after}})
            cursor = cursor.sort([("_id", ASCENDING)]).limit(_READ_AT_ONCE)
            page = await cursor.to_list(_READ_AT_ONCE)
        if not page:
            return
        yield page
        after = page[-1]["_id"]


async def fetch_ready(mongo: Mongo, user_id: UUID) -> dict[str, list[Document]]:
    """Return what was computed for a person, by the name of its collection.

    `user_recommendations`, and `top_tracks` and `top_artists` of each range; what is not there is
    an empty list. `recent_listens` holds nothing that `listens` has not.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    user = str(user_id)
    tops = [f"{user}:{range_}" for range_ in ListeningRange]
    wanted = {
        USER_RECOMMENDATIONS: [user],
        TOP_TRACKS: tops,
        TOP_ARTISTS: tops,
    }
    return {
        collection: list((await mongo.find_by_id(collection, ids)).values())
        for collection, ids in wanted.items()
    }
