"""One training run: counts and sounds in, lists for artists, tracks and people out."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import numpy as np
from rich.progress import Progress
from scipy.sparse import csr_array

from datasources.mongo.recommendations import (
    Lists,
    publish_model,
    reserve_model,
    write_neighbours,
    write_personal,
)
from datasources.postgres.artists import fetch_artists_by_ids
from datasources.postgres.recommendations import fetch_best_tracks_of_artists
from datasources.postgres.sounds import iter_sounds
from datasources.records.recommendations import (
    ARTIST_MODEL,
    CONTENT_MODEL,
    ModelRecord,
    Neighbours,
    PersonalEntry,
    PersonalList,
)
from datasources.stores import Stores
from gateway.training.content import NearSound, Sounds, SoundsBuilder, iter_alike
from gateway.training.counts import Counts, read_counts
from gateway.training.neighbours import TOP, Near, interest, iter_neighbours
from gateway.training.people import Liked, best_tracks, iter_liked, similarity
from resolvers.recommendations_refreshed import tell_refreshed

_AT_ONCE = 5_000
_TRACKS_PER_ARTIST = 2

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class TrainingSummary:
    """What a run met and wrote. Where there was nothing to learn from, older lists stay."""

    people: int
    artists: int
    counts: int
    tracks: int
    artist_lists: int = 0
    people_lists: int = 0
    track_lists: int = 0
    artist_model: ModelRecord | None = None
    content_model: ModelRecord | None = None


async def train(stores: Stores, now: datetime, progress: Progress | None = None) -> TrainingSummary:
    """Train on what the stores hold, write the lists and then remove those of earlier versions.

    Reads `artist_plays`, `listens` and `audio_features`; writes `similar_artists`,
    `user_recommendations`, `similar_tracks` and `models`, and tells those who wait for new lists of
    their own. Counting and comparing run on a thread:
    the event loop stays free.

    Raises:
        StoreUnavailable, StoreTimeout: a store did not answer; the lists there are of two versions,
            each whole, until the next run.
    """
    counts, names = await _known_counts(stores, await read_counts(stores))
    sounds = await _read_sounds(stores)
    done = TrainingSummary(
        people=len(counts.users),
        artists=len(counts.artists),
        counts=counts.plays.nnz,
        tracks=len(sounds.ids),
    )
    bars = _Bars(progress)
    if done.counts:
        done = await _train_artists(stores, now, counts, names, bars, done)
    if done.tracks:
        done = await _train_tracks(stores, now, sounds, bars, done)
    return done


class _Bars:
    """Progress bars, if anyone looks."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress

    def add(self, name: str, total: int) -> Callable[[int], None]:
        """Return what moves a new bar forwards."""
        progress = self._progress
        if progress is None:
            return lambda _: None
        task = progress.add_task(name, total=total)
        return lambda steps: progress.advance(task, steps)


async def _known_counts(stores: Stores, counts: Counts) -> tuple[Counts, list[str]]:
    """Return the counts of the artists that the catalogue has, and their names."""
    names: dict[UUID, str] = {}
    for start in range(0, len(counts.artists), _AT_ONCE):
        some = counts.artists[start : start + _AT_ONCE]
        found = await fetch_artists_by_ids(stores.postgres, some)
        names |= {artist.id: artist.name for artist in found.values()}
    kept = [i for i, artist in enumerate(counts.artists) if artist in names]
    artists = [counts.artists[i] for i in kept]
    if len(kept) < len(counts.artists):
        counts = Counts(counts.users, artists, counts.plays[:, kept].tocsr())
    return counts, [names[artist] for artist in artists]


