"""Rollups of people: `recent_listens`, `top_tracks` and `top_artists`."""

from collections import Counter, defaultdict, deque
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate, chain
from uuid import UUID

from pymongo import ASCENDING, DESCENDING

from datasources.mongo.client import Document, Mongo, our_errors
from datasources.mongo.collections import (
    ARTIST_PLAYS,
    LISTENS,
    MAX_OLDEST,
    MAX_RECENT,
    RECENT_LISTENS,
    TOP_ARTISTS,
    TOP_TRACKS,
)
from datasources.mongo.ready import replace_documents, written_since
from datasources.mongo.spans import RANGES, entries, most_played, span_of, span_starts
from datasources.postgres.listening import fetch_main_artists, iter_user_ids
from datasources.stores import Stores

_PEOPLE_AT_ONCE = 250
_TRACKS_AT_ONCE = 20_000

Artists = Mapping[str, Sequence[str]]
"""The main artists of each track that the catalogue has."""


@dataclass(slots=True)
class _Listener:
    """What one person played: the newest and oldest, all by span and track, and bare counts."""

    user: str
    recent: list[Document] = field(default_factory=list)
    oldest: deque[Document] = field(default_factory=lambda: deque(maxlen=MAX_OLDEST))
    spans: list[Counter[str]] = field(default_factory=lambda: [Counter() for _ in RANGES])
    artist_plays: Mapping[str, int] = field(default_factory=dict)

    def add(self, listen: Document, span: int) -> None:
        """Count a play; they come the newest first."""
        self.spans[span][listen["track"]] += 1
        part = self.recent if len(self.recent) < MAX_RECENT else self.oldest
        part.append({key: listen[key] for key in ("track", "at", "ms", "client")})


async def refresh_people(stores: Stores, now: datetime, run: str) -> None:
    """Write each listener's newest plays and their top tracks and artists of each range.

    The store sends the plays in the order of its index, so that one person's are complete before
    the next one's begin; some hundred people and some thousand tracks are held at a time.
    """
    starts = span_starts(now)
    after = ""
    async for ids in iter_user_ids(stores.postgres, _PEOPLE_AT_ONCE):
        users = [str(user) for user in ids]
        between = {"$gt": after, "$lte": users[-1]}
        counts = await _artist_plays(stores.mongo, between)
        batch: list[_Listener] = []
        tracks = 0
        async with aclosing(_iter_listeners(stores.mongo, between, starts)) as listeners:
            async for listener in listeners:
                listener.artist_plays = counts.pop(listener.user, {})
                batch.append(listener)
                tracks += sum(map(len, listener.spans))
                if tracks > _TRACKS_AT_ONCE:
                    await _write(stores, batch, set(users), run)
                    batch, tracks = [], 0
        batch += [_Listener(user, artist_plays=plays) for user, plays in counts.items()]
        await _write(stores, batch, set(users), run)
        after = users[-1]


async def _artist_plays(mongo: Mongo, between: Document) -> dict[str, Counter[str]]:
    """Return the counts without times of the people in an interval of ids."""
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    async with our_errors():
        async for one in mongo[ARTIST_PLAYS].find({"user": between}):
            found[one["user"]][one["artist"]] += one["plays"]
    return found


async def _iter_listeners(
    mongo: Mongo, between: Document, starts: list[datetime]
) -> AsyncGenerator[_Listener, None]:
    order = [("user", ASCENDING), ("at", DESCENDING), ("_id", DESCENDING)]
    listener = None
    async with our_errors():
        async for one in mongo[LISTENS].find({"user": between, "counted": True}).sort(order):
            if listener is None or listener.user != one["user"]:
                if listener:
                    yield listener
                listener = _Listener(one["user"])
            listener.add(one, span_of(one["at"], starts))
    if listener:
        yield listener


async def _write(stores: Stores, batch: Iterable[_Listener], known: set[str], run: str) -> None:
    listeners = [listener for listener in batch if listener.user in known]
    artists = await _main_artists(stores, listeners)
    recents: list[Document] = []
    tracks: list[Document] = []
    tops: list[Document] = []
    for listener in listeners:
        if listener.recent:
            recents.append(_recent(listener, run))
        by_track = _cumulative(listener.spans)
        tracks += _tops(listener.user, [_known(plays, artists) for plays in by_track], run)
        by_artist = [_by_artist(plays, artists) for plays in by_track]
        by_artist[-1].update(listener.artist_plays)
        tops += _tops(listener.user, by_artist, run)
    newer = await written_since(stores.mongo, RECENT_LISTENS, recents)
    recents = [one for one in recents if one["_id"] not in newer]
    await replace_documents(stores.mongo, RECENT_LISTENS, recents)
    await replace_documents(stores.mongo, TOP_TRACKS, tracks)
    await replace_documents(stores.mongo, TOP_ARTISTS, tops)


async def _main_artists(stores: Stores, listeners: Iterable[_Listener]) -> Artists:
    played = set(chain.from_iterable(chain.from_iterable(one.spans for one in listeners)))
    if not played:
        return {}
    found = await fetch_main_artists(stores.postgres, [UUID(track) for track in played])
    return {str(track): [str(one) for one in artists] for track, artists in found.items()}


def _recent(listener: _Listener, run: str) -> Document:
    total = sum(plays.total() for plays in listener.spans)
    plays = {"listens": listener.recent, "oldest": list(listener.oldest)}
    return {"_id": listener.user, "total": total, **plays, "run": run}


def _cumulative(spans: Iterable[Counter[str]]) -> list[Counter[str]]:
    """Return what each range holds: its span and those before it."""
    return list(accumulate(spans, lambda range_, span: range_ + span))


def _known(plays: Counter[str], artists: Artists) -> Counter[str]:
    return Counter({track: count for track, count in plays.items() if track in artists})


def _by_artist(plays: Counter[str], artists: Artists) -> Counter[str]:
    found: Counter[str] = Counter()
    for track, count in plays.items():
        for artist in artists.get(track, ()):
            found[artist] += count
    return found


def _tops(user: str, ranges: Iterable[Counter[str]], run: str) -> Iterable[Document]:
    for range_, plays in zip(RANGES, ranges, strict=True):
        if plays:
            top = entries(most_played(plays))
            yield {"_id": f"{user}:{range_}", "entries": top, "run": run}
