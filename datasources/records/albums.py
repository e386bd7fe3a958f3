"""Albums: releases of any kind."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID


class AlbumKind(StrEnum):
    """The kind of a release."""

    ALBUM = "ALBUM"
    EP = "EP"
    SINGLE = "SINGLE"
    COMPILATION = "COMPILATION"


class DatePrecision(StrEnum):
    """How much of a date is known."""

    DAY = "DAY"
    MONTH = "MONTH"
    YEAR = "YEAR"


@dataclass(frozen=True, slots=True)
class AlbumRecord:
    """A row of `albums`. Of `release_date` only what the precision says is known."""

    id: UUID
    title: str
    kind: AlbumKind | None
    release_date: date | None
    release_date_precision: DatePrecision | None
    upc: str | None
