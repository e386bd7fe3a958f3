"""Changes to the items of playlists, as they are kept and read."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Uuid, cast, column, func, select, true
from sqlalchemy.dialects.postgresql import JSONB, distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from datasources.postgres.client import Postgres
from datasources.postgres.paging import fetch_pages
from datasources.postgres.playlist_tables import playlist_changes
from datasources.postgres.playlists import item_record
from datasources.postgres.reading import any_of, columns_of, fetch_counts, unnest_columns
from datasources.postgres.tables import playlists, tracks
from datasources.postgres.tracks import TRACK_COLUMNS
from datasources.records.changes import (
    ChangeKind,
    ChangeRecord,
    ItemChange,
    Missed,
    Rekeyed,
)
from datasources.records.page import Keyset, Page, PageRequest
from datasources.records.playlists import PlaylistItemRecord

HISTORY_OF_PLAYLIST = Keyset("playlist-history", (int,), descending=True)

_COLUMNS = columns_of(ChangeRecord, playlist_changes)
_PAST = playlist_changes.c
_ITEMS = _PAST["items"]  # as an attribute it is a method


# --- as JSON ------------------------------------------------------------------------------------


def encode_items(items: Iterable[ItemChange]) -> list[dict[str, str | None]]:
    """Return the items of a change as its row holds them."""
    return [
        {
            "item_id": str(item.item_id),
            "track_id": str(item.track_id),
            "before": item.before,
            "after": item.after,
            "added_by_id": None if item.added_by_id is None else str(item.added_by_id),
            "added_at": None if item.added_at is None else item.added_at.isoformat(),
        }
        for item in items
    ]


def encode_rekeyed(rekeyed: Iterable[Rekeyed]) -> list[dict[str, str]]:
    """Return what a change has moved without a move, as its row holds it."""
    return [
        {"item_id": str(one.item_id), "before": one.before, "after": one.after} for one in rekeyed
    ]


def _change(
    playlist_id: UUID,
    version: int,
    actor_id: UUID | None,
    at: datetime,
    kind: ChangeKind,
    items: Sequence[Mapping[str, Any]],
    rekeyed: Sequence[Mapping[str, Any]],
) -> ChangeRecord:
    """Return the record of a row."""
    touched = tuple(
        ItemChange(
            item_id=UUID(item["item_id"]),
            track_id=UUID(item["track_id"]),
            before=item["before"],
            after=item["after"],
            added_by_id=UUID(item["added_by_id"]) if item["added_by_id"] else None,
            added_at=datetime.fromisoformat(item["added_at"]) if item["added_at"] else None,
        )
        for item in items
    )
    shifted = tuple(Rekeyed(UUID(one["item_id"]), one["before"], one["after"]) for one in rekeyed)
    return ChangeRecord(playlist_id, version, actor_id, at, kind, touched, shifted)


# --- changes ------------------------------------------------------------------------------------


async def fetch_history(
    postgres: Postgres, ids: Sequence[UUID], request: PageRequest
) -> Mapping[UUID, Page[ChangeRecord]]:
    """Return the changes of each playlist, the newest first (`playlist_changes`)."""
    return await fetch_pages(
        postgres,
        ids,
        request,
        keyset=HISTORY_OF_PLAYLIST,
        items_of=lambda playlist: select(*_COLUMNS).where(_PAST.playlist_id == playlist),
        order=[_PAST.version],
        record=_change,
    )


async def count_history(postgres: Postgres, ids: Sequence[UUID]) -> Mapping[UUID, int]:
    """Return how many changes are kept of each playlist (`playlist_changes`)."""
    return await fetch_counts(postgres, _PAST.playlist_id, ids)


async def fetch_missed(
    postgres: Postgres, keys: Sequence[Missed]
) -> Mapping[Missed, Sequence[ChangeRecord]]:
    """Return the changes in each span, the oldest first, in one statement (`playlist_changes`).

    A span of which not all changes are kept is absent.
    """
    asked = unnest_columns(
        "asked",
        playlist_id=([key.playlist_id for key in keys], Uuid()),
        after=([key.after for key in keys], BigInteger()),
        before=([key.before for key in keys], BigInteger()),
    ).c
    statement = (
        select(asked.after, asked.before, *_COLUMNS)
        .where(
            _PAST.playlist_id == asked.playlist_id,
            _PAST.version > asked.after,
            _PAST.version < asked.before,
        )
        .order_by(_PAST.version)
    )
    found: dict[Missed, list[ChangeRecord]] = {key: [] for key in keys}
    for row in await postgres.read(statement):
        found[Missed(row[2], row[0], row[1])].append(_change(*row[2:]))
    return {
        key: changes
        for key, changes in found.items()
        if len(changes) == max(0, key.before - key.after - 1)
    }


async def fetch_change(
    connection: AsyncConnection, playlist_id: UUID, version: int
) -> ChangeRecord | None:
    """Return the change that made a version, None where it is not kept (`playlist_changes`)."""
    row = select(*_COLUMNS).where(_PAST.playlist_id == playlist_id, _PAST.version == version)
    found = (await connection.execute(row)).one_or_none()
    return None if found is None else _change(*found)


async def fetch_known(
    connection: AsyncConnection, playlist_id: UUID, item_ids: Collection[UUID]
) -> Mapping[UUID, PlaylistItemRecord | None]:
    """Return items that were in a list at any time, as far as its history tells, as they were last.

    One that never was is absent; None stands for one whose track is gone. Read from
    `playlist_changes` and `tracks`.
    """
    # Of up to 100,000 items few are asked for: of the others nothing but the id is looked at.
    touched = func.jsonb_array_elements(_ITEMS, type_=JSONB).table_valued(
        column("value", JSONB), name="touched"
    )
    row = touched.c.value
    item_id = row["item_id"].astext
    track_id = cast(row["track_id"].astext, Uuid)
    known = (
        cast(item_id, Uuid),
        func.coalesce(row["after"].astext, row["before"].astext),
        cast(row["added_by_id"].astext, Uuid),
        cast(row["added_at"].astext, DateTime(timezone=True)),
    )
    changes = playlist_changes.join(touched, true())
    statement = (
        select(*known, *TRACK_COLUMNS)
        .ext(distinct_on(item_id))
        .select_from(changes.outerjoin(tracks, tracks.c.id == track_id))
        .where(_PAST.playlist_id == playlist_id, any_of(item_id, [str(one) for one in item_ids]))
        .order_by(item_id, _PAST.version.desc())
    )
    rows = await connection.execute(statement)
    return {one[0]: None if one.id is None else item_record(*one) for one in rows}


async def fetch_oldest_version(connection: AsyncConnection, playlist_id: UUID) -> int:
    """Return the first version of a playlist that can still be read (`playlists`)."""
    row = select(playlists.c.oldest_version).where(playlists.c.id == playlist_id)
    return int((await connection.execute(row)).scalar_one())
