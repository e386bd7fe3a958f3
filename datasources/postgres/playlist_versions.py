"""Lists as they were: the one that is there, with what changed since turned back."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    DateTime,
    Select,
    Text,
    Uuid,
    case,
    cast,
    collate,
    column,
    func,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, array
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
_DIGITS = 19


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
    known = (then.c.position, then.c.added_by, then.c.added_at)
    statement = select(then.c.id.label("item_id"), *known, *TRACK_COLUMNS).join(
        tracks, tracks.c.id == then.c.track_id
    )
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
    since = _touched_since(key).subquery("since")
    now = select(playlist_items).where(playlist_items.c.playlist_id == key.playlist_id)
    listed = now.subquery("listed")
    is_there = listed.c.id.is_not(None)
    position = case((since.c.item_id.is_(None), listed.c.position), else_=since.c.before)
    return (
        select(
            func.coalesce(listed.c.id, since.c.item_id).label("id"),
            collate(position, "C").label("position"),
            func.coalesce(listed.c.track_id, cast(since.c.track_id, Uuid)).label("track_id"),
            case((is_there, listed.c.added_by), else_=cast(since.c.added_by_id, Uuid)).label(
                "added_by"
            ),
            case(
                (is_there, listed.c.added_at), else_=cast(since.c.added_at, DateTime(timezone=True))
            ).label("added_at"),
        )
        .select_from(listed.join(since, since.c.item_id == listed.c.id, full=True))
        .where(since.c.item_id.is_(None) | since.c.before.is_not(None))
    )


def _touched_since(key: ListVersion) -> Select[Any]:
    """Return what the changes since a version have touched, each item once.

    One pass over them, grouped by hash as nothing has to be sorted, and all of it text until few
    are left: 1,000 changes of 100 items are 100,000 rows.
    """
    names = ("before", "track_id", "added_by_id", "added_at")
    touched = func.jsonb_to_recordset(_PAST["items"].op("||")(_PAST.rekeyed)).table_valued(
        column("item_id", Uuid), *(column(name, Text) for name in names)
    )
    touched = touched.render_derived(name="touched", with_types=True)
    row = touched.c
    # The least array is that of the first change. Its digits decide: no change has an item twice.
    digits = func.lpad(cast(_PAST.version, Text), _DIGITS, "0")
    first = func.min(array([collate(digits, "C"), collate(row.before, "C")]), type_=ARRAY(Text))
    # Those that were only rekeyed say no more than their ids; all others say the same.
    what = (func.max(collate(row[name], "C")).label(name) for name in names[1:])
    return (
        select(row.item_id, first[2].label("before"), *what)
        .select_from(playlist_changes.join(touched, true()))
        .where(_PAST.playlist_id == key.playlist_id, _PAST.version > key.version)
        .group_by(row.item_id)
    )
