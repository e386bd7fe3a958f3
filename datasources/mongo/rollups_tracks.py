"""Rollups of tracks: `track_plays` and `charts`."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, aclosing
from datetime import datetime
from itertools import accumulate
from uuid import UUID

from datasources.mongo.client import Document, Mongo, our_errors
from datasources.mongo.collections import CHARTS, LISTENS, TRACK_PLAYS
from datasources.mongo.ready import replace_documents
from datasources.mongo.spans import RANGES, entries, most_played, span_filters, span_starts
from datasources.postgres.listening import fetch_genre_slugs
from datasources.records.listening import ListeningRange
from datasources.stores import Stores

ALL_GENRES = "*"

_TRACKS_AT_ONCE = 5_000

Plays = list[int]
"""A track's plays in each of `RANGES`."""


async def refresh_tracks(stores: Stores, now: datetime, run: str) -> None:
    """Write the play count of each track that was played, and the charts of ranges and genres."""
    charts = _Charts()
    batch: dict[str, Plays] = {}
    async with aclosing(_iter_plays(stores.mongo, now)) as plays:
        async for track, counts in plays:
            batch[track] = counts
            if len(batch) == _TRACKS_AT_ONCE:
                await _refresh_batch(stores, batch, charts, run)
                batch = {}
    await _refresh_batch(stores, batch, charts, run)
    await replace_documents(stores.mongo, CHARTS, charts.documents(run))


async def _refresh_batch(
    stores: Stores, batch: Mapping[str, Plays], charts: "_Charts", run: str
) -> None:
    if not batch:
        return
    slugs = await fetch_genre_slugs(stores.postgres, [UUID(track) for track in batch])
    known = {track: counts for track, counts in batch.items() if UUID(track) in slugs}
    charts.add(known, {track: slugs[UUID(track)] for track in known})
    documents = [{"_id": track, "plays": counts[-1], "run": run} for track, counts in known.items()]
    await replace_documents(stores.mongo, TRACK_PLAYS, documents)


class _Charts:
    """The most played tracks of each range and genre, of the batches so far."""

    def __init__(self) -> None:
        self._tops: dict[tuple[ListeningRange, str], list[tuple[str, int]]] = {}

    def add(self, batch: Mapping[str, Plays], slugs: Mapping[str, set[str]]) -> None:
        """Let a batch of tracks compete."""
        rivals: defaultdict[tuple[ListeningRange, str], list[tuple[str, int]]]
        rivals = defaultdict(list, self._tops)
        for track, counts in batch.items():
            for range_, plays in zip(RANGES, counts, strict=True):
                if plays:
                    for slug in {ALL_GENRES, *slugs[track]}:
                        rivals[range_, slug].append((track, plays))
        self._tops = {chart: most_played(tracks) for chart, tracks in rivals.items()}

    def documents(self, run: str) -> list[Document]:
        """Return the charts as `charts` holds them."""
        return [
            {"_id": f"{range_}:{slug}", "entries": entries(top), "run": run}
            for (range_, slug), top in self._tops.items()
        ]


async def _iter_plays(mongo: Mongo, now: datetime) -> AsyncGenerator[tuple[str, Plays], None]:
    """Yield each played track and its plays, by id.

    The store groups the plays of each span; what it answers is merged by the tracks' order.
    """
    async with AsyncExitStack() as stack:
        spans = [
            await stack.enter_async_context(aclosing(_iter_span(mongo, at)))
            for at in span_filters(span_starts(now))
        ]
        heads = await asyncio.gather(*(anext(span, None) for span in spans))
        while tracks := [head[0] for head in heads if head]:
            track = min(tracks)
            counts = [head[1] if head and head[0] == track else 0 for head in heads]
            yield track, list(accumulate(counts))
            for i, head in enumerate(heads):
                if head and head[0] == track:
                    heads[i] = await anext(spans[i], None)


async def _iter_span(mongo: Mongo, at: Document) -> AsyncGenerator[tuple[str, int], None]:
    pipeline: list[Document] = [
        {"$match": {"at": at, "counted": True}},
        {"$group": {"_id": "$track", "plays": {"$sum": 1}}},
        {"$sort": {"_id": 1}},
    ]
    async with our_errors():
        async for found in mongo[LISTENS].aggregate(pipeline, allowDiskUse=True):
            yield found["_id"], found["plays"]
