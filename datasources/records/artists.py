"""Artists, and their credits on tracks and albums."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class CreditRole(StrEnum):
    """What an artist did on a recording or release."""

    MAIN = "MAIN"
    FEATURED = "FEATURED"
    REMIXER = "REMIXER"


@dataclass(frozen=True, slots=True)
class ArtistRecord:
    """A row of `artists`. `popularity` is 0 to 100."""

    id: UUID
    name: str
    mbid: UUID | None
    popularity: int


@dataclass(frozen=True, slots=True)
class CreditRecord:
    """A row of `track_credits` or `album_credits`, with its artist."""

    artist: ArtistRecord
    role: CreditRole
