"""The loader of suggestions for playlists: tracks that sound like theirs and are not in them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

from datasources.loaders.batch import PagedBatch
from datasources.loaders.suggestions import (
    MAX_NEIGHBOURS,
    popular_list,
    suggestion_page,
    unless_down,
)
from datasources.mongo.recommendations import fetch_similar_tracks
from datasources.postgres.popular import fetch_popular_tracks_outside
from datasources.postgres.recommendations import fetch_held, fetch_last_tracks_of_playlists
from datasources.records.page import Keyset, Page, PageRequest
from datasources.records.recommendations import (
    Neighbours,
    RecommendationSource,
    Suggestion,
    SuggestionList,
    SuggestionPage,
)
from datasources.stores import Stores

KEYSET = Keyset("playlist-suggestions", (int,))

SAMPLED_ITEMS = 20
"""The last items of a playlist speak for it."""

_CANDIDATES = 200  # of which those that the playlist holds already fall out


async def _suggestions(
    stores: Stores, playlists: Sequence[UUID], request: PageRequest
) -> Mapping[UUID, Page[UUID]]:
    """Return for each playlist the tracks nearest to its last ones, best first.

    Four round trips at most for any number of playlists: their last tracks, the neighbours of
    these, which of them a playlist holds, and popular tracks for playlists without any.
    """
    last = await fetch_last_tracks_of_playlists(stores.postgres, playlists, SAMPLED_ITEMS)
    sampled = list({track for tracks in last.values() for track in tracks})
    near = await unless_down(fetch_similar_tracks(stores.mongo, sampled))
    ranked = {
        playlist: _combined([near[track] for track in dict.fromkeys(tracks) if track in near])
        for playlist, tracks in last.items()
    }
    asked = [(playlist, one.id) for playlist, some in ranked.items() for one in some.suggestions]
    held = await fetch_held(stores.postgres, asked) if asked else set()
    lists = {}
    for playlist, some in ranked.items():
        new = [one for one in some.suggestions if (playlist, one.id) not in held]
        if new:
            lists[playlist] = SuggestionList(new[:MAX_NEIGHBOURS], some.model, degraded=False)
    missing = [playlist for playlist in playlists if playlist not in lists]
    if missing:
        outside = await fetch_popular_tracks_outside(stores.postgres, missing, MAX_NEIGHBOURS)
        lists |= {playlist: popular_list(some) for playlist, some in outside.items()}
    return {playlist: suggestion_page(one, KEYSET, request) for playlist, one in lists.items()}


def _combined(near: Sequence[Neighbours]) -> SuggestionList:
    """Return the neighbours of several tracks by their mean score, a stranger to one counting 0."""
    scores: defaultdict[UUID, float] = defaultdict(float)
    best: dict[UUID, tuple[float, str]] = {}
    for one in near:
        for id_, score in zip(one.ids, one.scores, strict=True):
            scores[id_] += score
            best[id_] = max(best.get(id_, (0.0, "")), (score, one.name))
    ranked = sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:_CANDIDATES]
    suggestions = [
        Suggestion(
            id_, score / len(near), f"Sounds like {best[id_][1]}", RecommendationSource.CONTENT
        )
        for id_, score in ranked
    ]
    models = [one.model for one in near]
    newest = max(models, key=lambda model: model.version, default=None)
    return SuggestionList(suggestions, newest, degraded=False)


SuggestionsOfPlaylist = PagedBatch(
    "SuggestionsOfPlaylist", _suggestions, KEYSET, empty=SuggestionPage(total=0)
)
