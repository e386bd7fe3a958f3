"""Making, changing, copying and removing playlists; their items are changed elsewhere."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from datasources.ids import new_id
from datasources.postgres.playlist_edits import insert_items
from datasources.postgres.reading import any_of, columns_of
from datasources.postgres.search_index import entry
from datasources.postgres.tables import (
    external_ids,
    playlist_items,
    playlists,
    search_entries,
    tracks,
    users,
)
from datasources.records.changes import ItemChange
from datasources.records.external_ids import EntityKind
from datasources.records.playlists import PlaylistRecord, PlaylistVisibility

_COLUMNS = columns_of(PlaylistRecord, playlists)
_POPULARITY_OF_A_FOLLOWER = 4
_MAX_POPULARITY = 100
_COPIED_AT_ONCE = 1_000


async def fetch_owner(connection: AsyncConnection, playlist_id: UUID) -> UUID | None:
    """Return whose a playlist is at this moment; None where there is none (`playlists`)."""
    row = select(playlists.c.owner_id).where(playlists.c.id == playlist_id)
    return (await connection.execute(row)).scalar_one_or_none()


async def lock_playlist(connection: AsyncConnection, playlist_id: UUID) -> PlaylistRecord | None:
    """Return a playlist that nobody else changes until the transaction ends (`playlists`).

    None where there is none. Whatever depends on who may do what with it is read afterwards, by
    another statement: one that waited for this lock still sees what was there before it waited.
    """
    row = select(*_COLUMNS).where(playlists.c.id == playlist_id).with_for_update(key_share=True)
    found = (await connection.execute(row)).one_or_none()
    return None if found is None else PlaylistRecord(*found)


async def lock_playlists(connection: AsyncConnection, ids: Collection[UUID]) -> None:
    """Let nobody else change playlists until the transaction ends (`playlists`).

    In the order of their ids, as all do who lock several: nobody waits for another in a circle.
    """
    rows = select(playlists.c.id).where(any_of(playlists.c.id, ids)).order_by(playlists.c.id)
    await connection.execute(rows.with_for_update(key_share=True))


async def lock_owner(connection: AsyncConnection, user_id: UUID) -> int | None:
    """Return how many playlists a person owns; no other is made for them until the end.

    None where there is no such person. Read from `users` and `playlists`.
    """
    person = select(users.c.id).where(users.c.id == user_id).with_for_update(key_share=True)
    if (await connection.execute(person)).one_or_none() is None:
        return None
    owned = select(func.count()).where(playlists.c.owner_id == user_id)
    return int((await connection.execute(owned)).scalar_one())


async def insert_playlist(connection: AsyncConnection, playlist: PlaylistRecord) -> None:
    """Write a playlist without items, which can be found where it is public.

    `playlists`, `search_entries`.
    """
    await connection.execute(insert(playlists).values(**asdict(playlist)))
    await _index(connection, playlist)


async def update_playlist(
    connection: AsyncConnection, playlist_id: UUID, changes: Mapping[str, object], at: datetime
) -> None:
    """Change columns of a playlist that is there (`playlists`, `search_entries`)."""
    statement = update(playlists).where(playlists.c.id == playlist_id)
    row = await connection.execute(
        statement.values(**changes, updated_at=at).returning(*_COLUMNS),
    )
    await _index(connection, PlaylistRecord(*row.one()))


async def give_playlist(connection: AsyncConnection, playlist_id: UUID, owner_id: UUID) -> None:
    """Make somebody the owner of a playlist (`playlists`)."""
    statement = update(playlists).where(playlists.c.id == playlist_id)
    await connection.execute(statement.values(owner_id=owner_id))


async def copy_playlist(connection: AsyncConnection, source_id: UUID, copy: PlaylistRecord) -> None:
    """Write a playlist with the items of another, as they are at one moment, in their order.

    The items are new ones, added by the owner of the copy when it is made. Of `copy`, the counts
    are not looked at. Writes `playlists`, `playlist_items`, `search_entries`; reads `tracks`, of
    which none is removed before the transaction ends.
    """
    item = playlist_items.c
    # One statement reads them all, as they must be of one moment; many write them, as each of
    # 10,000 rows is checked against three tables, and a statement has little time.
    found = (
        select(item.position, item.track_id, tracks.c.duration_ms)
        .join(tracks, tracks.c.id == item.track_id)
        .where(item.playlist_id == source_id)
        .order_by(item.position, item.id)
        .with_for_update(read=True, key_share=True, of=tracks)
    )
    rows = (await connection.execute(found)).all()
    counted = replace(
        copy, track_count=len(rows), duration_ms=sum(duration_ms for *_, duration_ms in rows)
    )
    await insert_playlist(connection, counted)
    # Where two have the same position, their ids say which is first.
    ids = sorted(new_id() for _ in rows)
    items = [
        ItemChange(id_, track_id, None, position, copy.owner_id, copy.created_at)
        for id_, (position, track_id, _) in zip(ids, rows, strict=True)
    ]
    for first in range(0, len(items), _COPIED_AT_ONCE):
        await insert_items(connection, copy.id, items[first : first + _COPIED_AT_ONCE])


async def remove_playlist(connection: AsyncConnection, playlist_id: UUID) -> None:
    """Remove a playlist and all that is kept of it.

    `playlists` and the tables that point at it, `search_entries`, `external_ids`.
    """
    await connection.execute(delete(playlists).where(playlists.c.id == playlist_id))
    for table, kind in ((search_entries, "kind"), (external_ids, "type")):
        same = (table.c[kind] == EntityKind.PLAYLIST, table.c.entity_id == playlist_id)
        await connection.execute(delete(table).where(*same))


async def _index(connection: AsyncConnection, playlist: PlaylistRecord) -> None:
    """Let a playlist be found by its title where it is public, and not where it is not."""
    if playlist.visibility is not PlaylistVisibility.PUBLIC:
        hidden = (
            search_entries.c.kind == EntityKind.PLAYLIST,
            search_entries.c.entity_id == playlist.id,
        )
        await connection.execute(delete(search_entries).where(*hidden))
        return
    known = min(_MAX_POPULARITY, _POPULARITY_OF_A_FOLLOWER * playlist.follower_count)
    row = entry(EntityKind.PLAYLIST, playlist.id, playlist.title, (), known)
    statement = postgresql.insert(search_entries).values(row)
    shown = {name: statement.excluded[name] for name in ("name_key", "key", "popularity")}
    await connection.execute(
        statement.on_conflict_do_update(index_elements=["kind", "entity_id"], set_=shown)
    )
