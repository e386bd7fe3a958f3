"""Counts again what playlists say of themselves, where a number may have gone wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Integer, func, select, true, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from datasources.postgres.client import Postgres
from datasources.postgres.reading import any_of
from datasources.postgres.tables import playlist_followers, playlist_items, playlists, tracks

_BATCH = 100


@dataclass(frozen=True, slots=True)
class Recounted:
    """How many playlists were looked at, and how many of them had a wrong number."""

    playlists: int
    corrected: int


async def recount_playlists(postgres: Postgres) -> Recounted:
    """Count items, lengths and followers of all playlists again, and correct what differs.

    Some at a time: changes to those wait, to others not. Writes `track_count`, `duration_ms` and
    `follower_count` of `playlists`, from `playlist_items`, `tracks` and `playlist_followers`.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer; what was corrected stays so.
    """
    looked_at = corrected = 0
    last: UUID | None = None
    while True:
        async with postgres.transaction() as connection:
            ids = await _lock(connection, last)
            if ids:
                corrected += await _correct(connection, ids)
        if not ids:
            return Recounted(looked_at, corrected)
        looked_at += len(ids)
        last = ids[-1]


async def _lock(connection: AsyncConnection, after: UUID | None) -> Sequence[UUID]:
    """Return the next playlists, which nobody else changes until the transaction ends."""
    some = select(playlists.c.id).order_by(playlists.c.id).limit(_BATCH)
    if after is not None:
        some = some.where(playlists.c.id > after)
    return (await connection.execute(some.with_for_update(key_share=True))).scalars().all()


async def _correct(connection: AsyncConnection, ids: Sequence[UUID]) -> int:
    """Correct playlists that are locked. One statement, after the lock: it sees who came before."""
    items = (
        select(func.count().label("number"), _sum(tracks.c.duration_ms).label("length"))
        .join_from(playlist_items, tracks)
        .where(playlist_items.c.playlist_id == playlists.c.id)
        .lateral("items")
    )
    followers = (
        select(func.count().label("number"))
        .where(playlist_followers.c.playlist_id == playlists.c.id)
        .lateral("followers")
    )
    counted = (
        select(
            playlists.c.id,
            items.c.number.label("track_count"),
            items.c.length.label("duration_ms"),
            followers.c.number.cast(Integer).label("follower_count"),
        )
        .where(any_of(playlists.c.id, ids))
        .select_from(playlists.join(items, true()).join(followers, true()))
        .subquery("counted")
    )
    names = ("track_count", "duration_ms", "follower_count")
    is_, ought = ([table.c[name] for name in names] for table in (playlists, counted))
    statement = (
        update(playlists)
        .where(playlists.c.id == counted.c.id, tuple_(*is_) != tuple_(*ought))
        .values(dict(zip(names, ought, strict=True)))
    )
    return (await connection.execute(statement)).rowcount


def _sum(column: ColumnElement[Any]) -> ColumnElement[int]:
    return func.coalesce(func.sum(column), 0).cast(BigInteger)
