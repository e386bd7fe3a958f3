"""What a playlist was: its list at a version, what a client has missed, and undoing a change."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from datasources.loaders.playlist_history import ItemById, MissedChanges, VersionsOfPlaylist
from datasources.postgres import playlist_edits as edits
from datasources.postgres.client import Connection
from datasources.postgres.playlist_history import fetch_change, fetch_oldest_version
from datasources.postgres.playlist_versions import fetch_list
from datasources.postgres.positions import Spot, moved, place
from datasources.records.changes import (
    ChangeKind,
    ChangeRecord,
    ItemChange,
    ListedItem,
    ListVersion,
    Missed,
    PastPlaylist,
    Rekeyed,
)
from datasources.records.external_ids import EntityKind
from datasources.records.playlists import PlaylistItemRecord
from datasources.records.references import EntityRef
from resolvers.context import RequestContext
from resolvers.entities import entity
from resolvers.errors import NotFound
from resolvers.ids import parse_id_of
from resolvers.playlist_change import (
    Edit,
    Editing,
    ItemsChanged,
    change_items,
    conflict,
    within_limit,
)
from resolvers.playlist_input import id_in
from resolvers.signed_in import signed_in

MAX_MISSED = 100
"""How many changes the result of a change tells of: who missed more reads the list again."""


async def playlist_at(
    context: RequestContext, playlist_id: str, version: int
) -> PastPlaylist | None:
    """Return a playlist as it was at a version; None where it is not there for the caller.

    Raises:
        BadUserInput: that is no id of a playlist.
        NotFound: there is no such version, or its history has been forgotten.
    """
    id_ = parse_id_of(EntityKind.PLAYLIST, playlist_id)
    if await entity(context, EntityRef(EntityKind.PLAYLIST, id_)) is None:
        return None
    kept = await context.loaders.of(VersionsOfPlaylist).load(id_)
    if kept is None:
        return None
    oldest, newest = kept
    if not oldest <= version <= newest:
        raise NotFound(_kept(oldest, newest))
    return PastPlaylist(ListVersion(id_, version))


async def missed_changes(
    context: RequestContext, changed: ItemsChanged
) -> Sequence[ChangeRecord] | None:
    """Return what had changed between the version that a client had seen and its own change.

    The oldest comes first. None where the client did not say what it had seen, missed more than
    100, or what is not kept any more, and where it may not read the playlist any more.
    """
    base = changed.base_version
    if base is None or changed.version - base - 1 > MAX_MISSED:
        return None
    if await entity(context, EntityRef(EntityKind.PLAYLIST, changed.playlist_id)) is None:
        return None
    span = Missed(changed.playlist_id, base, changed.version)
    return await context.loaders.of(MissedChanges).load(span)


async def items_of(
    context: RequestContext, changed: ItemsChanged
) -> Sequence[PlaylistItemRecord | None] | None:
    """Return the items of a change as they are, in its order; None for one that is not there.

    None for all where the caller may not read the playlist any more.
    """
    if await entity(context, EntityRef(EntityKind.PLAYLIST, changed.playlist_id)) is None:
        return None
    return await context.loaders.of(ItemById).load_many(changed.item_ids)


def _kept(oldest: int, newest: int) -> str:
    return f"The oldest version of this playlist that is kept is {oldest}, the newest {newest}."


# --- undoing ------------------------------------------------------------------------------------


async def undo_change(context: RequestContext, playlist_id: str, version: int) -> ItemsChanged:
    """Turn back the change that made a version, by a new change.

    What it added is removed, what it removed comes back with its id, what it moved moves back. An
    item goes in front of the first of those behind it at that time that are still there, or to
    the end.

    Raises:
        Unauthenticated: nobody is signed in.
        InvalidInput: that is no id of a playlist.
        NotFound: the playlist is not there for the caller, or the change is not kept.
        Forbidden: the caller may read the playlist, but not change its items.
        PlaylistConflict: an item that it added or moved is gone; or one that it removed is there
            again, or cannot come back since its track is gone.
        LimitExceeded: the list would have more than 10,000 items.
    """
    signed_in(context)
    id_ = id_in(("playlistId",), EntityKind.PLAYLIST, playlist_id)

    async def make(connection: Connection, now: Editing) -> Edit:
        change = await fetch_change(connection, id_, version)
        if change is None:
            oldest = await fetch_oldest_version(connection, id_)
            raise NotFound(f"No such change is kept. {_kept(oldest, now.playlist.version - 1)}")
        return await _undo(connection, now, change)

    return await change_items(context, id_, None, make)


async def _undo(connection: Connection, now: Editing, change: ChangeRecord) -> Edit:
    playlist_id = now.playlist.id
    added = {one.item_id for one in change.items if one.before is None}
    removed = {one.item_id: one for one in change.items if one.after is None}
    touched = {one.item_id for one in change.items}
    listed = await edits.fetch_listed(connection, playlist_id, touched)
    durations = await edits.fetch_durations(connection, {one.track_id for one in change.items})
    await _refuse_conflicts(connection, now, change, listed, durations)
    grown = len(removed) - len(added)
    if grown > 0:  # an import may have brought more already than a list may have
        within_limit(now.playlist, grown)

    # A list of the version before the one that is being made is the list as it is.
    here = await fetch_list(connection, ListVersion(playlist_id, now.playlist.version - 1))
    then = await fetch_list(connection, ListVersion(playlist_id, change.version - 1))
    rest = [spot for spot in here if spot.item_id not in touched]
    placed = _put_back(rest, then, touched - added)
    positions = {spot.item_id: spot.position for spot in placed}
    rekeyed = moved(rest, placed)
    items = tuple(
        _turned(one, listed.get(one.item_id), positions.get(one.item_id)) for one in change.items
    )

    if added:
        await edits.delete_items(connection, added)
    back = [one for one in items if one.before is None]
    if back:
        await edits.insert_items(connection, playlist_id, back)
    others = {one.item_id: one.after for one in items if one.before and one.after}
    others |= {new.item_id: new.position for _, new in rekeyed}
    if others:
        await edits.move_items(connection, others)
    return Edit(
        ChangeKind.UNDO,
        items,
        tuple(Rekeyed(new.item_id, old.position, new.position) for old, new in rekeyed),
        grown,
        sum(durations[one.track_id] for one in back)
        - sum(listed[item].duration_ms for item in added),
    )


async def _refuse_conflicts(
    connection: Connection,
    now: Editing,
    change: ChangeRecord,
    listed: Mapping[UUID, ListedItem],
    durations: Mapping[UUID, int],
) -> None:
    """Refuse what cannot be turned back.

    Raises:
        PlaylistConflict: items are not where the change has left them, in the list or out of it.
    """
    wrong = tuple(
        one.item_id
        for one in change.items
        if (one.item_id in listed) is (one.after is None)
        or (one.after is None and one.track_id not in durations)
    )
    if wrong:
        words = "Others have changed the list since: this change cannot be turned back."
        raise await conflict(connection, now, words, wrong)


def _put_back(rest: list[Spot], then: Sequence[Spot], items: set[UUID]) -> list[Spot]:
    """Return a list with items put where they were, as `undo_change` says where that is."""
    there = {spot.item_id for spot in rest}
    groups: dict[UUID | None, list[UUID]] = {}
    behind: UUID | None = None
    for spot in reversed(then):
        if spot.item_id in items:
            groups.setdefault(behind, []).append(spot.item_id)
        elif spot.item_id in there:
            behind = spot.item_id
    for anchor, group in groups.items():
        ids = [spot.item_id for spot in rest]
        gap = len(ids) if anchor is None else ids.index(anchor)
        placed = place(rest, gap, group[::-1])
        if placed is None:
            raise AssertionError("between the ends of a list everything fits")
        rest = placed
    return rest


def _turned(one: ItemChange, listed: ListedItem | None, after: str | None) -> ItemChange:
    """Return what undoing does to an item: out of where it is, to where it was."""
    before = None if listed is None else listed.position
    return ItemChange(one.item_id, one.track_id, before, after, one.added_by_id, one.added_at)
