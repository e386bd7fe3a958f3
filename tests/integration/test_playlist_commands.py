"""Playlists that people make, change, copy, remove and follow."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from auth.principal import ANONYMOUS, person
from datasources.ids import new_id
from datasources.postgres.bulk import copy_rows
from datasources.postgres.changes import in_transaction
from datasources.postgres.client import Connection
from datasources.postgres.playlist_writes import lock_playlist
from datasources.postgres.tables import playlist_followers, playlists, search_entries
from datasources.records.playlists import PlaylistRecord, PlaylistVisibility
from datasources.stores import Stores
from resolvers import playlist_commands as commands
from resolvers.context import RequestContext
from resolvers.errors import Forbidden, InvalidInput, LimitExceeded, NotFound, Unauthenticated
from resolvers.ids import global_id
from resolvers.playlist_commands import NewPlaylist
from resolvers.search import search
from tests.factories.accounts import audited, later, statements
from tests.factories.music import NOW, Music, playlist_id, track_id, user_id
from tests.factories.operations import ask, context_of, respond
from tests.factories.playlists import (
    as_user,
    listed,
    playlist_of,
    share_with,
    wait_long,
    waits_for_a_lock,
)

PUBLIC, UNLISTED, PRIVATE = PlaylistVisibility


@pytest.fixture
async def stores(empty_stores: Stores) -> Stores:
    """Three people and some tracks; the first has a public playlist of three."""
    music = Music()
    for number in (1, 2, 3):
        music.user(number)
        music.track(number)
    music.playlist(1, owner=1, tracks=[1, 2, 1])
    await music.write(empty_stores)
    return empty_stores


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for a lock does so for as long as the test takes."""
    wait_long(monkeypatch)


async def found(stores: Stores, words: str) -> list[UUID]:
    return [ref.id for ref in (await search(context_of(stores), words)).nodes]


# --- making -------------------------------------------------------------------------------------


async def test_a_new_playlist_is_private_and_empty(stores: Stores) -> None:
    ann = as_user(stores, 1)
    made = await commands.create_playlist(ann, NewPlaylist("  Früh am Morgen 🌅\u200d  "))
    playlist = await playlist_of(stores, made.playlist_id)
    assert playlist == PlaylistRecord(
        id=made.playlist_id,
        owner_id=user_id(1),
        title="Früh am Morgen 🌅\u200d",
        description=None,
        visibility=PRIVATE,
        collaborative=False,
        version=1,
        follower_count=0,
        track_count=0,
        duration_ms=0,
        created_at=playlist.created_at,
        updated_at=playlist.created_at,
    )
    assert await found(stores, "morgen") == []


async def test_unicode_is_kept_as_it_was_written(stores: Stores) -> None:
    decomposed = "Cafe\u0301  del\u00a0Mar \u202ertl"
    new = NewPlaylist(decomposed, f" {decomposed} ", PUBLIC, collaborative=True)
    made = await commands.create_playlist(as_user(stores, 1), new)
    playlist = await playlist_of(stores, made.playlist_id)
    assert (playlist.title, playlist.description) == (decomposed, decomposed)
    assert playlist.collaborative
    assert await found(stores, "café del mar") == [made.playlist_id]


BAD_TITLES = [
    *("", "   ", "\n", "\u200b", "\u2028\u00a0"),
    *("\u3164", "\u2800 \u115f", "\ufe0f", "\u0301", "\u200d\u0903\u20dd"),
    *("a\nb", "a\0b", "a\x1b[31m", "a\x7fb", "a\x85b", "a\u2028b", "a\u2029b"),
    *("a\ud800", "x" * 201),
]
BAD_DESCRIPTIONS = ["a\nb", "a\0b", "a\u2028b", "a\u2029b", "\tz\ty", "\udfff", "x" * 2001]


@pytest.mark.parametrize("title", BAD_TITLES)
async def test_titles_that_cannot_be_taken(stores: Stores, title: str) -> None:
    ann = as_user(stores, 1)
    playlist = global_id("Playlist", playlist_id(1))
    before = await playlist_of(stores, playlist_id(1))
    for attempt in (
        commands.create_playlist(ann, NewPlaylist(title)),
        commands.update_playlist(ann, playlist, {"title": title, "description": "x"}),
        commands.duplicate_playlist(ann, playlist, title),
    ):
        with pytest.raises(InvalidInput) as refused:
            await attempt
        assert refused.value.path == ("input", "title")
    assert await listed(stores) == [before]


