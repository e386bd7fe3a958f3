"""The ranges of listening as spans that do not overlap: each play is read and counted once."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from heapq import nsmallest
from typing import Any

from datasources.mongo.client import Document
from datasources.mongo.collections import MAX_TOP
from datasources.records.listening import RANGE_DAYS, ListeningRange

RANGES = tuple(ListeningRange)
"""From the shortest to `ALL`. The span of a range is what it holds beyond the range before it."""


def span_starts(now: datetime) -> list[datetime]:
    """Return when each span but the last begins, the newest first; the last has no beginning."""
    return [now - timedelta(days=days) for days in RANGE_DAYS.values()]


def span_of(at: datetime, starts: list[datetime]) -> int:
    """Return which span a time lies in, as an index of `RANGES`."""
    for span, start in enumerate(starts):
        if at >= start:
            return span
    return len(starts)


def span_filters(starts: list[datetime]) -> list[Document]:
    """Return the condition on a time for each span."""
    filters: list[Document] = [{"$gte": start} for start in starts] + [{}]
    for older, start in zip(filters[1:], starts, strict=True):
        older["$lt"] = start
    return filters


def most_played(plays: Mapping[str, int] | Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    """Return the ids that were played most, with their plays; equal ones by id."""
    items: Any = plays.items() if isinstance(plays, Mapping) else plays
    return nsmallest(MAX_TOP, items, key=lambda item: (-item[1], item[0]))


def entries(ranking: Iterable[tuple[str, int]]) -> list[Document]:
    """Return a ranking as documents hold it."""
    return [{"id": id_, "plays": plays} for id_, plays in ranking]
