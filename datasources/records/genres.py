"""Genres: a tree of two levels."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class GenreRecord:
    """A row of `genres`. `slug` is its name in lower case with hyphens, and unique."""

    id: UUID
    slug: str
    name: str
    parent_id: UUID | None
    track_count: int