async def _train_artists(
    stores: Stores,
    now: datetime,
    counts: Counts,
    names: Sequence[str],
    bars: _Bars,
    done: TrainingSummary,
) -> TrainingSummary:
    model = await reserve_model(stores.mongo, ARTIST_MODEL, now)
    advance = bars.add("artists", len(counts.artists))
    interests = interest(counts.plays)
    near: list[Near] = []
    async for block in _on_thread(iter_neighbours(interests)):
        some = [one for one in block if len(one.places)]
        near += some
        lists = [_neighbours_of(one, counts.artists, names, model) for one in some]
        await write_neighbours(stores.mongo, Lists.SIMILAR_ARTISTS, lists)
        advance(len(block))
    similar = similarity(near, len(counts.artists))
    people_lists = await _train_people(stores, counts, names, interests, similar, model, bars)
    await publish_model(stores.mongo, model, [Lists.SIMILAR_ARTISTS, Lists.PERSONAL])
    await tell_refreshed(stores)
    return replace(done, artist_lists=len(near), people_lists=people_lists, artist_model=model)


def _neighbours_of(
    near: Near, ids: Sequence[UUID], names: Sequence[str], model: ModelRecord
) -> Neighbours:
    places = near.places[:TOP].tolist()
    scores = near.scores[:TOP].tolist()
    return Neighbours(ids[near.row], names[near.row], [ids[i] for i in places], scores, model)


async def _train_people(
    stores: Stores,
    counts: Counts,
    names: Sequence[str],
    interests: csr_array,
    similar: csr_array,
    model: ModelRecord,
    bars: _Bars,
) -> int:
    tracks = await _tracks_of_artists(stores, counts.artists)
    available = np.zeros(len(counts.artists), dtype=np.bool_)
    available[list(tracks)] = True
    advance = bars.add("people", len(counts.users))
    written = 0
    async for block in _on_thread(iter_liked(interests, similar, available)):
        lists = [
            PersonalList(counts.users[person], _entries(liked, tracks, names), model)
            for person, liked in block
            if liked
        ]
        await write_personal(stores.mongo, lists)
        written += len(lists)
        advance(len(block))
    return written


async def _tracks_of_artists(stores: Stores, artists: Sequence[UUID]) -> dict[int, Sequence[UUID]]:
    places = {artist: i for i, artist in enumerate(artists)}
    found: dict[int, Sequence[UUID]] = {}
    for start in range(0, len(artists), _AT_ONCE):
        some = artists[start : start + _AT_ONCE]
        best = await fetch_best_tracks_of_artists(stores.postgres, some, _TRACKS_PER_ARTIST)
        found |= {places[artist]: tracks for artist, tracks in best.items()}
    return found


def _entries(
    liked: Sequence[Liked], tracks: Mapping[int, Sequence[UUID]], names: Sequence[str]
) -> list[PersonalEntry]:
    return [
        PersonalEntry(track, score, names[one.because])
        for track, score, one in best_tracks(liked, tracks)
    ]


async def _read_sounds(stores: Stores) -> Sounds:
    builder = SoundsBuilder()
    async for some in iter_sounds(stores.postgres, _AT_ONCE):
        await asyncio.to_thread(builder.add, some)
    return await asyncio.to_thread(builder.build)


async def _train_tracks(
    stores: Stores, now: datetime, sounds: Sounds, bars: _Bars, done: TrainingSummary
) -> TrainingSummary:
    model = await reserve_model(stores.mongo, CONTENT_MODEL, now)
    advance = bars.add("tracks", len(sounds.ids))
    written = 0
    async for block in _on_thread(iter_alike(sounds)):
        lists = [_alike(one, sounds, model) for one in block if one.places]
        await write_neighbours(stores.mongo, Lists.SIMILAR_TRACKS, lists)
        written += len(lists)
        advance(len(block))
    await publish_model(stores.mongo, model, [Lists.SIMILAR_TRACKS], sounds.scales)
    return replace(done, track_lists=written, content_model=model)


def _alike(near: NearSound, sounds: Sounds, model: ModelRecord) -> Neighbours:
    ids = [sounds.ids[i] for i in near.places]
    return Neighbours(sounds.ids[near.place], sounds.titles[near.place], ids, near.scores, model)


async def _on_thread(blocks: Iterator[T]) -> AsyncIterator[T]:
    """Yield what an iterator makes on a thread, one step at a time."""
    end = object()
    while (block := await asyncio.to_thread(next, blocks, end)) is not end:
        yield block  # type: ignore[misc]  # it is not `end`
