"""Reads the ready documents of listening: recents, tops, charts and play counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from datasources.mongo.client import Mongo
from datasources.mongo.collections import (
    CHARTS,
    RECENT_LISTENS,
    TOP_ARTISTS,
    TOP_TRACKS,
    TRACK_PLAYS,
)
from datasources.mongo.listens import listen_record
from datasources.records.listening import ListeningRange, ListenRecord

Ranking = Sequence[tuple[UUID, int]]
"""Ids and their plays, most played first."""


@dataclass(frozen=True, slots=True)
class RecentListens:
    """The newest and the oldest plays of a person, newest first, and how many there are in all."""

    total: int
    listens: Sequence[ListenRecord]
    oldest: Sequence[ListenRecord] = ()


async def fetch_recent_listens(mongo: Mongo, users: Sequence[UUID]) -> Mapping[UUID, RecentListens]:
    """Return each person's newest and oldest plays (`recent_listens`).

    One without plays is absent.
    """
    found = await mongo.find_by_id(RECENT_LISTENS, [str(user) for user in users])
    return {
        UUID(user): RecentListens(
            one["total"],
            [listen_record(each) for each in one["listens"]],
            # Absent where a release before this field wrote the document.
            [listen_record(each) for each in one.get("oldest", ())],
        )
        for user, one in found.items()
    }


async def fetch_top_tracks(
    mongo: Mongo, keys: Sequence[tuple[UUID, ListeningRange]]
) -> Mapping[tuple[UUID, ListeningRange], Ranking]:
    """Return each person's most played tracks of a range (`top_tracks`), where there are any."""
    return await _fetch_tops(mongo, TOP_TRACKS, keys)


async def fetch_top_artists(
    mongo: Mongo, keys: Sequence[tuple[UUID, ListeningRange]]
) -> Mapping[tuple[UUID, ListeningRange], Ranking]:
    """Return each person's most played artists of a range (`top_artists`), where there are any."""
    return await _fetch_tops(mongo, TOP_ARTISTS, keys)


async def _fetch_tops(
    mongo: Mongo, collection: str, keys: Sequence[tuple[UUID, ListeningRange]]
) -> Mapping[tuple[UUID, ListeningRange], Ranking]:
    names = {f"{user}:{range_}": (user, range_) for user, range_ in keys}
    found = await _fetch_rankings(mongo, collection, list(names))
    return {names[name]: ranking for name, ranking in found.items()}


async def fetch_charts(
    mongo: Mongo, keys: Sequence[tuple[ListeningRange, str]]
) -> Mapping[tuple[ListeningRange, str], Ranking]:
    """Return the most played tracks of a range and genre (slug, or `*`), where there are any.

    Read from `charts`.
    """
    names = {f"{range_}:{genre}": (range_, genre) for range_, genre in keys}
    found = await _fetch_rankings(mongo, CHARTS, list(names))
    return {names[name]: ranking for name, ranking in found.items()}


async def _fetch_rankings(mongo: Mongo, collection: str, ids: list[str]) -> Mapping[str, Ranking]:
    found = await mongo.find_by_id(collection, ids)
    return {
        id_: [(UUID(entry["id"]), entry["plays"]) for entry in one["entries"]]
        for id_, one in found.items()
    }


async def fetch_play_counts(mongo: Mongo, tracks: Sequence[UUID]) -> Mapping[UUID, int]:
    """Return how often each track was played (`track_plays`); one never played is absent."""
    found = await mongo.find_by_id(TRACK_PLAYS, [str(track) for track in tracks])
    return {UUID(track): one["plays"] for track, one in found.items()}
