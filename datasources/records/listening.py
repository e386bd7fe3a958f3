"""Listening: what was played, when, and how often."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from datasources.records.page import Edge


class ListeningRange(StrEnum):
    """How far back listening is counted."""

    SHORT = "SHORT"
    MEDIUM = "MEDIUM"
    LONG = "LONG"
    ALL = "ALL"


_SHORTEST_MS = 30_000
_ENOUGH_MS = 240_000

RANGE_DAYS = {ListeningRange.SHORT: 28, ListeningRange.MEDIUM: 182, ListeningRange.LONG: 365}
"""The days of each range; `ALL` has no limit."""


@dataclass(frozen=True, slots=True)
class ListenRecord:
    """One play. `listened_at` is to the second, `ms_played` in milliseconds."""

    track_id: UUID
    listened_at: datetime
    ms_played: int
    client: str | None


def counts_as_play(duration_ms: int, ms_played: int) -> bool:
    """Whether a listen counts: half of the track or 240 s, of a track that is longer than 30 s."""
    return duration_ms > _SHORTEST_MS and ms_played >= min(duration_ms / 2, _ENOUGH_MS)


@dataclass(frozen=True, slots=True)
class NewListen:
    """One play to be stored. `counted` is what `counts_as_play` says of it."""

    user_id: UUID
    track_id: UUID
    listened_at: datetime
    ms_played: int
    client: str | None
    counted: bool = True


@dataclass(frozen=True, slots=True)
class NowPlayingRecord:
    """What a person plays at this moment, and when that is over if nothing else is told."""

    track_id: UUID
    started_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class NowPlayingChange:
    """What a person plays from now on; None for nothing, or nothing that is shown."""

    user_id: UUID
    now_playing: NowPlayingRecord | None


@dataclass(frozen=True, slots=True)
class NowPlayingSnapshot:
    """What people play, read at one place of the live stream: `seq` in the life `epoch`."""

    playing: Mapping[UUID, NowPlayingRecord]
    epoch: str | None
    seq: int


@dataclass(frozen=True, slots=True)
class RankedEdge(Edge[UUID]):
    """An entity's id at its rank (from 1), with the plays counted in the range, if they were."""

    rank: int
    play_count: int | None
