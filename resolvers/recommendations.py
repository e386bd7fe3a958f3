"""Recommendations from seeds, tuned by how they should sound."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from datasources.loaders.suggestions import MAX_SUGGESTIONS, suggestion_page, unless_down
from datasources.mongo.recommendations import (
    fetch_scales,
    fetch_similar_artists,
    fetch_similar_tracks,
)
from datasources.postgres.recommendations import fetch_known_seeds
from datasources.records.page import Keyset
from datasources.records.recommendations import (
    CONTENT_MODEL,
    FeatureRange,
    SuggestionList,
    SuggestionPage,
)
from resolvers.candidates import Near, near_candidates, popular_candidates
from resolvers.context import RequestContext
from resolvers.errors import BadUserInput
from resolvers.paging import page_request
from resolvers.tuning import checked_ranges, tuned

KEYSET = Keyset("recommendations", (int,))
MAX_SEEDS = 5


@dataclass(frozen=True, slots=True)
class Seeds:
    """What to start from: ids of tracks and artists, slugs of genres."""

    tracks: Sequence[UUID] = ()
    artists: Sequence[UUID] = ()
    genres: Sequence[str] = ()


async def recommend(
    context: RequestContext,
    seeds: Seeds,
    ranges: Mapping[str, FeatureRange],
    first: int | None = None,
    after: str | None = None,
) -> SuggestionPage:
    """Return tracks that go with the seeds, best first, 100 at most; no seed is among them.

    Each seed speaks with one voice: its best candidate counts 1, others in proportion. Tracks
    near a seed track are `CONTENT`; the best tracks of a seed artist and of the artists that its
    listeners also play are `SIMILAR`; those of a seed genre are `POPULAR`. A seed that does not
    exist is left out. Where training left nothing for the seed tracks and artists, popular tracks
    of the seeds' genres (else of all) stand in. Whatever no model had a part in is `degraded`,
    seed genres alone among it.

    `ranges` are by column of `audio_features`: a track beyond a limit, or without a limited
    feature, is left out; the further from a target in standard deviations, the lower.

    At most eight round trips, whatever the numbers: four at once for the seeds and what training
    left of them, three at once for candidates, one for how they sound.

    Raises:
        BadUserInput: no seed or more than five, none that exists, or a range that is none.
        BadCursor: a cursor of another list.
        StoreUnavailable, StoreTimeout: PostgreSQL did not answer.
    """
    request = page_request(KEYSET, first, after)
    if not 1 <= len(seeds.tracks) + len(seeds.artists) + len(seeds.genres) <= MAX_SEEDS:
        raise BadUserInput(f"Give 1 to {MAX_SEEDS} seeds in all.")
    ranges = checked_ranges(ranges)
    stores = context.stores
    known, by_track, by_artist, scales = await asyncio.gather(
        fetch_known_seeds(stores.postgres, seeds.tracks, seeds.artists, seeds.genres),
        unless_down(fetch_similar_tracks(stores.mongo, seeds.tracks)),
        unless_down(fetch_similar_artists(stores.mongo, seeds.artists)),
        unless_down(fetch_scales(stores.mongo, CONTENT_MODEL if ranges else None)),
    )
    if not (known.tracks or known.artists or known.genres):
        raise BadUserInput("Unknown seed.")
    near = Near(
        [by_track[id_] for id_ in seeds.tracks if id_ in by_track and id_ in known.tracks],
        [by_artist[id_] for id_ in seeds.artists if id_ in by_artist and id_ in known.artists],
    )
    degraded = not near.all
    if degraded and (known.tracks or known.artists):
        candidates = await popular_candidates(stores.postgres, known, ranges)
    else:
        candidates = await near_candidates(stores.postgres, known, near, ranges)
    sounding = await tuned(context.loaders, candidates, ranges, scales)
    newest = max((one.model for one in near.all), key=lambda one: one.version, default=None)
    best = SuggestionList(sounding[:MAX_SUGGESTIONS], newest, degraded)
    return suggestion_page(best, KEYSET, request)
