"""Play counts of artists without times, as other services hand them out: `artist_plays`."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from pymongo import UpdateOne

from datasources.mongo.client import Mongo, our_errors
from datasources.mongo.collections import ARTIST_PLAYS, MAX_WRITES

_READ_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class ArtistPlays:
    """How often a person played an artist, as one source counted it.

    `key` is source:user:artist in the source's own ids: two of its artists that are one of ours
    stay two counts.
    """

    key: str
    user: UUID
    artist: UUID
    plays: int


@dataclass(frozen=True, slots=True)
class PlaysWritten:
    """How many counts were new, changed, or there already as they are."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0

    def __add__(self, other: "PlaysWritten") -> "PlaysWritten":
        return PlaysWritten(
            self.inserted + other.inserted,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
        )


async def write_artist_plays(mongo: Mongo, plays: Sequence[ArtistPlays]) -> PlaysWritten:
    """Set counts by their keys (`artist_plays`), at most `MAX_WRITES` in one call to the store.

    No two have the same key. Writing the same again changes nothing.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer; some counts may be written.
    """
    done = PlaysWritten()
    for start in range(0, len(plays), MAX_WRITES):
        writes = [
            UpdateOne(
                {"_id": one.key},
                {"$set": {"user": str(one.user), "artist": str(one.artist), "plays": one.plays}},
                upsert=True,
            )
            for one in plays[start : start + MAX_WRITES]
        ]
        async with our_errors():
            result = await mongo[ARTIST_PLAYS].bulk_write(writes, ordered=False)
        done += PlaysWritten(
            result.upserted_count,
            result.modified_count,
            result.matched_count - result.modified_count,
        )
    return done


async def iter_artist_plays(mongo: Mongo) -> AsyncIterator[ArtistPlays]:
    """Yield all counts (`artist_plays`) in no order, a few thousand for each round trip.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    async with our_errors():
        async for found in mongo[ARTIST_PLAYS].find({}, batch_size=_READ_AT_ONCE):
            yield ArtistPlays(
                found["_id"], UUID(found["user"]), UUID(found["artist"]), found["plays"]
            )
