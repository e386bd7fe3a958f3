"""Recommendations, and the model that made them."""

from datetime import datetime

import strawberry

from datasources.loaders.artists import ArtistById
from datasources.loaders.tracks import TrackById
from datasources.records.recommendations import ModelRecord, RecommendationSource
from schema.pagination import PageInfo
from schema.types.artist import Artist
from schema.types.track import Track
from schema.views import attribute, itself, loaded, loaded_each, total, view


@view(ModelRecord, description="A model of recommendations, as one training run left it.")
class RecommendationModel:
    """Which model."""

    name: str = attribute("What was computed, and how.")
    version: int = attribute("Grows by one with each training run.")
    trained_at: datetime = attribute("When it was trained.")


@strawberry.type
class _Recommendation:
    """A view over `SuggestionEdge`."""

    cursor: str = attribute("The opaque place of the item, for `after` and `before`.")
    score: float = attribute("How strongly it is recommended: 0 to 1, comparable in one list only.")
    reason: str = attribute("Why it is recommended, in a sentence for people.")
    source: RecommendationSource = attribute("Where the recommendation comes from.")


@strawberry.type
class _Recommendations:
    """A view over `SuggestionPage`."""

    page_info: PageInfo = itself("Where this page stands in the list.")
    total_count: int | None = total("How many recommendations there are.")
    model: RecommendationModel | None = attribute(
        "The model that made them; null where there is none yet."
    )
    degraded: bool = attribute(
        "True where popularity stands in for a model that is missing or cannot be reached."
    )


@strawberry.type(description="A recommended track.")
class TrackRecommendation(_Recommendation):
    """A track and why."""

    node: Track | None = loaded(TrackById, key="node", description="The track.")


@strawberry.type(description="A page of recommended tracks, best first.")
class TrackRecommendationConnection(_Recommendations):
    """Tracks and why."""

    edges: list[TrackRecommendation] = attribute("The recommendations, best first.")
    nodes: list[Track | None] | None = loaded_each(
        TrackById, keys="nodes", description="The tracks alone, best first."
    )


@strawberry.type(description="A recommended artist.")
class ArtistRecommendation(_Recommendation):
    """An artist and why."""

    node: Artist | None = loaded(ArtistById, key="node", description="The artist.")


@strawberry.type(description="A page of recommended artists, best first.")
class ArtistRecommendationConnection(_Recommendations):
    """Artists and why."""

    edges: list[ArtistRecommendation] = attribute("The recommendations, best first.")
    nodes: list[Artist | None] | None = loaded_each(
        ArtistById, keys="nodes", description="The artists alone, best first."
    )
