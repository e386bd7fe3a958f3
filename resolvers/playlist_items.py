"""Changes to the items of a playlist: adding, moving, removing."""

from collections.abc import Callable, Sequence
from uuid import UUID

from datasources.ids import new_id
from datasources.postgres import playlist_edits as edits
from datasources.postgres.client import Connection
from datasources.records.changes import ChangeKind, ItemChange, ListedItem
from datasources.records.external_ids import EntityKind
from resolvers.context import RequestContext
from resolvers.errors import InvalidInput, LimitExceeded, NotFound
from resolvers.playlist_change import (
    Edit,
    Editing,
    ItemsChanged,
    change_items,
    find_room,
    refuse_missing,
    within_limit,
)
from resolvers.playlist_input import id_in, item_id_in
from resolvers.signed_in import signed_in

MAX_IDS = 100
"""How many items one change adds, moves or removes."""


async def add_items(
    context: RequestContext,
    playlist_id: str,
    track_ids: Sequence[str],
    before: str | None = None,
    base_version: int | None = None,
) -> ItemsChanged:
    """Add tracks as new items in front of one, or at the end; the same track may be there twice.

    Raises:
        Unauthenticated: nobody is signed in.
        InvalidInput: an id of something else, no track at all, or a version that is not there yet.
        NotFound: the playlist or a track is not there for the caller, or `before` never was.
        Forbidden: the caller may read the playlist, but not change its items.
        PlaylistConflict: `before` is gone.
        LimitExceeded: more than 100 tracks, or a list of more than 10,000.
    """
    adder = signed_in(context)
    tracks = _ids("trackIds", track_ids, _track_id_in)
    anchor = None if before is None else item_id_in(("input", "before"), before)

    async def plan(connection: Connection, now: Editing) -> Edit:
        within_limit(now.playlist, len(tracks))
        durations = await edits.fetch_durations(connection, set(tracks))
        gone = next((place for place, track in enumerate(tracks) if track not in durations), None)
        if gone is not None:
            raise NotFound(f"There is no track {track_ids[gone]}.")
        new = [new_id() for _ in tracks]
        room = await find_room(connection, now, anchor, new)
        added = tuple(
            ItemChange(item, track, None, room.positions[item], adder, now.at)
            for item, track in zip(new, tracks, strict=True)
        )
        await edits.insert_items(connection, now.playlist.id, added)
        length = sum(durations[track] for track in tracks)
        return Edit(ChangeKind.ADD, added, room.rekeyed, len(added), length)

    return await change_items(context, _playlist(playlist_id), base_version, plan)


async def move_items(
    context: RequestContext,
    playlist_id: str,
    item_ids: Sequence[str],
    before: str | None = None,
    base_version: int | None = None,
) -> ItemsChanged:
    """Put items in front of one, or at the end, in the order in which they are named.

    Raises:
        Unauthenticated: nobody is signed in.
        InvalidInput: an id of something else, or twice the same; no item at all; `before` is one
            of them; or a version that is not there yet.
        NotFound: the playlist is not there for the caller, or an item never was in it.
        Forbidden: the caller may read the playlist, but not change its items.
        PlaylistConflict: an item, or `before`, is gone.
        LimitExceeded: more than 100 items.
    """
    signed_in(context)
    items = _item_ids(item_ids)
    anchor = None if before is None else item_id_in(("input", "before"), before)
    if anchor in items:
        raise InvalidInput(("input", "before"), "This is one of the items that move.")

    async def plan(connection: Connection, now: Editing) -> Edit:
        listed = await _listed(connection, now, items, anchor)
        room = await find_room(connection, now, anchor, items)
        moved = tuple(_moved(listed[item], room.positions[item]) for item in items)
        await edits.move_items(connection, {item: room.positions[item] for item in items})
        return Edit(ChangeKind.MOVE, moved, room.rekeyed)

    return await change_items(context, _playlist(playlist_id), base_version, plan)


async def remove_items(
    context: RequestContext,
    playlist_id: str,
    item_ids: Sequence[str],
    base_version: int | None = None,
) -> ItemsChanged:
    """Take items out of a list.

    Raises:
        Unauthenticated: nobody is signed in.
        InvalidInput: an id of something else, or twice the same; no item at all; or a version that
            is not there yet.
        NotFound: the playlist is not there for the caller, or an item never was in it.
        Forbidden: the caller may read the playlist, but not change its items.
        PlaylistConflict: an item is gone.
        LimitExceeded: more than 100 items.
    """
    signed_in(context)
    items = _item_ids(item_ids)

    async def plan(connection: Connection, now: Editing) -> Edit:
        listed = await _listed(connection, now, items)
        await edits.delete_items(connection, items)
        removed = tuple(_moved(listed[item], None) for item in items)
        length = sum(item.duration_ms for item in listed.values())
        return Edit(ChangeKind.REMOVE, removed, (), -len(removed), -length)

    return await change_items(context, _playlist(playlist_id), base_version, plan)


async def _listed(
    connection: Connection, now: Editing, items: Sequence[UUID], anchor: UUID | None = None
) -> dict[UUID, ListedItem]:
    """Return items by id; refuse where one of them, or the neighbour, is not in the list."""
    wanted = [*items, anchor] if anchor is not None else list(items)
    listed = dict(await edits.fetch_listed(connection, now.playlist.id, wanted))
    missing = [item for item in wanted if item not in listed]
    if missing:
        await refuse_missing(connection, now, missing)
    if anchor is not None:
        del listed[anchor]
    return listed


def _moved(item: ListedItem, after: str | None) -> ItemChange:
    return ItemChange(
        item.item_id, item.track_id, item.position, after, item.added_by_id, item.added_at
    )


# --- input --------------------------------------------------------------------------------------


def _playlist(playlist_id: str) -> UUID:
    return id_in(("input", "playlistId"), EntityKind.PLAYLIST, playlist_id)


def _track_id_in(path: tuple[str, ...], text: str) -> UUID:
    return id_in(path, EntityKind.TRACK, text)


def _item_ids(texts: Sequence[str]) -> list[UUID]:
    ids = _ids("itemIds", texts, item_id_in)
    seen: set[UUID] = set()
    for place, item in enumerate(ids):
        if item in seen:
            raise InvalidInput(("input", "itemIds", str(place)), "This item is named twice.")
        seen.add(item)
    return ids


def _ids(
    name: str, texts: Sequence[str], parse: Callable[[tuple[str, ...], str], UUID]
) -> list[UUID]:
    """Return ids, 1 to 100 of them.

    Raises:
        LimitExceeded: there are more.
        InvalidInput: there are none, or one is no such id.
    """
    if not texts:
        raise InvalidInput(("input", name), "Name one at least.")
    if len(texts) > MAX_IDS:
        raise LimitExceeded(f"One change is of {MAX_IDS} items at most.")
    return [parse(("input", name, str(place)), text) for place, text in enumerate(texts)]
