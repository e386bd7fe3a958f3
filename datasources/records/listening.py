"""Listening: what was played, when, and how often."""

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


RANGE_DAYS = {ListeningRange.SHORT: 28, ListeningRange.MEDIUM: 182, ListeningRange.LONG: 365}
"""The days of each range; `ALL` has no limit."""


@dataclass(frozen=True, slots=True)
class ListenRecord:
    """One play. `listened_at` is to the second, `ms_played` in milliseconds."""

    track_id: UUID
    listened_at: datetime
    ms_played: int
    client: str | None


@dataclass(frozen=True, slots=True)
class NowPlayingRecord:
    """What a person plays at this moment."""

    track_id: UUID
    started_at: datetime


@dataclass(frozen=True, slots=True)
class RankedEdge(Edge[UUID]):
    """An entity's id at its rank (from 1), with the plays counted in the range, if they were."""

    rank: int
    play_count: int | None
