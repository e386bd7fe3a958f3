"""Many editors of one playlist at the same time: what is acknowledged is there, in its order."""

import asyncio
from dataclasses import dataclass
from random import Random
from uuid import UUID

import pytest
from sqlalchemy import delete

from datasources.postgres.changes import in_transaction
from datasources.postgres.client import Connection
from datasources.postgres.playlist_writes import lock_playlist
from datasources.postgres.tables import playlist_collaborators
from datasources.stores import Stores
from resolvers.errors import NotFound, PlaylistConflict
from resolvers.ids import global_id
from resolvers.playlist_change import ItemsChanged
from resolvers.playlist_history import undo_change
from resolvers.playlist_items import add_items, move_items, remove_items
from tests.factories.editing import (
    DURATION_MS,
    ListModel,
    counts_of,
    item,
    items,
    list_at,
    list_of,
    new_playlist,
    share,
    track,
    versions_of,
)
from tests.factories.music import Music
from tests.factories.playlists import as_user, waits_for_a_lock

EDITORS = range(2, 22)
CHANGES = 50


@dataclass
class Acknowledged:
    """A change that was acknowledged: what was done, and in front of what, or which version."""

    what: str
    done: ItemsChanged
    before: UUID | None = None
    undone: int = 0


@pytest.fixture
async def stores(empty_stores: Stores) -> Stores:
    music = Music()
    for number in (1, *EDITORS):
        music.user(number)
    for number in (1, 2, 3):
        music.track(number)
    await music.write(empty_stores)
    return empty_stores


class Editor:
    """Changes a list as somebody who looks at it now and then."""

    def __init__(self, stores: Stores, playlist: UUID, number: int) -> None:
        self.stores, self.playlist = stores, playlist
        self.id = global_id("Playlist", playlist)
        self.number, self.dice = number, Random(number)  # noqa: S311  no secret
        self.acknowledged: list[Acknowledged] = []
        self.refused = 0

    async def work(self, changes: int) -> None:
        seen: list[UUID] = []
        version = 1
        for turn in range(changes):
            if turn % 5 == 0:
                version = (await counts_of(self.stores, self.playlist))[0]
                seen = await list_of(self.stores, self.playlist)
            try:
                await self.change(seen, version)
            except (PlaylistConflict, NotFound):  # not there when it looked, or any more
                self.refused += 1

    async def change(self, seen: list[UUID], version: int) -> None:
        context, dice = as_user(self.stores, self.number), self.dice
        before = dice.choice([*seen, None]) if seen else None
        anchor = None if before is None else item(before)
        what = dice.choices(("add", "move", "remove", "undo"), (4, 3, 2, 1))[0]
        undone = 0
        if what == "undo" and version > 1:
            undone = dice.randint(max(2, version - 5), version)
            done = await undo_change(context, self.id, undone)
        elif what == "move" and len(seen) > 5:
            some = dice.sample([one for one in seen if one != before], 3)
            done = await move_items(context, self.id, items(some), anchor, version)
        elif what == "remove" and len(seen) > 5:
            done = await remove_items(context, self.id, items(dice.sample(seen, 2)), version)
        else:
            what = "add"
            tracks = [track(1), track(2), track(1)]
            done = await add_items(context, self.id, tracks, anchor, version)
        self.acknowledged.append(Acknowledged(what, done, before, undone))


def replay(acknowledged: list[Acknowledged]) -> ListModel:
    """Return what a plain list is after the acknowledged changes, in the order of versions."""
    model = ListModel()
    for one in sorted(acknowledged, key=lambda one: one.done.version):
        assert one.done.version == model.version + 1
        match one.what:
            case "remove":
                model.remove(one.done.item_ids)
            case "undo":
                assert model.undo(one.undone)
            case _:
                model.put(one.done.item_ids, one.before)
    return model


async def test_twenty_editors_at_once(stores: Stores) -> None:
    playlist = await new_playlist(stores)
    await share(stores, playlist, EDITORS, "EDITOR")
    editors = [Editor(stores, playlist, number) for number in EDITORS]
    await asyncio.gather(*(editor.work(CHANGES) for editor in editors))

    acknowledged = [one for editor in editors for one in editor.acknowledged]
    refused = sum(editor.refused for editor in editors)
    assert len(acknowledged) + refused == len(EDITORS) * CHANGES
    assert {one.what for one in acknowledged} == {"add", "move", "remove", "undo"}
    model = replay(acknowledged)
    assert await list_of(stores, playlist) == model.now
    size = len(model.now)
    assert await counts_of(stores, playlist) == (model.version, size, size * DURATION_MS)
    assert await versions_of(stores, playlist) == list(range(2, model.version + 1))
    for version in (1, 2, model.version // 2, model.version):
        assert await list_at(stores, playlist, version) == model.versions[version - 1]


async def test_a_removed_editor_changes_nothing_more(stores: Stores) -> None:
    """Also not with what was sent before, and waits for the removal."""
    playlist = await new_playlist(stores)
    await share(stores, playlist, [2], "EDITOR")
    text = global_id("Playlist", playlist)
    waiting: list[asyncio.Task[ItemsChanged]] = []

    async def remove(connection: Connection) -> None:
        await lock_playlist(connection, playlist)
        edit = add_items(as_user(stores, 2), text, [track(1)])
        waiting.append(asyncio.create_task(edit))
        await waits_for_a_lock(stores)
        await connection.execute(delete(playlist_collaborators))

    await in_transaction(stores.postgres, remove)
    with pytest.raises(NotFound):
        await waiting[0]
    assert await counts_of(stores, playlist) == (1, 0, 0)
