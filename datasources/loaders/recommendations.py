"""Loaders of recommendations. Where there is no list, popularity stands in: `degraded`.

Lists are read from MongoDB in one round trip for all parents; one statement in PostgreSQL answers
for those parents that have none, and for all of them when MongoDB is down.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from uuid import UUID

from datasources.loaders.batch import Batch, PagedBatch
from datasources.loaders.playlist_suggestions import SuggestionsOfPlaylist
from datasources.loaders.suggestions import (
    MAX_NEIGHBOURS,
    MAX_SUGGESTIONS,
    neighbour_list,
    popular_list,
    suggestion_page,
    unless_down,
)
from datasources.mongo.recommendations import (
    fetch_personal,
    fetch_personal_models,
    fetch_similar_artists,
    fetch_similar_tracks,
)
from datasources.postgres.popular import Popular, fetch_popular_tracks
from datasources.postgres.popular_around import (
    fetch_popular_artists_around,
    fetch_popular_tracks_around,
)
from datasources.records.page import Keyset, Page, PageRequest
from datasources.records.recommendations import (
    ModelRecord,
    PersonalList,
    RecommendationSource,
    Suggestion,
    SuggestionList,
    SuggestionPage,
)
from datasources.stores import Stores

__all__ = [
    "PersonalModelOfUser",
    "RecommendationsOfUser",
    "SimilarArtists",
    "SimilarTracks",
    "SuggestionsOfPlaylist",
]

SIMILAR_ARTISTS_KEYSET = Keyset("similar-artists", (int,))
SIMILAR_TRACKS_KEYSET = Keyset("similar-tracks", (int,))
PERSONAL_KEYSET = Keyset("personal", (int,))

NOTHING = SuggestionPage(total=0)
"""What a parent gets that has no suggestions, not even popular ones."""

Lists = Mapping[UUID, SuggestionList]


def _paged(
    name: str,
    fetch: Callable[[Stores, Sequence[UUID]], Awaitable[Lists]],
    keyset: Keyset,
) -> PagedBatch[UUID, UUID]:
    async def pages(
        stores: Stores, ids: Sequence[UUID], request: PageRequest
    ) -> Mapping[UUID, Page[UUID]]:
        found = await fetch(stores, ids)
        return {id_: suggestion_page(one, keyset, request) for id_, one in found.items()}

    return PagedBatch(name, pages, keyset, empty=NOTHING)


def _missing(ids: Sequence[UUID], lists: Lists) -> list[UUID]:
    return [id_ for id_ in ids if id_ not in lists]


def _popular(found: Mapping[UUID, Sequence[Popular]]) -> dict[UUID, SuggestionList]:
    return {id_: popular_list(some) for id_, some in found.items()}


async def _similar_artists(stores: Stores, ids: Sequence[UUID]) -> Lists:
    """Return the artists that listeners of each artist also play, nearest first."""
    found = await unless_down(fetch_similar_artists(stores.mongo, ids))
    lists = {
        id_: neighbour_list(
            one, f"Listeners of {one.name} also play this", RecommendationSource.SIMILAR
        )
        for id_, one in found.items()
    }
    missing = _missing(ids, lists)
    if not missing:
        return lists
    around = await fetch_popular_artists_around(stores.postgres, missing, MAX_NEIGHBOURS)
    return lists | _popular(around)


async def _similar_tracks(stores: Stores, ids: Sequence[UUID]) -> Lists:
    """Return the tracks that sound like each track, nearest first."""
    found = await unless_down(fetch_similar_tracks(stores.mongo, ids))
    lists = {
        id_: neighbour_list(one, f"Sounds like {one.name}", RecommendationSource.CONTENT)
        for id_, one in found.items()
    }
    missing = _missing(ids, lists)
    if not missing:
        return lists
    around = await fetch_popular_tracks_around(stores.postgres, missing, MAX_NEIGHBOURS)
    return lists | _popular(around)


async def _personal(stores: Stores, users: Sequence[UUID]) -> Lists:
    """Return the tracks for each person, best first; popular ones where there is no list."""
    found = await unless_down(fetch_personal(stores.mongo, users))
    lists = {user: _personal_list(one) for user, one in found.items()}
    missing = _missing(users, lists)
    if not missing:
        return lists
    popular = popular_list(await fetch_popular_tracks(stores.postgres, MAX_SUGGESTIONS))
    return lists | dict.fromkeys(missing, popular)


def _personal_list(personal: PersonalList) -> SuggestionList:
    tracks = [
        Suggestion(
            one.track_id,
            one.score,
            f"Because you listen to {one.because}",
            RecommendationSource.PERSONAL,
        )
        for one in personal.entries
    ]
    return SuggestionList(tracks, personal.model, degraded=False)


SimilarArtists = _paged("SimilarArtists", _similar_artists, SIMILAR_ARTISTS_KEYSET)
SimilarTracks = _paged("SimilarTracks", _similar_tracks, SIMILAR_TRACKS_KEYSET)
RecommendationsOfUser = _paged("RecommendationsOfUser", _personal, PERSONAL_KEYSET)


async def _personal_models(stores: Stores, users: Sequence[UUID]) -> Mapping[UUID, ModelRecord]:
    return await fetch_personal_models(stores.mongo, users)


PersonalModelOfUser = Batch("PersonalModelOfUser", _personal_models)
"""The model of a person's own list; None where there is no list."""