@pytest.mark.parametrize("description", BAD_DESCRIPTIONS)
async def test_descriptions_that_cannot_be_taken(stores: Stores, description: str) -> None:
    ann = as_user(stores, 1)
    playlist = global_id("Playlist", playlist_id(1))
    before = await playlist_of(stores, playlist_id(1))
    for attempt in (
        commands.create_playlist(ann, NewPlaylist("x", description)),
        commands.update_playlist(ann, playlist, {"title": "y", "description": description}),
    ):
        with pytest.raises(InvalidInput) as refused:
            await attempt
        assert refused.value.path == ("input", "description")
    assert await listed(stores) == [before]


@pytest.mark.parametrize(
    "title", ["\u2764\ufe0f", "1\ufe0f\u20e3", "\u3164e\u0301", "\u0e40\u0e37"]
)
async def test_titles_of_little(stores: Stores, title: str) -> None:
    """Signs that join others, or cannot be seen, are fine beside one that can."""
    made = await commands.create_playlist(as_user(stores, 1), NewPlaylist(title))
    assert (await playlist_of(stores, made.playlist_id)).title == title


async def test_the_longest_texts(stores: Stores) -> None:
    new = NewPlaylist(f"  {'🎵' * 200} ", "ß" * 2000)
    made = await commands.create_playlist(as_user(stores, 1), new)
    playlist = await playlist_of(stores, made.playlist_id)
    assert (playlist.title, playlist.description) == ("🎵" * 200, "ß" * 2000)


async def test_a_thousand_playlists(stores: Stores) -> None:
    row = {"owner_id": user_id(1), "title": "x", "visibility": "PRIVATE"}
    times = {"created_at": NOW, "updated_at": NOW}
    async with stores.postgres.transaction() as connection:
        rows = [row | times | {"id": new_id()} for _ in range(997)]
        await copy_rows(connection, "playlists", rows)
    ann, playlist = as_user(stores, 1), global_id("Playlist", playlist_id(1))
    attempts = [
        commands.create_playlist(ann, NewPlaylist("x")),
        commands.duplicate_playlist(ann, playlist),
        commands.create_playlist(ann, NewPlaylist("y")),
        commands.duplicate_playlist(ann, playlist),
        commands.create_playlist(ann, NewPlaylist("z")),
    ]
    ends = await asyncio.gather(*attempts, return_exceptions=True)
    assert sum(isinstance(end, LimitExceeded) for end in ends) == 3
    assert len(await listed(stores)) == 1000
    made = await commands.create_playlist(as_user(stores, 2), NewPlaylist("x"))
    assert made.playlist_id


async def test_somebody_who_is_gone_makes_none(stores: Stores) -> None:
    with pytest.raises(NotFound):
        await commands.create_playlist(as_user(stores, 99), NewPlaylist("x"))


# --- changing -----------------------------------------------------------------------------------


async def test_only_what_is_given_changes(stores: Stores) -> None:
    ann, id_ = as_user(stores, 1), global_id("Playlist", playlist_id(1))
    before = await playlist_of(stores, playlist_id(1))
    await commands.update_playlist(ann, id_, {"description": " What I hear "})
    described = await playlist_of(stores, playlist_id(1))
    assert (described.title, described.description) == (before.title, "What I hear")
    assert described.updated_at > before.updated_at
    assert described.version == before.version

    await commands.update_playlist(later(ann, hours=1), id_, {})
    await commands.update_playlist(later(ann, hours=1), id_, {"title": before.title})
    assert await playlist_of(stores, playlist_id(1)) == described
    await commands.update_playlist(later(ann, hours=1), id_, {"description": "  "})
    assert (await playlist_of(stores, playlist_id(1))).description is None


@pytest.mark.parametrize("name", ["title", "visibility", "collaborative"])
async def test_what_cannot_be_null(stores: Stores, name: str) -> None:
    id_ = global_id("Playlist", playlist_id(1))
    with pytest.raises(InvalidInput) as refused:
        await commands.update_playlist(as_user(stores, 1), id_, {name: None})
    assert refused.value.path == ("input", name)


