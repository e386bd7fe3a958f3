"""Popularity around an entity: what stands in for neighbours that were never computed."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    ScalarSelect,
    Select,
    Uuid,
    literal,
    null,
    select,
    true,
    union_all,
)

from datasources.postgres.client import Postgres
from datasources.postgres.popular import Popular, most_popular
from datasources.postgres.reading import unnest
from datasources.postgres.tables import (
    artist_genres,
    artists,
    genres,
    track_credits,
    track_genres,
    tracks,
)


async def fetch_popular_artists_around(
    postgres: Postgres, ids: Sequence[UUID], limit: int
) -> Mapping[UUID, Sequence[Popular]]:
    """Return the most popular artists of each artist's first genre, else of all; not itself.

    The first genre is that of most of its tracks. One statement: the favourites of each genre are
    read once. Read from `artists`, `artist_genres` and `genres`.
    """

    def first_genre(artist: ColumnElement[UUID]) -> ScalarSelect[Any]:
        return (
            select(artist_genres.c.genre_id)
            .join(genres, genres.c.id == artist_genres.c.genre_id)
            .where(artist_genres.c.artist_id == artist)
            .order_by(artist_genres.c.track_count.desc(), genres.c.name)
            .limit(1)
            .scalar_subquery()
        )

    def of_genre(genre: ColumnElement[UUID]) -> ColumnElement[bool]:
        members = select(artist_genres.c.artist_id).where(artist_genres.c.genre_id == genre)
        return artists.c.id.in_(members.correlate_except(artist_genres))

    around = {"genre": _Around(first_genre, of_genre)}
    return await _fetch_around(postgres, artists, around, ids, limit)


async def fetch_popular_tracks_around(
    postgres: Postgres, ids: Sequence[UUID], limit: int
) -> Mapping[UUID, Sequence[Popular]]:
    """Return the most popular tracks of each track's artist and genre, else of all; not itself.

    The artist is the first credited one; the genre is the narrowest, the first by name. One
    statement. Read from `tracks`, `track_credits`, `track_genres` and `genres`.
    """

    def first_artist(track: ColumnElement[UUID]) -> ScalarSelect[Any]:
        return (
            select(track_credits.c.artist_id)
            .where(track_credits.c.track_id == track)
            .order_by(track_credits.c.position)
            .limit(1)
            .scalar_subquery()
        )

    def first_genre(track: ColumnElement[UUID]) -> ScalarSelect[Any]:
        return (
            select(track_genres.c.genre_id)
            .join(genres, genres.c.id == track_genres.c.genre_id)
            .where(track_genres.c.track_id == track)
            .order_by(genres.c.parent_id.is_(None), genres.c.name)
            .limit(1)
            .scalar_subquery()
        )

    def of_artist(artist: ColumnElement[UUID]) -> ColumnElement[bool]:
        credited = select(track_credits.c.track_id).where(track_credits.c.artist_id == artist)
        return tracks.c.id.in_(credited.correlate_except(track_credits))

    def of_genre(genre: ColumnElement[UUID]) -> ColumnElement[bool]:
        members = select(track_genres.c.track_id).where(track_genres.c.genre_id == genre)
        return tracks.c.id.in_(members.correlate_except(track_genres))

    around = {
        "artist": _Around(first_artist, of_artist),
        "genre": _Around(first_genre, of_genre),
    }
    return await _fetch_around(postgres, tracks, around, ids, limit)


@dataclass(frozen=True, slots=True)
class _Around:
    """A group that an entity belongs to, and the condition that another does, too."""

    of_entity: Callable[[ColumnElement[UUID]], ScalarSelect[Any]]
    holds: Callable[[ColumnElement[UUID]], ColumnElement[bool]]


async def _fetch_around(
    postgres: Postgres,
    table: FromClause,
    around: Mapping[str, _Around],
    ids: Sequence[UUID],
    limit: int,
) -> Mapping[UUID, Sequence[Popular]]:
    memberships: dict[tuple[str, UUID], UUID] = {}
    tops: defaultdict[tuple[str, UUID | None], list[Popular]] = defaultdict(list)
    for name, group, id_, popularity in await postgres.read(_statement(table, around, ids, limit)):
        if popularity is None:
            memberships[name, id_] = group
        else:
            tops[name, group].append(Popular(id_, popularity, name or None))
    found = {}
    for entity in ids:
        groups = [(name, memberships.get((name, entity))) for name in around]
        near = [tops[group] for group in groups if group[1] is not None]
        best = _best(entity, near, limit) or _best(entity, [tops["", None]], limit)
        if best:
            found[entity] = best
    return found


def _best(entity: UUID, lists: Sequence[Sequence[Popular]], limit: int) -> list[Popular]:
    """Return the most popular of all lists, each once, without the entity itself."""
    unique = {one.id: one for one in reversed(list(chain.from_iterable(lists)))}
    unique.pop(entity, None)
    return sorted(unique.values(), key=lambda one: (one.popularity, one.id), reverse=True)[:limit]


def _statement(
    table: FromClause, around: Mapping[str, _Around], ids: Sequence[UUID], limit: int
) -> Any:
    """Return rows (name, group, entity, null) of membership and (name, group, id, popularity)."""
    entity = unnest("entity", ids, Uuid())
    groups = [one.of_entity(entity.c.value).label(name) for name, one in around.items()]
    members = select(entity.c.value, *groups).cte("members")
    parts: list[Select[Any]] = []
    for name, one in around.items():
        group = members.c[name]
        nothing = null().cast(Integer)
        belongs = select(literal(name), group, members.c.value, nothing)
        parts.append(belongs.where(group.is_not(None)))
        distinct = select(group.label("id")).where(group.is_not(None)).distinct().subquery()
        top = most_popular(table, limit + 1, one.holds(distinct.c.id)).lateral()
        parts.append(
            select(literal(name), distinct.c.id, top).select_from(distinct.join(top, true()))
        )
    overall = most_popular(table, limit + 1).subquery()
    parts.append(select(literal(""), null().cast(Uuid), overall))
    return union_all(*parts)
