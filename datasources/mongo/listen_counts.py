"""Counted listens by person and main artist, for training."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

from datasources.mongo.client import Document, our_errors
from datasources.mongo.collections import LISTENS
from datasources.postgres.listening import fetch_main_artists, iter_user_ids
from datasources.stores import Stores

_PEOPLE_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class ListenedArtist:
    """How often a person played tracks of which this is a main artist."""

    user: UUID
    artist: UUID
    plays: int


async def iter_listened_artists(stores: Stores) -> AsyncIterator[ListenedArtist]:
    """Yield the counts of all people (`listens`), grouped by the store for some at a time.

    People and tracks that the catalogue does not have are left out.

    Raises:
        StoreUnavailable, StoreTimeout: a store did not answer.
    """
    after = ""
    async for users in iter_user_ids(stores.postgres, _PEOPLE_AT_ONCE):
        last = str(users[-1])
        plays = await _plays_of_tracks(stores, {"$gt": after, "$lte": last})
        after = last
        if not plays:
            continue
        tracks = list({track for _, track in plays})
        artists = await fetch_main_artists(stores.postgres, tracks)
        counts: Counter[tuple[UUID, UUID]] = Counter()
        for (user, track), count in plays.items():
            for artist in artists.get(track, ()):
                counts[user, artist] += count
        known = set(users)
        for (user, artist), count in counts.items():
            if user in known:
                yield ListenedArtist(user, artist, count)


async def _plays_of_tracks(stores: Stores, between: Document) -> dict[tuple[UUID, UUID], int]:
    # One string for the pair: the embedded store groups documents by documents slowly.
    pair = {"$concat": ["$user", ":", "$track"]}
    pipeline: list[Document] = [
        {"$match": {"user": between, "counted": True}},
        {"$group": {"_id": pair, "plays": {"$sum": 1}}},
    ]
    plays = {}
    async with our_errors():
        async for found in stores.mongo[LISTENS].aggregate(pipeline, allowDiskUse=True):
            user, track = found["_id"].split(":")
            plays[UUID(user), UUID(track)] = found["plays"]
    return plays
