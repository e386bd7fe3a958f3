"""How tracks sound, for the training of content neighbours."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, fields
from typing import Any
from uuid import UUID

from sqlalchemy import select

from datasources.postgres.client import Postgres
from datasources.postgres.tables import audio_features, track_credits, tracks


@dataclass(frozen=True, slots=True)
class Sound:
    """What content neighbours are made of; `tempo` is None where it is unknown."""

    track_id: UUID
    title: str
    artist_id: UUID | None
    danceability: float
    energy: float
    loudness: float
    speechiness: float
    acousticness: float
    instrumentalness: float
    liveness: float
    valence: float
    tempo: float | None


MEASURES = [field.name for field in fields(Sound)[3:]]
"""What was measured: the names of columns."""

_COLUMNS = [audio_features.c[name] for name in MEASURES]


async def iter_sounds(postgres: Postgres, at_once: int) -> AsyncIterator[list[Sound]]:
    """Yield the analysed tracks in the order of their ids, some for each statement.

    The artist is the first credited one. Read from `audio_features`, `tracks`, `track_credits`.
    """
    first: Any = (
        select(track_credits.c.artist_id)
        .where(track_credits.c.track_id == tracks.c.id)
        .order_by(track_credits.c.position)
        .limit(1)
        .scalar_subquery()
    )
    last = UUID(int=0)
    while True:
        statement = (
            select(tracks.c.id, tracks.c.title, first, *_COLUMNS)
            .join(audio_features, audio_features.c.track_id == tracks.c.id)
            .where(tracks.c.id > last)
            .order_by(tracks.c.id)
            .limit(at_once)
        )
        sounds = [Sound(*row) for row in await postgres.read(statement)]
        if not sounds:
            return
        yield sounds
        last = sounds[-1].track_id
