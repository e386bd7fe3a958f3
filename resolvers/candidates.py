"""Candidates for recommendations from seeds: each seed's voice, and what they say together."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from datasources.postgres.client import Postgres
from datasources.postgres.popular import (
    Popular,
    fetch_popular_tracks,
    fetch_popular_tracks_of_genres,
)
from datasources.postgres.recommendations import KnownSeeds, fetch_best_tracks_of_artists
from datasources.records.recommendations import (
    FeatureRange,
    Neighbours,
    RecommendationSource,
    Suggestion,
)

_TRACKS_PER_ARTIST = 3
_POPULAR = 200  # of each genre: enough to choose from by how they sound
_LATER_TRACK = 0.9  # what an artist's next best track is worth, of the one before

Ranges = Mapping[str, FeatureRange]
Voice = Mapping[UUID, Suggestion]
"""What one seed speaks for; its best has a score of 1."""


@dataclass(frozen=True, slots=True)
class Near:
    """What training left of the seed tracks and seed artists."""

    tracks: Sequence[Neighbours]
    artists: Sequence[Neighbours]

    @property
    def all(self) -> list[Neighbours]:
        """The lists of all seeds."""
        return [*self.tracks, *self.artists]


async def near_candidates(
    postgres: Postgres, known: KnownSeeds, near: Near, ranges: Ranges
) -> list[Suggestion]:
    """Return the candidates of all seeds, best first: two round trips at once."""
    artists = {id_ for one in near.artists for id_ in (one.id, *one.ids)}
    best, popular = await asyncio.gather(
        fetch_best_tracks_of_artists(postgres, list(artists), _TRACKS_PER_ARTIST),
        fetch_popular_tracks_of_genres(postgres, list(known.genres), _POPULAR, ranges),
    )
    voices = [_voice_of_track(one) for one in near.tracks]
    voices += [_voice_of_artist(one, best) for one in near.artists]
    voices += [_voice_of_genre(known.genres[slug], some) for slug, some in popular.items()]
    return _together(voices, known)


async def popular_candidates(
    postgres: Postgres, known: KnownSeeds, ranges: Ranges
) -> list[Suggestion]:
    """Return what stands in without a model: popular tracks of the seeds' genres, else of all."""
    names = {**known.near_genres, **known.genres}
    popular, overall = await asyncio.gather(
        fetch_popular_tracks_of_genres(postgres, sorted(names), _POPULAR, ranges),
        fetch_popular_tracks(postgres, _POPULAR, ranges),
    )
    voices = [_voice_of_genre(names[slug], some) for slug, some in popular.items()]
    return _together(voices, known) or _together([_voice_of_genre("", overall)], known)


def _voice_of_track(near: Neighbours) -> Voice:
    reason, source = f"Sounds like {near.name}", RecommendationSource.CONTENT
    pairs = zip(near.ids, near.scores, strict=True)
    return _loudest_is_one(Suggestion(id_, score, reason, source) for id_, score in pairs)


def _voice_of_artist(near: Neighbours, best: Mapping[UUID, Sequence[UUID]]) -> Voice:
    own = [(near.id, max(near.scores, default=1.0), f"By {near.name}")]
    reason = f"Listeners of {near.name} also play this artist"
    others = [(id_, score, reason) for id_, score in zip(near.ids, near.scores, strict=True)]
    return _loudest_is_one(
        Suggestion(track, score * _LATER_TRACK**place, why, RecommendationSource.SIMILAR)
        for artist, score, why in own + others
        for place, track in enumerate(best.get(artist, ()))
    )


def _voice_of_genre(name: str, popular: Iterable[Popular]) -> Voice:
    reason = f"Popular in {name}" if name else "Popular in the catalogue"
    source = RecommendationSource.POPULAR
    return _loudest_is_one(
        Suggestion(one.id, one.popularity / 100, reason, source) for one in popular
    )


def _loudest_is_one(suggestions: Iterable[Suggestion]) -> Voice:
    """Return the best suggestion of each track, all in proportion to the best one."""
    best: dict[UUID, Suggestion] = {}
    for one in suggestions:
        if one.id not in best or one.score > best[one.id].score:
            best[one.id] = one
    loudest = max((one.score for one in best.values()), default=0.0) or 1.0
    return {
        id_: Suggestion(id_, one.score / loudest, one.reason, one.source)
        for id_, one in best.items()
    }


def _together(voices: Sequence[Voice], known: KnownSeeds) -> list[Suggestion]:
    """Return the mean of all voices, silence counting 0; the loudest gives the reason."""
    said: defaultdict[UUID, list[Suggestion]] = defaultdict(list)
    for voice in voices:
        for id_, one in voice.items():
            if id_ not in known.tracks:
                said[id_].append(one)
    together = []
    for id_, some in said.items():
        loudest = max(some, key=lambda one: one.score)
        score = sum(one.score for one in some) / len(voices)
        together.append(Suggestion(id_, score, loudest.reason, loudest.source))
    return sorted(together, key=best_first)


def best_first(one: Suggestion) -> tuple[float, UUID]:
    """Return what a list of suggestions is ordered by: score downwards, then id."""
    return (-one.score, one.id)
