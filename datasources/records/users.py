"""People."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class ListeningVisibility(StrEnum):
    """Who may see what a person listens to."""

    PUBLIC = "PUBLIC"
    FOLLOWERS = "FOLLOWERS"
    PRIVATE = "PRIVATE"


@dataclass(frozen=True, slots=True)
class UserRecord:
    """A row of `users`."""

    id: UUID
    handle: str
    display_name: str
    avatar_url: str | None
    created_at: datetime
    listening_visibility: ListeningVisibility
