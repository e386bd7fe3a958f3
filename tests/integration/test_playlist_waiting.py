"""What changes while a request waits: it is decided anew when its turn comes."""

import asyncio
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from sqlalchemy import select, update

from auth.principal import person
from datasources.postgres import deletion, playlist_writes
from datasources.postgres.client import Connection
from datasources.postgres.playlist_writes import give_playlist, lock_owner, lock_playlist
from datasources.postgres.tables import playlist_followers, playlist_items, playlists
from datasources.records.playlists import PlaylistRecord, PlaylistVisibility
from datasources.stores import Stores
from resolvers import playlist_change
from resolvers.context import Client
from resolvers.errors import Forbidden, NotFound, Overloaded
from resolvers.ids import global_id
from resolvers.playlist_access import playlist_for
from resolvers.playlist_commands import duplicate_playlist, update_playlist
from resolvers.playlist_items import add_items, remove_items
from resolvers.playlist_turns import turn
from tests.factories.editing import counts_of, items, list_of, track
from tests.factories.music import Music, playlist_id, user_id
from tests.factories.operations import respond
from tests.factories.playlists import as_user, share_with, wait_long, waits_for_a_lock

OWNER, OTHER, STRANGER = 1, 2, 3
PRIVATE = PlaylistVisibility.PRIVATE
LIST = global_id("Playlist", playlist_id(1))


@pytest.fixture
async def stores(empty_stores: Stores) -> Stores:
    """Three people; the first has a public playlist with three items, on which others may work."""
    music = Music()
    for number in (OWNER, OTHER, STRANGER):
        music.user(number)
    for number in (1, 2):
        music.track(number)
    music.playlist(1, owner=OWNER, tracks=[1, 1, 2])
    music.rows["playlists"][0]["collaborative"] = True
    await music.write(empty_stores)
    return empty_stores


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for a lock does so for as long as the test takes."""
    wait_long(monkeypatch)


# --- copies -------------------------------------------------------------------------------------


async def test_what_was_hidden_while_a_copy_waited_is_not_copied(stores: Stores) -> None:
    async with stores.postgres.transaction() as connection:
        await lock_owner(connection, user_id(STRANGER))
        copying = asyncio.create_task(duplicate_playlist(as_user(stores, STRANGER), LIST))
        await waits_for_a_lock(stores)
        await update_playlist(as_user(stores, OWNER), LIST, {"visibility": PRIVATE})
        await add_items(as_user(stores, OWNER), LIST, [track(2)])
    with pytest.raises(NotFound):
        await copying
    owners = await stores.postgres.read(select(playlists.c.owner_id))
    assert [row[0] for row in owners] == [user_id(OWNER)]


async def test_nothing_is_hidden_or_added_while_it_is_copied(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    hiding: list[asyncio.Task[Any]] = []
    copy = playlist_writes.copy_playlist

    async def hide_and_add() -> None:
        await update_playlist(as_user(stores, OWNER), LIST, {"visibility": PRIVATE})
        await add_items(as_user(stores, OWNER), LIST, [track(2)])

    async def copied_late(*arguments: Any) -> None:
        hiding.append(asyncio.create_task(hide_and_add()))
        waiting = asyncio.create_task(waits_for_a_lock(stores))
        await asyncio.wait({hiding[0], waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        await copy(*arguments)

    monkeypatch.setattr(playlist_writes, "copy_playlist", copied_late)
    copied = await duplicate_playlist(as_user(stores, STRANGER), LIST)
    await hiding[0]
    assert len(await list_of(stores, copied.playlist_id)) == 3
    assert len(await list_of(stores, playlist_id(1))) == 4


# --- turns --------------------------------------------------------------------------------------


async def test_who_may_not_change_a_playlist_does_not_wait_for_it(stores: Stores) -> None:
    await share_with(stores, 1, OTHER, "VIEWER")
    ids = items(await list_of(stores, playlist_id(1)))
    async with turn(playlist_id(1)):
        for number in (OTHER, STRANGER):
            with pytest.raises(Forbidden):
                await add_items(as_user(stores, number), LIST, [track(1)])
        await update_playlist(as_user(stores, OWNER), LIST, {"visibility": PRIVATE})
        with pytest.raises(NotFound):
            await remove_items(as_user(stores, STRANGER), LIST, ids)
    assert (await counts_of(stores, playlist_id(1)))[:2] == (1, 3)


async def test_who_may_waits_and_is_asked_again(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    await share_with(stores, 1, OTHER, "EDITOR")
    waits = asyncio.Event()

    def noted(subject: object) -> AbstractAsyncContextManager[None]:
        if subject == playlist_id(1):
            waits.set()
        return turn(subject)

    monkeypatch.setattr(playlist_change, "turn", noted)
    async with turn(playlist_id(1)):
        first = asyncio.create_task(add_items(as_user(stores, OTHER), LIST, [track(1)]))
        await waits.wait()
        await update_playlist(as_user(stores, OWNER), LIST, {"collaborative": False})
    with pytest.raises(Forbidden):
        await first
    assert (await counts_of(stores, playlist_id(1)))[:2] == (1, 3)


async def test_who_sends_many_at_once_waits_for_themselves(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many they are, one of them has a connection; the others hold up nobody."""
    now, most = 0, 0

    async def counted(*arguments: Any) -> PlaylistRecord:
        nonlocal now, most
        now += 1
        most = max(most, now)
        try:
            return await playlist_for(*arguments)
        finally:
            now -= 1

    monkeypatch.setattr(playlist_change, "playlist_for", counted)
    async with turn(playlist_id(1)):
        ends = await asyncio.gather(
            *(add_items(as_user(stores, STRANGER), LIST, [track(1)]) for _ in range(20)),
            return_exceptions=True,
        )
    assert {type(end) for end in ends} <= {Forbidden, Overloaded}
    assert most == 1