async def test_search_follows_title_visibility_and_deletion(stores: Stores) -> None:
    ann, id_ = as_user(stores, 1), global_id("Playlist", playlist_id(1))
    await commands.update_playlist(ann, id_, {"title": "Kelpie sleeping"})
    assert await found(stores, "kelpie") == [playlist_id(1)]
    await commands.update_playlist(ann, id_, {"title": "Selkie waking"})
    assert await found(stores, "kelpie") == []
    assert await found(stores, "selkie wak") == [playlist_id(1)]
    for hidden in (UNLISTED, PRIVATE):
        await commands.update_playlist(ann, id_, {"visibility": hidden})
        assert await found(stores, "selkie") == []
        await commands.update_playlist(ann, id_, {"visibility": PUBLIC})
        assert await found(stores, "selkie") == [playlist_id(1)]
    await commands.delete_playlist(ann, id_)
    assert await found(stores, "selkie") == []
    assert await stores.postgres.read(select(search_entries.c.entity_id)) == []


async def test_titles_at_once_leave_one_that_is_found(stores: Stores) -> None:
    ann, id_ = as_user(stores, 1), global_id("Playlist", playlist_id(1))
    titles = [f"Nixie number{chr(97 + n)}" for n in range(8)]
    await asyncio.gather(
        *(commands.update_playlist(ann, id_, {"title": title}) for title in titles)
    )
    title = (await playlist_of(stores, playlist_id(1))).title
    for one in titles:
        assert await found(stores, one) == ([playlist_id(1)] if one == title else [])


# --- copying and removing -----------------------------------------------------------------------


async def test_a_copy_is_ones_own(stores: Stores) -> None:
    ann, ben = as_user(stores, 1), as_user(stores, 2)
    id_ = global_id("Playlist", playlist_id(1))
    await commands.update_playlist(ann, id_, {"description": "Mine"})
    with statements() as sent:
        copied = await commands.duplicate_playlist(ben, id_)
    assert len([one for one in sent if "FROM playlist_items" in one]) == 1, "at one moment"
    copy = await playlist_of(stores, copied.playlist_id)
    assert (copy.title, copy.description) == ("Playlist 1", "Mine")
    assert (copy.owner_id, copy.visibility, copy.version) == (user_id(2), PRIVATE, 1)
    assert (copy.track_count, copy.duration_ms) == (3, 600_000)
    originals, items = await _items(stores, playlist_id(1)), await _items(stores, copy.id)
    assert [item["track"] for item in items] == [item["track"] for item in originals]
    assert {item["id"] for item in items}.isdisjoint(item["id"] for item in originals)
    assert {item["addedBy"]["handle"] for item in items} == {"user2"}


async def test_a_copy_under_another_name(stores: Stores) -> None:
    id_ = global_id("Playlist", playlist_id(1))
    copied = await commands.duplicate_playlist(as_user(stores, 2), id_, " Banshee ", PUBLIC)
    assert await found(stores, "banshee") == [copied.playlist_id]
    empty = await commands.create_playlist(as_user(stores, 1), NewPlaylist("x", visibility=PUBLIC))
    again = await commands.duplicate_playlist(
        as_user(stores, 2), global_id("Playlist", empty.playlist_id)
    )
    copy = await playlist_of(stores, again.playlist_id)
    assert (copy.track_count, copy.duration_ms) == (0, 0)


async def test_no_copy_is_longer_than_a_playlist_may_be(stores: Stores) -> None:
    async with stores.postgres.transaction() as connection:
        await connection.execute(update(playlists).values(track_count=10_001))
    with pytest.raises(LimitExceeded):
        await commands.duplicate_playlist(as_user(stores, 2), global_id("Playlist", playlist_id(1)))
    assert len(await listed(stores)) == 1


async def test_a_removed_playlist_is_gone_and_noted(stores: Stores) -> None:
    ann, id_ = as_user(stores, 1), global_id("Playlist", playlist_id(1))
    await commands.follow_playlist(as_user(stores, 2), id_)
    gone = await commands.delete_playlist(ann, id_)
    assert gone.playlist_id == playlist_id(1)
    assert await listed(stores) == []
    assert await audited(stores, "deletePlaylist") == [("DONE", user_id(1), user_id(1))]
    with pytest.raises(NotFound):
        await commands.delete_playlist(ann, id_)
    assert len(await audited(stores, "deletePlaylist")) == 1


# --- following ----------------------------------------------------------------------------------


