"""What all changes to the items of a playlist have in common: one transaction, from end to end."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn
from uuid import UUID

from datasources.postgres import playlist_edits as edits
from datasources.postgres.client import Connection
from datasources.postgres.outbox import write_event
from datasources.postgres.playlist_history import fetch_known, fetch_oldest_version
from datasources.postgres.positions import REACHES, keys_between, moved, place
from datasources.records.changes import ChangeKind, ChangeRecord, ItemChange, Rekeyed
from datasources.records.playlists import PlaylistRecord
from resolvers.context import RequestContext
from resolvers.errors import InvalidInput, LimitExceeded, NotFound, PlaylistConflict
from resolvers.idempotency import change
from resolvers.ids import global_id
from resolvers.playlist_access import PlaylistAction, playlist_for
from resolvers.playlist_input import ITEM
from resolvers.playlist_turns import is_taken, turn
from resolvers.publishing import publish

MAX_ITEMS = 10_000
"""How many items a list may have."""

TOPIC = "playlist"
"""What the outbox calls the events of changes; their `seq` is the version."""


@dataclass(frozen=True, slots=True)
class ItemsChanged:
    """Which version of a playlist a change has made, of which items, on top of which version."""

    playlist_id: UUID
    version: int
    item_ids: list[UUID]
    base_version: int | None = None


@dataclass(frozen=True, slots=True)
class Editing:
    """A playlist while it is changed: it has the version already that the change will make.

    `base_version` is what the client had seen, None where it does not say.
    """

    playlist: PlaylistRecord
    at: datetime
    base_version: int | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """What a change has done, and by how much the list has grown, in items and milliseconds."""

    kind: ChangeKind
    items: tuple[ItemChange, ...]
    rekeyed: tuple[Rekeyed, ...] = ()
    grown: int = 0
    grown_ms: int = 0


@dataclass(frozen=True, slots=True)
class Room:
    """Positions for items, and what had to make room for them."""

    positions: Mapping[UUID, str]
    rekeyed: tuple[Rekeyed, ...] = ()


async def change_items(
    context: RequestContext,
    playlist_id: UUID,
    base_version: int | None,
    make: Callable[[Connection, Editing], Awaitable[Edit]],
) -> ItemsChanged:
    """Make a change of a playlist's items, with its version, counts, history and event.

    `make` is called once the caller may do so; what it raises leaves everything as it was.

    Raises:
        InvalidInput: `base_version` is none that there is.
        NotFound, Forbidden: the playlist is not there for the caller, or not theirs to change.
        Overloaded: others, or the caller, were changing it for 5 seconds.
        OutcomeUnknown, StoreUnavailable, StoreTimeout: see `change`.
    """

    async def work(connection: Connection) -> ItemsChanged:
        await edits.take_version(connection, playlist_id)
        playlist = await playlist_for(connection, context, playlist_id, PlaylistAction.CHANGE_ITEMS)
        if base_version is not None and not 1 <= base_version < playlist.version:
            known = f"Versions of this playlist are 1 to {playlist.version - 1}."
            raise InvalidInput(("input", "baseVersion"), known)
        now = Editing(playlist, context.clock(), base_version)
        edit = await make(connection, now)
        await _write(context, connection, now, edit)
        items = [item.item_id for item in edit.items]
        return ItemsChanged(playlist_id, playlist.version, items, base_version)

    # Who sends many at once waits for themselves, and holds up nobody else.
    async with turn((playlist_id, context.principal.user_id)):
        # Where nobody waits, the decision in the change comes soon enough.
        changed = await _asked_first(context, playlist_id) if is_taken(playlist_id) else None
        if changed is None:
            async with turn(playlist_id):
                changed = await change(context, work)
    await publish(context.stores, playlist_id)
    return changed


class _MayChangeError(Exception):
    """The answer of a transaction that does nothing but ask: it ends so, and stores nothing."""


async def _asked_first(context: RequestContext, playlist_id: UUID) -> ItemsChanged | None:
    """Refuse who may not change a playlist's items before they wait, and others wait for them.

    It only refuses: who may now is asked again when it is their turn. What a repeated request has
    done already is returned here, as it would be there.

    Raises:
        NotFound, Forbidden: the playlist is not there for the caller, or not theirs to change.
    """

    async def ask(connection: Connection) -> ItemsChanged:
        await playlist_for(connection, context, playlist_id, PlaylistAction.CHANGE_ITEMS)
        raise _MayChangeError

    try:
        return await change(context, ask)
    except _MayChangeError:
        return None


async def _write(context: RequestContext, connection: Connection, now: Editing, edit: Edit) -> None:
    """Write the change into the history and the outbox, and count."""
    playlist, who = now.playlist, context.principal.user_id
    change = ChangeRecord(
        playlist.id, playlist.version, who, now.at, edit.kind, edit.items, edit.rekeyed
    )
    keep = context.playlists.history
    await edits.write_change(connection, change, edit.grown, edit.grown_ms, keep)
    # Listeners read what it was, and who did it, from the history: an event is small.
    event = {
        "kind": edit.kind.value,
        "at": now.at.isoformat(),
        "item_ids": [str(item.item_id) for item in edit.items],
    }
    await write_event(connection, TOPIC, playlist.id, playlist.version, event)


def within_limit(playlist: PlaylistRecord, more: int) -> None:
    """Let a list grow.

    Raises:
        LimitExceeded: it would have more than 10,000 items.
    """
    if playlist.track_count + more > MAX_ITEMS:
        raise LimitExceeded(f"A playlist has {MAX_ITEMS:,} items at most.")


async def refuse_missing(connection: Connection, now: Editing, missing: Sequence[UUID]) -> NoReturn:
    """Refuse a change that names items which are not in the list.

    Raises:
        PlaylistConflict: they were in it, or may have been before its history begins.
        NotFound: one of them never was, as far as is known.
    """
    playlist = now.playlist
    known = await fetch_known(connection, playlist.id, missing)
    strange = [item for item in missing if item not in known]
    if strange and now.base_version is not None:
        oldest = await fetch_oldest_version(connection, playlist.id)
        strange = strange if now.base_version >= oldest else []
    if strange:
        text = global_id(ITEM, strange[0])
        raise NotFound(f"There is no item {text} in this playlist.")
    words = "Others have changed the list: what this change names is gone."
    raise await conflict(connection, now, words, missing)


async def conflict(
    connection: Connection, now: Editing, words: str, item_ids: Sequence[UUID]
) -> PlaylistConflict:
    """Return the refusal of a change on account of these items, with what is known of them."""
    known = await fetch_known(connection, now.playlist.id, item_ids)
    items = tuple(known.get(item) for item in item_ids)
    return PlaylistConflict(words, now.playlist.version - 1, tuple(item_ids), items)


async def find_room(
    connection: Connection, now: Editing, anchor: UUID | None, items: Sequence[UUID]
) -> Room:
    """Return positions for items in front of another, or at the end, in their order.

    Where there is no room, items around that place get other positions in this transaction.

    Raises:
        PlaylistConflict, NotFound: the other item is not in the list.
    """
    playlist_id = now.playlist.id
    gap = await edits.fetch_gap(connection, playlist_id, anchor, items)
    if gap is None:
        await refuse_missing(connection, now, [anchor] if anchor else [])
    right = None if gap.right is None else gap.right.position
    keys = keys_between(gap.left, right, len(items))
    if keys is not None:
        return Room(dict(zip(items, keys, strict=True)))
    for limit in (max(REACHES) + 1, None):
        before, after = await edits.fetch_spots(connection, playlist_id, gap.right, limit, items)
        # Where there are more on a side, the last of them is the bound of what may be touched.
        low = before.pop(0).position if limit is not None and len(before) == limit else None
        high = after.pop().position if limit is not None and len(after) == limit else None
        spots = [*before, *after]
        placed = place(spots, len(before), items, low, high)
        if placed is not None:
            break
    else:
        raise AssertionError("between the ends of a list everything fits")
    pairs = moved(spots, placed)
    if pairs:
        await edits.move_items(connection, {new.item_id: new.position for _, new in pairs})
    wanted = set(items)
    return Room(
        {spot.item_id: spot.position for spot in placed if spot.item_id in wanted},
        tuple(Rekeyed(new.item_id, old.position, new.position) for old, new in pairs),
    )