async def test_what_was_done_with_a_key_is_answered_where_others_wait(stores: Stores) -> None:
    """It was allowed then, and is not done again: the answer is the same in a queue."""
    await share_with(stores, 1, OTHER, "EDITOR")
    add = """
    mutation ($id: ID!, $track: ID!) {
      addPlaylistItems(input: {playlistId: $id, trackIds: [$track]}) {
        ... on PlaylistItemsChanged { version } ... on Error { code }
      }
    }
    """
    variables = {"id": LIST, "track": track(1)}

    async def answer(key: str) -> object:
        client = Client("192.0.2.1", "tests", idempotency_key=key)
        result = await respond(stores, add, variables, person(user_id(OTHER)), client)
        return result["data"]["addPlaylistItems"]

    assert await answer("one") == {"version": 2}
    await update_playlist(as_user(stores, OWNER), LIST, {"collaborative": False})
    async with turn(playlist_id(1)):
        assert await answer("one") == {"version": 2}
        assert await answer("two") == {"code": "FORBIDDEN"}
    assert await answer("one") == {"version": 2}
    await update_playlist(as_user(stores, OWNER), LIST, {"collaborative": True})
    assert await answer("two") == {"version": 3}


# --- accounts that end --------------------------------------------------------------------------


async def test_a_playlist_that_is_given_away_is_not_removed_with_its_owner(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker comes while it is given; what the old owner has besides is removed."""
    monkeypatch.setattr(deletion, "_ROWS_AT_ONCE", 2)
    monkeypatch.setattr(deletion, "_PLAYLISTS_AT_ONCE", 2)
    music = Music()
    for number in range(10, 15):
        music.playlist(number, owner=OWNER, tracks=[1, 2, 1])
    await music.write(stores)
    async with stores.postgres.transaction() as connection:
        await _follow(connection, playlist_id(1), user_id(STRANGER))
    async with stores.postgres.transaction() as connection:
        await lock_playlist(connection, playlist_id(1))
        await give_playlist(connection, playlist_id(1), user_id(OTHER))
        removing = asyncio.create_task(deletion.remove_belongings(stores.postgres, user_id(OWNER)))
        waiting = asyncio.create_task(waits_for_a_lock(stores))
        await asyncio.wait({removing, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
    await removing
    rows = await stores.postgres.read(select(playlists.c.id, playlists.c.owner_id))
    assert [tuple(row) for row in rows] == [(playlist_id(1), user_id(OTHER))]
    assert len(await list_of(stores, playlist_id(1))) == 3
    of_all = await stores.postgres.read(select(playlist_items.c.id))
    assert len(of_all) == 3
    followers = await stores.postgres.read(select(playlist_followers.c.user_id))
    assert [row[0] for row in followers] == [user_id(STRANGER)]


async def _follow(connection: Connection, playlist: Any, user: Any) -> None:
    row = {"playlist_id": playlist, "user_id": user}
    await connection.execute(playlist_followers.insert().values(row))
    its = update(playlists).where(playlists.c.id == playlist)
    await connection.execute(its.values(follower_count=1))