async def test_following_is_idempotent_and_counted(stores: Stores) -> None:
    ben, id_ = as_user(stores, 2), global_id("Playlist", playlist_id(1))

    async def count() -> int:
        return (await playlist_of(stores, playlist_id(1))).follower_count

    for _ in range(2):
        await commands.follow_playlist(ben, id_)
        assert await count() == 1
    await commands.follow_playlist(as_user(stores, 1), id_)
    assert await count() == 2
    for _ in range(2):
        await commands.unfollow_playlist(ben, id_)
        assert await count() == 1


async def test_followers_at_once_are_counted(stores: Stores) -> None:
    id_ = global_id("Playlist", playlist_id(1))
    people = [as_user(stores, number) for number in (1, 2, 3)]
    steps = [commands.follow_playlist, commands.unfollow_playlist, commands.follow_playlist]
    await asyncio.gather(*(step(one, id_) for one in people for step in steps for _ in range(3)))
    followers = await stores.postgres.read(select(playlist_followers.c.user_id))
    assert (await playlist_of(stores, playlist_id(1))).follower_count == len(followers)
    await asyncio.gather(*(commands.follow_playlist(one, id_) for one in people * 3))
    assert (await playlist_of(stores, playlist_id(1))).follower_count == 3


async def test_a_playlist_that_was_hidden_since_can_be_left(stores: Stores) -> None:
    ben, id_ = as_user(stores, 2), global_id("Playlist", playlist_id(1))
    await commands.follow_playlist(ben, id_)
    await commands.update_playlist(as_user(stores, 1), id_, {"visibility": PRIVATE})
    await commands.unfollow_playlist(ben, id_)
    assert (await playlist_of(stores, playlist_id(1))).follower_count == 0
    with pytest.raises(NotFound):
        await commands.unfollow_playlist(ben, id_)


# --- who may do what ----------------------------------------------------------------------------

Step = Callable[[RequestContext, str], Awaitable[Any]]
STEPS: dict[str, Step] = {
    "update": lambda context, id_: commands.update_playlist(context, id_, {"title": "New"}),
    "delete": commands.delete_playlist,
    "duplicate": commands.duplicate_playlist,
    "follow": commands.follow_playlist,
    "unfollow": commands.unfollow_playlist,
}
READING = {"duplicate", "follow", "unfollow"}


@pytest.mark.parametrize("visibility", list(PlaylistVisibility))
@pytest.mark.parametrize("role", ["owner", "EDITOR", "VIEWER", "stranger", "anonymous"])
@pytest.mark.parametrize("step", STEPS)
async def test_roles_and_actions(
    stores: Stores, step: str, role: str, visibility: PlaylistVisibility
) -> None:
    id_ = global_id("Playlist", playlist_id(1))
    change = {"visibility": visibility, "collaborative": True}
    await commands.update_playlist(as_user(stores, 1), id_, change)
    if role in {"EDITOR", "VIEWER"}:
        await share_with(stores, 1, 2, role)
    before = await listed(stores)
    caller = as_user(stores, 1 if role == "owner" else 2)
    if role == "anonymous":
        caller = context_of(stores, ANONYMOUS)
        expected: type[Exception] | None = Unauthenticated
    elif role == "stranger" and visibility is PRIVATE:
        expected = NotFound
    else:
        expected = None if role == "owner" or step in READING else Forbidden
    if expected is None:
        await STEPS[step](caller, id_)
        return
    with pytest.raises(expected) as refused:
        await STEPS[step](caller, id_)
    assert await listed(stores) == before
    if expected is NotFound:
        with pytest.raises(NotFound) as absent:
            await STEPS[step](caller, global_id("Playlist", playlist_id(404)))
        assert str(absent.value) == str(refused.value)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("wrong", ["", "x", "Ü", global_id("Track", track_id(1)), "a" * 10_000])
