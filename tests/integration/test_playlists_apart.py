"""Blocks and playlists that change hands: who is apart from an owner has no part in the list."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import select, update

from auth.principal import person
from datasources.postgres import blocks, collaboration, playlist_writes
from datasources.postgres.bulk import copy_rows
from datasources.postgres.changes import in_transaction
from datasources.postgres.client import Connection
from datasources.postgres.playlist_writes import lock_playlist
from datasources.postgres.tables import playlist_collaborators, playlist_followers, playlists
from datasources.stores import Stores
from resolvers.blocking import block_user, unblock_user
from resolvers.collaboration import transfer_playlist
from resolvers.errors import NotFound
from resolvers.ids import global_id
from resolvers.playlist_commands import follow_playlist
from tests.factories.music import NOW, Music, playlist_id, user_id
from tests.factories.operations import ask
from tests.factories.playlists import (
    as_user,
    playlist_of,
    share_with,
    wait_long,
    waits_for_a_lock,
)

ANN, BOB, CLEO, DAN = 1, 2, 3, 4
LIST = global_id("Playlist", playlist_id(ANN))
FOLLOWED = "{ viewer { followedPlaylists { totalCount nodes { title } } } }"


def user(number: int) -> str:
    return global_id("User", user_id(number))


@pytest.fixture
async def stores(empty_stores: Stores) -> Stores:
    """Four people; Ann, Bob and Dan have a public playlist of their number."""
    music = Music()
    for number in (ANN, BOB, CLEO, DAN):
        music.user(number)
    for number in (ANN, BOB, DAN):
        music.playlist(number, owner=number, tracks=[])
    await music.write(empty_stores)
    return empty_stores


async def followed(stores: Stores, number: int) -> dict[str, Any]:
    """Return the playlists that somebody follows, as they see them."""
    data = await ask(stores, FOLLOWED, principal=person(user_id(number)))
    found: dict[str, Any] = data["viewer"]["followedPlaylists"]
    return found


async def numbers_of(stores: Stores, table: Any) -> set[int]:
    """Return who is in a table about Ann's playlist, by their numbers."""
    rows = select(table.c.user_id).where(table.c.playlist_id == playlist_id(ANN))
    return {row[0].int - user_id(0).int for row in await stores.postgres.read(rows)}


async def until_done_or_waiting(stores: Stores, task: asyncio.Task[Any]) -> None:
    """Come back when a change is done, or waits for a lock."""
    waiting = asyncio.create_task(waits_for_a_lock(stores))
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)


# --- following ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("by", "whom"), [(BOB, CLEO), (CLEO, BOB)])
async def test_who_is_apart_from_a_new_owner_does_not_follow(
    stores: Stores, by: int, whom: int
) -> None:
    await share_with(stores, ANN, BOB, "EDITOR")
    for number in (CLEO, DAN):
        await follow_playlist(as_user(stores, number), LIST)
    await block_user(as_user(stores, by), user(whom))
    assert (await followed(stores, CLEO))["totalCount"] == 1
    await transfer_playlist(as_user(stores, ANN), LIST, user(BOB))
    assert await numbers_of(stores, playlist_followers) == {DAN}
    assert (await playlist_of(stores, playlist_id(ANN))).follower_count == 1
    await unblock_user(as_user(stores, by), user(whom))
    assert (await followed(stores, CLEO))["totalCount"] == 0


@pytest.mark.parametrize(("by", "whom"), [(BOB, CLEO), (CLEO, BOB)])
async def test_a_block_hides_what_is_followed_however_it_came_about(
    stores: Stores, by: int, whom: int
) -> None:
    for number in (BOB, DAN):
        await follow_playlist(as_user(stores, CLEO), global_id("Playlist", playlist_id(number)))
    await share_with(stores, BOB, CLEO, "EDITOR")
    async with stores.postgres.transaction() as connection:  # and nothing has ended with it
        await blocks.write_block(connection, user_id(by), user_id(whom), NOW)
    shown = {"totalCount": 1, "nodes": [{"title": f"Playlist {DAN}"}]}
    assert await followed(stores, CLEO) == shown
    async with stores.postgres.transaction() as connection:
        await blocks.remove_block(connection, user_id(by), user_id(whom))
    assert (await followed(stores, CLEO))["totalCount"] == 2


# --- at the same time ---------------------------------------------------------------------------


