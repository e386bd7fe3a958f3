"""Lists as they were: the one that is there, with what changed since turned back."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Select, Text, Uuid, case, collate, column, func, select, true
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from datasources.postgres.client import Postgres
from datasources.postgres.paging import fetch_page
from datasources.postgres.playlist_tables import playlist_changes
from datasources.postgres.playlists import item_record
from datasources.postgres.positions import Spot
from datasources.postgres.reading import any_of
from datasources.postgres.tables import playlist_items, playlists, tracks
from datasources.postgres.tracks import TRACK_COLUMNS
from datasources.records.changes import ListVersion
from datasources.records.page import Keyset, Page, PageRequest
from datasources.records.playlists import PlaylistItemRecord

ITEMS_OF_VERSION = Keyset("playlist-version", (str, UUID))

_PAST = playlist_changes.c


async def fetch_versions(postgres: Postgres, ids: Sequence[UUID]) -> Mapping[UUID, tuple[int, int]]:
    """Return the first version of each playlist that can be read, and the newest (`playlists`)."""
    columns = (playlists.c.id, playlists.c.oldest_version, playlists.c.version)
    rows = await postgres.read(select(*columns).where(any_of(playlists.c.id, ids)))
    return {row[0]: (row[1], row[2]) for row in rows}


async def fetch_items_of_version(
    postgres: Postgres, key: ListVersion, request: PageRequest
) -> Page[PlaylistItemRecord]:
    """Return a page of a list as it was, each item with its track as that is now.

    Read from `playlist_items`, `playlist_changes` and `tracks`: tracks that are gone are left out.
    """
    then = _as_it_was(key).subquery("then")
    statement = select(
        then.c.id.label("item_id"), then.c.added_by, then.c.added_at, *TRACK_COLUMNS
    ).join(tracks, tracks.c.id == then.c.track_id)
    return await fetch_page(
        postgres,
        statement,
        request,
        keyset=ITEMS_OF_VERSION,
        order=[then.c.position, then.c.id],
        record=item_record,
    )


async def count_items_of_version(postgres: Postgres, key: ListVersion) -> int:
    """Return how many items a list had, but those whose tracks are gone."""
    then = _as_it_was(key).subquery("then")
    count = select(func.count()).select_from(then.join(tracks, tracks.c.id == then.c.track_id))
    ((counted,),) = await postgres.read(count)
    return int(counted)


async def fetch_list(connection: AsyncConnection, key: ListVersion) -> list[Spot]:
    """Return a list as it was, in its order (`playlist_items`, `playlist_changes`)."""
    then = _as_it_was(key).subquery("then")
    statement = select(then.c.position, then.c.id).order_by(then.c.position, then.c.id)
    return [Spot(*row) for row in await connection.execute(statement)]


def _as_it_was(key: ListVersion) -> Select[Any]:
    """Return the items of a list as it was, without an order: one statement, so of one moment.

    What the changes since have touched stood where the first of them found it; the rest stands
    where it stood. An item that is gone is what the changes say that it was.
    """
    touched = func.jsonb_to_recordset(_PAST["items"].op("||")(_PAST.rekeyed)).table_valued(
        column("item_id", Uuid),
        column("before", Text),
        column("track_id", Uuid),
        column("added_by_id", Uuid),
        column("added_at", DateTime(timezone=True)),
    )
    touched = touched.render_derived(name="touched", with_types=True)
    later = (
        select(_PAST.version, touched)
        .select_from(playlist_changes.join(touched, true()))
        .where(_PAST.playlist_id == key.playlist_id, _PAST.version > key.version)
        .cte("later")
    )
    item_id = later.c.item_id
    found = (
        select(item_id, later.c.before).ext(distinct_on(item_id)).order_by(item_id, later.c.version)
    )
    since = found.subquery("since")
    # Those that were only rekeyed say no more than their ids.
    known = (
        select(later)
        .ext(distinct_on(item_id))
        .where(later.c.track_id.is_not(None))
        .order_by(item_id)
    )
    what = known.subquery("what")
    now = select(playlist_items).where(playlist_items.c.playlist_id == key.playlist_id)
    listed = now.subquery("listed")
    is_there = listed.c.id.is_not(None)
    position = case((since.c.item_id.is_(None), listed.c.position), else_=since.c.before)
    source = listed.join(since, since.c.item_id == listed.c.id, full=True)
    return (
        select(
            func.coalesce(listed.c.id, since.c.item_id).label("id"),
            collate(position, "C").label("position"),
            func.coalesce(listed.c.track_id, what.c.track_id).label("track_id"),
            case((is_there, listed.c.added_by), else_=what.c.added_by_id).label("added_by"),
            case((is_there, listed.c.added_at), else_=what.c.added_at).label("added_at"),
        )
        .select_from(source.outerjoin(what, what.c.item_id == since.c.item_id))
        .where(since.c.item_id.is_(None) | since.c.before.is_not(None))
    )
