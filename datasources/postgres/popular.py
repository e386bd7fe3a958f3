"""Popularity: what stands in where nothing is known of a listener or an entity's neighbours."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Text,
    Uuid,
    select,
    true,
)

from datasources.postgres.client import Postgres
from datasources.postgres.reading import unnest
from datasources.postgres.tables import (
    audio_features,
    genres,
    playlist_items,
    track_genres,
    tracks,
)
from datasources.records.recommendations import FeatureRange

Limits = Mapping[str, FeatureRange]
"""The columns of `audio_features` and how they should be; only limits are looked at here."""

_NO_LIMITS: Limits = {}


@dataclass(frozen=True, slots=True)
class Popular:
    """An entity's id and popularity (0 to 100), and what it shares with the one it stands for."""

    id: UUID
    popularity: int
    shares: str | None = None


async def fetch_popular_tracks(
    postgres: Postgres, limit: int, limits: Limits = _NO_LIMITS
) -> Sequence[Popular]:
    """Return the most popular tracks within limits, equal ones by id downwards (`tracks`)."""
    statement = most_popular(tracks, limit, within(limits))
    return [Popular(*row) for row in await postgres.read(statement)]


async def fetch_popular_tracks_of_genres(
    postgres: Postgres, slugs: Sequence[str], limit: int, limits: Limits = _NO_LIMITS
) -> Mapping[str, Sequence[Popular]]:
    """Return the most popular tracks of each genre and the genres under it, within limits.

    In the order of `fetch_popular_tracks`; a genre that is unknown or without tracks is absent.
    Read from `genres`, `track_genres` and `tracks`.
    """
    slug = unnest("slug", slugs, Text())
    genre, under = genres.alias("genre"), genres.alias("under")
    of_genre = (
        select(track_genres.c.track_id)
        .join(under, under.c.id == track_genres.c.genre_id)
        .join(genre, (genre.c.id == under.c.id) | (genre.c.id == under.c.parent_id))
        .where(genre.c.slug == slug.c.value)
        .correlate(slug)  # two levels up, where nothing is correlated by itself
    )
    top = most_popular(tracks, limit, tracks.c.id.in_(of_genre), within(limits)).lateral("top")
    statement = select(slug.c.value, top).select_from(slug.join(top, true()))
    found: defaultdict[str, list[Popular]] = defaultdict(list)
    for row in await postgres.read(statement):
        found[row[0]].append(Popular(*row[1:]))
    return found


def within(limits: Limits) -> ColumnElement[bool]:
    """Return the condition that a track has the limited features, and within their limits."""
    conditions = []
    for name, limit in limits.items():
        column = audio_features.c[name]
        conditions += [column >= limit.min] if limit.min is not None else []
        conditions += [column <= limit.max] if limit.max is not None else []
    if not conditions:
        return true()
    return tracks.c.id.in_(select(audio_features.c.track_id).where(*conditions))


async def fetch_popular_tracks_outside(
    postgres: Postgres, playlists: Sequence[UUID], limit: int
) -> Mapping[UUID, Sequence[Popular]]:
    """Return for each playlist the most popular tracks that it does not hold.

    Read from `tracks` and `playlist_items`.
    """
    playlist = unnest("playlist", playlists, Uuid())
    held = (
        select(playlist_items.c.id)
        .where(
            playlist_items.c.playlist_id == playlist.c.value,
            playlist_items.c.track_id == tracks.c.id,
        )
        .correlate(playlist, tracks)  # the first is two levels up, where nothing is by itself
    )
    top = most_popular(tracks, limit, ~held.exists()).lateral("top")
    statement = select(playlist.c.value, top).select_from(playlist.join(top, true()))
    found: defaultdict[UUID, list[Popular]] = defaultdict(list)
    for row in await postgres.read(statement):
        found[row[0]].append(Popular(*row[1:]))
    return found


def most_popular(table: FromClause, limit: int, *only: ColumnElement[bool]) -> Select[Any]:
    """Select id and popularity of a table's most popular rows, equal ones by id downwards."""
    popularity, id_ = table.c.popularity, table.c.id
    statement = select(id_, popularity).where(*only)
    return statement.order_by(popularity.desc(), id_.desc()).limit(limit)
