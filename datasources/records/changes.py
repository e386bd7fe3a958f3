"""Changes to the items of a playlist, as history keeps them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID


class ChangeKind(StrEnum):
    """What was done to the items."""

    ADD = "ADD"
    MOVE = "MOVE"
    REMOVE = "REMOVE"
    UNDO = "UNDO"


@dataclass(frozen=True, slots=True)
class ItemChange:
    """One item of a change: its positions before and after, None where it was not in the list.

    Positions are fractional indexes; the rest is what the item is, so that it can be put back.
    """

    item_id: UUID
    track_id: UUID
    before: str | None
    after: str | None
    added_by_id: UUID | None
    added_at: datetime | None


@dataclass(frozen=True, slots=True)
class Rekeyed:
    """An item whose position was rewritten, while it stayed in its place."""

    item_id: UUID
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ChangeRecord:
    """A row of `playlist_changes`: what made this version of the list out of the one before."""

    playlist_id: UUID
    version: int
    actor_id: UUID | None
    at: datetime
    kind: ChangeKind
    items: tuple[ItemChange, ...]
    rekeyed: tuple[Rekeyed, ...] = ()


@dataclass(frozen=True, slots=True)
class ListedItem:
    """An item of a list while it is changed: `duration_ms` is the length of its track."""

    item_id: UUID
    position: str
    track_id: UUID
    added_by_id: UUID | None
    added_at: datetime | None
    duration_ms: int


class ListVersion(NamedTuple):
    """A playlist's list as it was at a version."""

    playlist_id: UUID
    version: int


@dataclass(frozen=True, slots=True)
class PastPlaylist:
    """A playlist as it was, for as much as is kept of that: its list."""

    list: ListVersion

    @property
    def playlist_id(self) -> UUID:
        """Of which playlist."""
        return self.list.playlist_id

    @property
    def version(self) -> int:
        """Its list at which version."""
        return self.list.version


class Missed(NamedTuple):
    """The changes of a playlist behind one version and before another, both left out."""

    playlist_id: UUID
    after: int
    before: int