async def test_ids_of_something_else(stores: Stores, step: str, wrong: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await STEPS[step](as_user(stores, 1), wrong)
    assert refused.value.path[-1] == "playlistId"


@pytest.mark.parametrize("step", STEPS)
async def test_blocked_people_find_no_playlist(stores: Stores, step: str) -> None:
    async with stores.postgres.transaction() as connection:
        row = {"blocker_id": user_id(1), "blocked_id": user_id(2), "blocked_at": NOW}
        await copy_rows(connection, "blocks", [row])
    with pytest.raises(NotFound):
        await STEPS[step](as_user(stores, 2), global_id("Playlist", playlist_id(1)))


async def test_what_waits_for_a_change_sees_what_it_did(stores: Stores) -> None:
    """The playlist is hidden while somebody is about to follow it: nobody slips through."""
    following: list[asyncio.Task[Any]] = []

    async def hide(connection: Connection) -> None:
        await lock_playlist(connection, playlist_id(1))
        id_ = global_id("Playlist", playlist_id(1))
        following.append(asyncio.create_task(commands.follow_playlist(as_user(stores, 2), id_)))
        await waits_for_a_lock(stores)
        await connection.execute(update(playlists).values(visibility=PRIVATE))

    await in_transaction(stores.postgres, hide)
    with pytest.raises(NotFound):
        await following[0]
    assert (await playlist_of(stores, playlist_id(1))).follower_count == 0


# --- in the graph -------------------------------------------------------------------------------

SHOWN = "playlist { title visibility version trackCount followerCount isFollowed owner { handle } }"
WHOLE = f"""
mutation ($id: ID!) {{
  made: createPlaylist(input: {{title: "One"}}) {{ ... on PlaylistCreated {{ {SHOWN} }} }}
  updated: updatePlaylist(input: {{playlistId: $id, title: "Two", visibility: UNLISTED}}) {{
    ... on PlaylistUpdated {{ {SHOWN} }}
  }}
  again: updatePlaylist(input: {{playlistId: $id, title: "Three"}}) {{
    ... on PlaylistUpdated {{ {SHOWN} }}
  }}
  followed: followPlaylist(playlistId: $id) {{ ... on PlaylistFollowed {{ {SHOWN} }} }}
  unfollowed: unfollowPlaylist(playlistId: $id) {{ ... on PlaylistUnfollowed {{ {SHOWN} }} }}
  copied: duplicatePlaylist(input: {{playlistId: $id}}) {{
    ... on PlaylistDuplicated {{ {SHOWN} }}
  }}
  bad: updatePlaylist(input: {{playlistId: $id, title: ""}}) {{
    ... on ValidationError {{ code path }}
  }}
  deleted: deletePlaylist(playlistId: $id) {{ ... on PlaylistDeleted {{ playlistId }} }}
  gone: followPlaylist(playlistId: $id) {{ ... on NotFound {{ code message }} }}
}}
"""


async def test_each_field_of_a_document_sees_what_those_before_it_did(stores: Stores) -> None:
    id_ = global_id("Playlist", playlist_id(1))
    data = await ask(stores, WHOLE, {"id": id_}, person(user_id(1)))
    shown = {
        "title": "One",
        "visibility": "PRIVATE",
        "version": 1,
        "trackCount": 0,
        "followerCount": 0,
        "isFollowed": False,
        "owner": {"handle": "user1"},
    }
    assert data["made"] == {"playlist": shown}
    there = shown | {"title": "Two", "visibility": "UNLISTED", "trackCount": 3}
    assert data["updated"] == {"playlist": there}
    there["title"] = "Three"
    assert data["again"] == {"playlist": there}
    followed = there | {"followerCount": 1, "isFollowed": True}
    assert data["followed"] == {"playlist": followed}
    assert data["unfollowed"] == {"playlist": there}
    assert data["copied"] == {"playlist": there | {"visibility": "PRIVATE"}}
    assert data["bad"] == {"code": "BAD_USER_INPUT", "path": ["input", "title"]}
    assert data["deleted"] == {"playlistId": id_}
    assert data["gone"] == {"code": "NOT_FOUND", "message": "There is no such playlist."}


async def test_nobody_changes_anything(stores: Stores) -> None:
    query = 'mutation { createPlaylist(input: {title: "x"}) { __typename } }'
    response = await respond(stores, query)
    assert response["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert len(await listed(stores)) == 1


async def _items(stores: Stores, of: UUID) -> list[Any]:
    query = """
    query ($id: ID!) {
      playlist(id: $id) { items { nodes { id track { id } addedBy { handle } } } }
    }
    """
    owner = (await playlist_of(stores, of)).owner_id
    data = await ask(stores, query, {"id": global_id("Playlist", of)}, person(owner))
    nodes: list[Any] = data["playlist"]["items"]["nodes"]
    return nodes
