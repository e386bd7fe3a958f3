"""Recommendations and the model that made them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from datasources.records.page import Edge, Page


class RecommendationSource(StrEnum):
    """Where a recommendation comes from."""

    PERSONAL = "PERSONAL"
    SIMILAR = "SIMILAR"
    CONTENT = "CONTENT"
    POPULAR = "POPULAR"


ARTIST_MODEL = "item-item-cosine"
"""The model of artists that the same people play, and of what follows for a person."""

CONTENT_MODEL = "audio-features"
"""The model of tracks that sound alike."""


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """A document of `models`: which training run made a list. `version` grows with each run."""

    name: str
    version: int
    trained_at: datetime


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One recommended entity. `score` is 0 to 1, comparable within one list only."""

    id: UUID
    score: float
    reason: str
    source: RecommendationSource


@dataclass(frozen=True, slots=True)
class SuggestionList:
    """A ready list, best first, and its model. Without a model it is `degraded`."""

    suggestions: Sequence[Suggestion]
    model: ModelRecord | None
    degraded: bool


@dataclass(frozen=True, slots=True)
class Neighbours:
    """A document of `similar_artists` or `similar_tracks`: what is near one entity, nearest first.

    `name` is the entity's own; `scores` are 0 to 1, one for each of `ids`.
    """

    id: UUID
    name: str
    ids: Sequence[UUID]
    scores: Sequence[float]
    model: ModelRecord


@dataclass(frozen=True, slots=True)
class PersonalEntry:
    """A track for one person, and the name of the artist they know that speaks for it."""

    track_id: UUID
    score: float
    because: str


@dataclass(frozen=True, slots=True)
class PersonalList:
    """A document of `user_recommendations`, best first."""

    user_id: UUID
    entries: Sequence[PersonalEntry]
    model: ModelRecord


@dataclass(frozen=True, slots=True)
class FeatureRange:
    """How one audio feature should be: limits, and a target to be near to."""

    min: float | None = None
    max: float | None = None
    target: float | None = None


@dataclass(frozen=True, slots=True)
class SuggestionEdge(Edge[UUID]):
    """A suggestion at its place in the list."""

    score: float
    reason: str
    source: RecommendationSource


@dataclass(frozen=True, slots=True)
class SuggestionPage(Page[UUID]):
    """A page of suggestions."""

    model: ModelRecord | None = None
    degraded: bool = False
