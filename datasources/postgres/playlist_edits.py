"""Statements of changes to the items of a playlist, in the transaction of the change."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Select,
    Text,
    Uuid,
    delete,
    func,
    insert,
    literal,
    select,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from datasources.postgres.playlist_history import encode_items, encode_rekeyed
from datasources.postgres.playlist_tables import playlist_changes
from datasources.postgres.positions import Spot
from datasources.postgres.reading import any_of, unnest_columns
from datasources.postgres.tables import (
    playlist_items,
    playlists,
    tracks,
    users,
)
from datasources.records.changes import ChangeRecord, ItemChange, ListedItem

_ITEM = playlist_items.c


@dataclass(frozen=True, slots=True)
class Gap:
    """The place in front of an item: its position, and that of the one before it.

    None on the right is the end of the list, None on the left its beginning.
    """

    left: str | None
    right: Spot | None


async def take_version(connection: AsyncConnection, playlist_id: UUID) -> None:
    """Count a change, and hold the playlist until the transaction ends (`playlists`).

    The first statement of each change: all others of the same playlist wait, and what is read
    afterwards is what they have left. Nothing happens where there is no such playlist.
    """
    statement = update(playlists).where(playlists.c.id == playlist_id)
    await connection.execute(statement.values(version=playlists.c.version + 1))


# --- what a change needs to know ----------------------------------------------------------------


async def fetch_durations(
    connection: AsyncConnection, track_ids: Collection[UUID]
) -> Mapping[UUID, int]:
    """Return the lengths of tracks, in milliseconds; one that is not there is absent (`tracks`).

    None of them is removed before the transaction ends.
    """
    statement = select(tracks.c.id, tracks.c.duration_ms).where(any_of(tracks.c.id, track_ids))
    rows = await connection.execute(statement.with_for_update(read=True, key_share=True))
    return {row[0]: row[1] for row in rows}


async def fetch_listed(
    connection: AsyncConnection, playlist_id: UUID, item_ids: Collection[UUID]
) -> Mapping[UUID, ListedItem]:
    """Return items of a playlist by id; what is not in its list is absent.

    Read from `playlist_items` and `tracks`.
    """
    columns = (_ITEM.id, _ITEM.position, _ITEM.track_id, _ITEM.added_by, _ITEM.added_at)
    statement = (
        select(*columns, tracks.c.duration_ms)
        .join(tracks, tracks.c.id == _ITEM.track_id)
        .where(any_of(_ITEM.id, item_ids), _ITEM.playlist_id == playlist_id)
    )
    return {row[0]: ListedItem(*row) for row in await connection.execute(statement)}


async def fetch_gap(
    connection: AsyncConnection,
    playlist_id: UUID,
    before: UUID | None,
    without: Sequence[UUID] = (),
) -> Gap | None:
    """Return the place in front of an item, or the end of the list (`playlist_items`).

    Items `without` count as if they were not there. None where the item is not in the list.
    """
    if before is None:
        last = _neighbours(playlist_id, without, forward=False).limit(1)
        spot = (await connection.execute(last)).one_or_none()
        return Gap(None if spot is None else spot.position, None)
    anchor = playlist_items.alias("anchor")
    left = _neighbours(playlist_id, without, forward=False, of=anchor.c).limit(1)
    statement = select(
        anchor.c.position, left.with_only_columns(_ITEM.position).scalar_subquery()
    ).where(anchor.c.id == before, anchor.c.playlist_id == playlist_id)
    found = (await connection.execute(statement)).one_or_none()
    return None if found is None else Gap(found[1], Spot(found[0], before))


async def fetch_spots(
    connection: AsyncConnection,
    playlist_id: UUID,
    before: Spot | None,
    limit: int | None,
    without: Sequence[UUID] = (),
) -> tuple[list[Spot], list[Spot]]:
    """Return the items on both sides of a place, in their order: `limit` of each, None for all.

    `before` is the first of those behind it. Read from `playlist_items`.
    """
    back = _neighbours(playlist_id, without, forward=False, than=before).limit(limit)
    left = [Spot(row.position, row.id) for row in await connection.execute(back)]
    if before is None:
        return left[::-1], []
    onward = _neighbours(playlist_id, without, forward=True, than=before).limit(limit)
    return left[::-1], [Spot(row.position, row.id) for row in await connection.execute(onward)]


def _neighbours(
    playlist_id: UUID,
    without: Sequence[UUID],
    *,
    forward: bool,
    of: object = None,
    than: Spot | None = None,
) -> Select[tuple[str, UUID]]:
    """Return positions and ids in order: from a place on, itself included, or back from it."""
    order = (_ITEM.position, _ITEM.id)
    statement = select(*order).where(_ITEM.playlist_id == playlist_id)
    if of is not None:
        statement = statement.where(tuple_(*order) < tuple_(of.position, of.id))  # type: ignore[attr-defined]  # columns of an alias
    if than is not None:
        place = tuple_(literal(than.position, Text), literal(than.item_id, Uuid))
        statement = statement.where(tuple_(*order) >= place if forward else tuple_(*order) < place)
    if without:
        statement = statement.where(~any_of(_ITEM.id, without))
    return statement.order_by(*(column if forward else column.desc() for column in order))


# --- what a change does -------------------------------------------------------------------------


async def insert_items(
    connection: AsyncConnection, playlist_id: UUID, items: Sequence[ItemChange]
) -> None:
    """Put items into a list, where each stands afterwards (`playlist_items`).

    Whoever added one and is gone since is left out of it.
    """
    new = unnest_columns(
        "new",
        id=([item.item_id for item in items], Uuid()),
        position=([item.after for item in items], Text()),
        track_id=([item.track_id for item in items], Uuid()),
        added_by=([item.added_by_id for item in items], Uuid()),
        added_at=([item.added_at for item in items], DateTime(timezone=True)),
    )
    rows = select(
        new.c.id,
        literal(playlist_id, Uuid),
        new.c.position,
        new.c.track_id,
        users.c.id,
        new.c.added_at,
    ).select_from(new.outerjoin(users, users.c.id == new.c.added_by))
    names = ["id", "playlist_id", "position", "track_id", "added_by", "added_at"]
    await connection.execute(insert(playlist_items).from_select(names, rows))


async def move_items(connection: AsyncConnection, positions: Mapping[UUID, str]) -> None:
    """Give items other positions (`playlist_items`)."""
    new = unnest_columns(
        "new", id=(list(positions), Uuid()), position=(list(positions.values()), Text())
    )
    statement = update(playlist_items).where(_ITEM.id == new.c.id)
    await connection.execute(statement.values(position=new.c.position))


async def delete_items(connection: AsyncConnection, item_ids: Collection[UUID]) -> None:
    """Take items out of their lists (`playlist_items`)."""
    await connection.execute(delete(playlist_items).where(any_of(_ITEM.id, item_ids)))


async def write_change(
    connection: AsyncConnection, change: ChangeRecord, items: int, duration_ms: int, keep: int
) -> None:
    """Write a change into the history, and what it makes of the counts, in one statement.

    `items` and `duration_ms` are by how much the list has grown. Of the history the newest `keep`
    changes stay. Writes `playlist_changes` and `playlists`.
    """
    oldest = change.version - keep
    of_list: ColumnElement[bool] = playlists.c.id == change.playlist_id
    counted = (
        update(playlists)
        .where(of_list)
        .values(
            track_count=playlists.c.track_count + items,
            duration_ms=playlists.c.duration_ms + duration_ms,
            oldest_version=func.greatest(playlists.c.oldest_version, oldest),
        )
    )
    past = playlist_changes.c
    forgotten = delete(playlist_changes).where(
        past.playlist_id == change.playlist_id, past.version <= oldest
    )
    row = insert(playlist_changes).values(
        playlist_id=change.playlist_id,
        version=change.version,
        actor_id=change.actor_id,
        at=change.at,
        kind=change.kind,
        items=encode_items(change.items),
        rekeyed=encode_rekeyed(change.rekeyed),
    )
    await connection.execute(row.add_cte(counted.cte("counted"), forgotten.cte("forgotten")))
