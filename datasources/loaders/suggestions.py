"""Makes pages of suggestions, and reads a model's lists as if none were there when it is down."""

from collections.abc import Awaitable, Hashable, Iterable, Mapping
from typing import TypeVar

import structlog

from datasources.errors import StoreError
from datasources.loaders.ready import slice_edges
from datasources.postgres.popular import Popular
from datasources.records.page import Keyset, PageRequest
from datasources.records.recommendations import (
    ModelRecord,
    Neighbours,
    RecommendationSource,
    Suggestion,
    SuggestionEdge,
    SuggestionList,
    SuggestionPage,
)

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

MAX_SUGGESTIONS = 100
"""Longest list of suggestions; neighbours are `MAX_NEIGHBOURS`."""

MAX_NEIGHBOURS = 50

log = structlog.get_logger(__name__)


async def unless_down(reading: Awaitable[Mapping[K, V]]) -> Mapping[K, V]:
    """Return what training left; nothing where its store does not answer.

    Fails open, with one warning: popularity stands in.
    """
    try:
        return await reading
    except StoreError as error:
        log.warning("recommendations are degraded", store=error.store, detail=error.detail)
        return {}


def suggestion_page(
    suggested: SuggestionList, keyset: Keyset, request: PageRequest
) -> SuggestionPage:
    """Return a page of a list; its cursors are the places, from 1."""
    edges = [
        SuggestionEdge(one.id, (place,), keyset, one.score, one.reason, one.source)
        for place, one in enumerate(suggested.suggestions, start=1)
    ]
    cut = slice_edges(edges, request)
    return SuggestionPage(
        cut.edges,
        cut.has_next,
        cut.has_previous,
        len(edges),
        model=suggested.model,
        degraded=suggested.degraded,
    )


def popular_list(popular: Iterable[Popular], model: ModelRecord | None = None) -> SuggestionList:
    """Return what stands in for a list that was never computed: degraded."""
    return SuggestionList([popular_suggestion(one) for one in popular], model, degraded=True)


def popular_suggestion(one: Popular) -> Suggestion:
    """Return an entity that is suggested for its popularity alone."""
    reason = f"Popular, of the same {one.shares}" if one.shares else "Popular in the catalogue"
    return Suggestion(one.id, one.popularity / 100, reason, RecommendationSource.POPULAR)


def neighbour_list(
    neighbours: Neighbours, reason: str, source: RecommendationSource
) -> SuggestionList:
    """Return an entity's neighbours, one reason for all of them."""
    pairs = zip(neighbours.ids, neighbours.scores, strict=True)
    near = [Suggestion(id_, score, reason, source) for id_, score in pairs if id_ != neighbours.id]
    return SuggestionList(near, neighbours.model, degraded=False)