@pytest.mark.parametrize("first", ["transfer", "block"])
async def test_a_block_and_another_owner_at_once(
    stores: Stores, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    """Cleo blocks Bob while he is given a playlist on which she works, and which she follows."""
    wait_long(monkeypatch)
    for number in (BOB, CLEO):
        await share_with(stores, ANN, number, "EDITOR")
    await follow_playlist(as_user(stores, CLEO), LIST)
    reached, go_on = asyncio.Event(), asyncio.Event()

    def pausing(step: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        async def paused(*arguments: object) -> None:
            await step(*arguments)
            reached.set()
            await go_on.wait()

        return paused

    changes: dict[str, Callable[[], Awaitable[object]]] = {
        "transfer": lambda: transfer_playlist(as_user(stores, ANN), LIST, user(BOB)),
        "block": lambda: block_user(as_user(stores, CLEO), user(BOB)),
    }
    if first == "transfer":
        monkeypatch.setattr(collaboration, "remove_apart", pausing(collaboration.remove_apart))
    else:
        monkeypatch.setattr(blocks, "end_relations", pausing(blocks.end_relations))
    earlier = asyncio.ensure_future(changes.pop(first)())
    await reached.wait()
    ((_, other),) = changes.items()
    later = asyncio.ensure_future(other())
    await until_done_or_waiting(stores, later)
    go_on.set()
    await asyncio.gather(earlier, later)

    playlist = await playlist_of(stores, playlist_id(ANN))
    assert (playlist.owner_id, playlist.follower_count) == (user_id(BOB), 0)
    assert await numbers_of(stores, playlist_collaborators) == {ANN}
    assert await numbers_of(stores, playlist_followers) == set()


async def test_a_block_of_who_gets_the_playlist(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bob blocks Ann while she gives him a playlist: neither waits for the other in a circle."""
    wait_long(monkeypatch)
    await share_with(stores, ANN, BOB, "EDITOR")
    tried = 0
    lock = playlist_writes.lock_owner

    async def begun(*arguments: Any) -> int | None:
        nonlocal tried
        tried += 1
        return await lock(*arguments)

    monkeypatch.setattr("resolvers.collaboration.lock_owner", begun)
    giving: list[asyncio.Task[object]] = []
    end = blocks.end_relations

    async def with_people_held(*arguments: Any) -> None:
        transfer = transfer_playlist(as_user(stores, ANN), LIST, user(BOB))
        giving.append(asyncio.ensure_future(transfer))
        await until_done_or_waiting(stores, giving[0])
        await end(*arguments)

    monkeypatch.setattr(blocks, "end_relations", with_people_held)
    await block_user(as_user(stores, BOB), user(ANN))
    with pytest.raises(NotFound):
        await giving[0]
    assert (tried, len(giving)) == (1, 1), "one of them was ended by the server, and tried again"
    assert (await playlist_of(stores, playlist_id(ANN))).owner_id == user_id(ANN)
    assert await numbers_of(stores, playlist_collaborators) == set()


# --- what a block waits for ---------------------------------------------------------------------


async def test_a_block_does_not_wait_for_playlists_that_it_is_not_about(stores: Stores) -> None:
    async with stores.postgres.transaction() as connection:
        for number in (ANN, BOB):
            await lock_playlist(connection, playlist_id(number))
        assert (await block_user(as_user(stores, ANN), user(BOB))).changed == 1


@pytest.mark.parametrize(
    "table", ["playlist_followers", "playlist_collaborators", "playlist_invitations"]
)
async def test_a_block_waits_for_a_change_of_a_playlist_that_it_is_about(
    stores: Stores, monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    wait_long(monkeypatch)
    more: dict[str, dict[str, Any]] = {
        "playlist_followers": {},
        "playlist_collaborators": {"role": "EDITOR", "added_at": NOW},
        "playlist_invitations": {"role": "EDITOR", "invited_at": NOW, "invited_by": user_id(ANN)},
    }
    row = {"playlist_id": playlist_id(ANN), "user_id": user_id(BOB)} | more[table]
    async with stores.postgres.transaction() as connection:
        await copy_rows(connection, table, [row])
        its = update(playlists).where(playlists.c.id == playlist_id(ANN))
        await connection.execute(its.values(follower_count=int(not more[table])))
    blocking: list[asyncio.Task[object]] = []

    async def hold(connection: Connection) -> None:
        await lock_playlist(connection, playlist_id(ANN))
        blocking.append(asyncio.ensure_future(block_user(as_user(stores, BOB), user(ANN))))
        await until_done_or_waiting(stores, blocking[0])
        assert not blocking[0].done()

    await in_transaction(stores.postgres, hold)
    await blocking[0]
    assert (await playlist_of(stores, playlist_id(ANN))).follower_count == 0
