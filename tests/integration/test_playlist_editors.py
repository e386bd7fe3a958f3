"""Many editors of one playlist at the same time: what is acknowledged is there, in its order."""

import asyncio

import pytest
from sqlalchemy import delete

from datasources.postgres.changes import in_transaction
from datasources.postgres.client import Connection
from datasources.postgres.playlist_writes import lock_playlist
from datasources.postgres.tables import playlist_collaborators
from datasources.stores import Stores
from resolvers.errors import NotFound
from resolvers.ids import global_id
from resolvers.playlist_change import ItemsChanged
from resolvers.playlist_items import add_items
from tests.factories.editing import (
    DURATION_MS,
    counts_of,
    list_at,
    list_of,
    new_playlist,
    share,
    track,
    versions_of,
)
from tests.factories.editors import Editor, replay
from tests.factories.music import Music
from tests.factories.playlists import as_user, waits_for_a_lock

EDITORS = range(2, 22)
CHANGES = 50


@pytest.fixture
async def stores(empty_stores: Stores) -> Stores:
    music = Music()
    for number in (1, *EDITORS):
        music.user(number)
    for number in (1, 2, 3):
        music.track(number)
    await music.write(empty_stores)
    return empty_stores


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
