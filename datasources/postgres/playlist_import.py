"""Playlists with their items, as the catalogue import writes them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from fractional_indexing import generate_n_keys_between
from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from datasources.ids import new_id
from datasources.postgres.bulk import Upserted, copy_rows, upsert_rows
from datasources.postgres.catalogue_stage import StagedItem
from datasources.postgres.import_ids import claim_ids, find_ids
from datasources.postgres.playlist_tables import playlist_changes
from datasources.postgres.playlist_writes import lock_playlists
from datasources.postgres.reading import any_of
from datasources.postgres.search_index import entry
from datasources.postgres.tables import playlist_items, playlists, users
from datasources.records.external_ids import EntityKind, ExternalSource
from datasources.records.playlists import PlaylistVisibility
from datasources.records.users import ListeningVisibility

_SOURCE = ExternalSource.SPOTIFY
_PUBLIC = PlaylistVisibility.PUBLIC.value
OWNER_HANDLE = "spotify"


@dataclass(frozen=True, slots=True)
class PlaylistsWritten:
    """What a batch of playlists met."""

    playlists: Upserted
    items: Upserted


async def claim_owner(connection: AsyncConnection, now: datetime) -> UUID:
    """Return the account that owns imported playlists (`users`), made where it is not there."""
    account = {
        "id": new_id(),
        "handle": OWNER_HANDLE,
        "display_name": "Spotify import",
        "created_at": now,
        "listening_visibility": ListeningVisibility.PRIVATE.value,
    }
    new = insert(users).values(account).on_conflict_do_nothing(index_elements=["handle_key"])
    await connection.execute(new)
    found = select(users.c.id).where(users.c.handle_key == OWNER_HANDLE)
    owner: UUID = (await connection.execute(found)).scalar_one()
    return owner


async def write_playlists(
    connection: AsyncConnection, batch: Sequence[StagedItem], owner: UUID, now: datetime
) -> PlaylistsWritten:
    """Write whole playlists: new items come after the last; tracks have to be there.

    A track that a playlist has already is not added again. Writes `playlists`, `playlist_items`,
    `external_ids` and `search_entries`.
    """
    titles = {one.playlist: one.playlist_title for one in batch}
    ids = await claim_ids(connection, _SOURCE, EntityKind.PLAYLIST, titles)
    await lock_playlists(connection, ids.values())
    done = await _write_rows(
        connection, {ids[key]: title for key, title in titles.items()}, owner, now
    )
    values = list({one.track for one in batch})
    tracks = await find_ids(connection, _SOURCE, EntityKind.TRACK, values)
    pairs = [(ids[one.playlist], tracks[one.track]) for one in batch]
    items = await _append(connection, pairs, owner)
    touched = list(ids.values())
    await _refresh_totals(connection, touched)
    await _bump(connection, items, now)
    await _index(connection, touched)
    return PlaylistsWritten(done, Upserted(len(items), 0, len(pairs) - len(items)))


async def _write_rows(
    connection: AsyncConnection, titles: dict[UUID, str], owner: UUID, now: datetime
) -> Upserted:
    statement = select(playlists.c.id, playlists.c.title, playlists.c.updated_at).where(
        any_of(playlists.c.id, list(titles))
    )
    there = {row[0]: (row[1], row[2]) for row in await connection.execute(statement)}
    rows: list[dict[str, object]] = []
    for playlist_id, title in titles.items():
        old_title, old_time = there.get(playlist_id, (None, now))
        rows.append(
            {
                "id": playlist_id,
                "owner_id": owner,
                "title": title,
                "visibility": _PUBLIC,
                "created_at": now,
                "updated_at": old_time if title == old_title else now,
            }
        )
    keep = ("owner_id", "visibility", "created_at")
    return await upsert_rows(connection, "playlists", rows, "id", keep=keep)


async def _append(
    connection: AsyncConnection, pairs: Sequence[tuple[UUID, UUID]], owner: UUID
) -> list[dict[str, object]]:
    """Add (playlist, track) pairs that are not there, in their order; return the new rows."""
    playlist_id, track_id = playlist_items.c.playlist_id, playlist_items.c.track_id
    touched = any_of(playlist_id, {pair[0] for pair in pairs})
    found = await connection.execute(select(playlist_id, track_id).where(touched))
    there = {(row[0], row[1]) for row in found}
    ends = select(playlist_id, func.max(playlist_items.c.position)).where(touched)
    last = {row[0]: row[1] for row in await connection.execute(ends.group_by(playlist_id))}

    new: dict[UUID, list[UUID]] = {}
    for playlist, track in pairs:
        if (playlist, track) not in there:
            new.setdefault(playlist, []).append(track)
    rows: list[dict[str, object]] = []
    for playlist, added in new.items():
        positions = generate_n_keys_between(last.get(playlist), None, len(added))
        rows += [
            {
                "id": new_id(),
                "playlist_id": playlist,
                "position": position,
                "track_id": track,
                "added_by": owner,
            }
            for position, track in zip(positions, added, strict=True)
        ]
    await copy_rows(connection, "playlist_items", rows)
    return rows


async def _refresh_totals(connection: AsyncConnection, ids: Iterable[UUID]) -> None:
    """Count the items of playlists again, and add up their lengths, where that differs.

    The playlists are locked, by a statement before this one: whoever waits for a change within the
    statement that counts still counts what was there before.
    """
    await connection.execute(text(_TOTALS), {"ids": list(ids)})


async def refresh_totals_of_tracks(connection: AsyncConnection, tracks: Iterable[UUID]) -> None:
    """Count the items and lengths of playlists again that hold any of these tracks (`playlists`).

    Nobody else changes these until the transaction ends.
    """
    holders = select(playlist_items.c.playlist_id).where(
        any_of(playlist_items.c.track_id, list(tracks))
    )
    found = (await connection.execute(holders.distinct())).scalars().all()
    await lock_playlists(connection, found)
    await _refresh_totals(connection, found)


async def _bump(
    connection: AsyncConnection, items: Sequence[dict[str, object]], now: datetime
) -> None:
    """A playlist that was there before this import has a new version when it got items.

    No change tells of them, so nothing before can be told from the list as it is: its history
    begins anew with this version.
    """
    there = any_of(playlists.c.id, {row["playlist_id"] for row in items})
    bumped = await connection.execute(
        playlists.update()
        .where(there, playlists.c.created_at < now)
        .values(version=playlists.c.version + 1, oldest_version=playlists.c.version + 1)
        .returning(playlists.c.id)
    )
    past = any_of(playlist_changes.c.playlist_id, bumped.scalars().all())
    await connection.execute(delete(playlist_changes).where(past))


async def _index(connection: AsyncConnection, ids: Sequence[UUID]) -> None:
    """Public playlists are found by their titles; they are as popular as their tracks are."""
    found = await connection.execute(text(_POPULARITY), {"ids": list(ids), "public": _PUBLIC})
    entries = [entry(EntityKind.PLAYLIST, row[0], row[1], (), row[2]) for row in found]
    await upsert_rows(connection, "search_entries", entries, "kind", "entity_id")


_TOTALS = """
    update playlists set track_count = counted.number, duration_ms = counted.length from (
        select playlist_id, count(*) as number, sum(tracks.duration_ms) as length
        from playlist_items join tracks on tracks.id = track_id
        where playlist_id = any(:ids) group by playlist_id
    ) as counted
    where playlists.id = counted.playlist_id
        and (playlists.track_count, playlists.duration_ms) <> (counted.number, counted.length)
"""

_POPULARITY = """
    select playlists.id, playlists.title, round(avg(tracks.popularity))::int
    from playlists
    join playlist_items on playlist_id = playlists.id
    join tracks on tracks.id = track_id
    where playlists.id = any(:ids) and visibility = :public
    group by playlists.id
"""
