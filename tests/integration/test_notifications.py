"""The inbox: who is told what, once, and what one sees of it; read, preferred, and removed."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from auth.principal import ANONYMOUS, Principal
from auth.scopes import Scope
from datasources.postgres import notifications as store
from datasources.postgres.blocks import write_block
from datasources.postgres.notification_tables import inboxes, notifications
from datasources.postgres.playlist_tables import outbox
from datasources.records.notifications import NewNotification, NotificationKind
from datasources.records.playlists import CollaboratorRole
from datasources.stores import Stores
from resolvers import collaboration, playlist_commands, share_links
from resolvers.blocking import block_user
from resolvers.following import unfollow_user
from resolvers.ids import global_id
from resolvers.notifications import cursor_of
from resolvers.notifying import tell
from tests.factories.inboxes import (
    INBOX,
    age,
    follow,
    inbox,
    one,
    people,
    tell_of_followers,
    told,
)
from tests.factories.keyed import KEY, client_with
from tests.factories.music import NOW, user_id
from tests.factories.operations import ask, context_of, respond, run_operation
from tests.plugins.round_trips import RoundTrips

DAY = timedelta(days=1)
EDITOR, VIEWER = CollaboratorRole.EDITOR, CollaboratorRole.VIEWER

MARK = """
mutation ($input: MarkNotificationsReadInput!) {
  markNotificationsRead(input: $input) {
    __typename
    ... on NotificationsRead { changed unreadCount }
    ... on ValidationError { path message }
  }
}
"""
PREFER = """
mutation ($input: SetNotificationPreferenceInput!) {
  setNotificationPreference(input: $input) { preferences { kind inApp emailDigest } }
}
"""


@pytest.fixture
async def stores(empty_stores: Stores) -> Stores:
    await people(empty_stores, 6)
    return empty_stores


async def mark(stores: Stores, number: int, **given: Any) -> dict[str, Any]:
    result: dict[str, Any] = await ask(stores, MARK, {"input": given}, one(number))
    return dict(result["markNotificationsRead"])


async def prefer(stores: Stores, number: int, **given: Any) -> list[dict[str, Any]]:
    result = await ask(stores, PREFER, {"input": given}, one(number))
    return list(result["setNotificationPreference"]["preferences"])


async def a_playlist(stores: Stores, owner: int, visibility: str = "PRIVATE") -> str:
    create = (
        "mutation ($input: CreatePlaylistInput!) { createPlaylist(input: $input)"
        " { ... on PlaylistCreated { playlist { id } } } }"
    )
    given = {"title": "Dawn", "visibility": visibility, "collaborative": True}
    made = await ask(stores, create, {"input": given}, one(owner))
    return str(made["createPlaylist"]["playlist"]["id"])


def uid(number: int) -> str:
    return global_id("User", user_id(number))


async def seqs(stores: Stores, number: int) -> Sequence[int]:
    of = notifications.c
    rows = await stores.postgres.read(
        select(of.seq).where(of.user_id == user_id(number)).order_by(of.seq)
    )
    return [row[0] for row in rows]


# --- who is told what ---------------------------------------------------------------------------


async def test_a_new_follower_is_told_of_once(stores: Stores) -> None:
    assert await inbox(stores, 2) == {
        "totalCount": 0,
        "unreadCount": 0,
        "pageInfo": {"hasNextPage": False, "endCursor": None},
        "edges": [],
    }
    await follow(stores, 1, 2)
    await follow(stores, 3, 2)
    await unfollow_user(context_of(stores, one(1)), uid(2))
    await follow(stores, 1, 2)
    assert await told(stores, 2) == [("NEW_FOLLOWER", "user3"), ("NEW_FOLLOWER", "user1")]
    assert await told(stores, 1) == []
    found = await inbox(stores, 2)
    assert (found["totalCount"], found["unreadCount"]) == (2, 2)


async def test_who_comes_back_after_a_day_is_told_of_again(stores: Stores) -> None:
    await tell_of_followers(stores, 2, 1)
    await tell_of_followers(stores, 2, 1, at=NOW + 2 * DAY)
    assert len(await told(stores, 2)) == 1  # the first is unread still
    await mark(stores, 2, through=(await inbox(stores, 2))["edges"][0]["cursor"])
    await tell_of_followers(stores, 2, 1, at=NOW + DAY / 2)
    assert len(await told(stores, 2)) == 1
    await tell_of_followers(stores, 2, 1, at=NOW + 2 * DAY)
    assert len(await told(stores, 2)) == 2


async def test_what_is_rolled_back_tells_nobody(stores: Stores) -> None:
    new = NewNotification(user_id(2), NotificationKind.NEW_FOLLOWER, NOW, user_id(1))

    async def tell_and_fail() -> None:
        async with stores.postgres.transaction() as connection:
            await tell(connection, new)
            raise LookupError

    with pytest.raises(LookupError):
        await tell_and_fail()
    assert await told(stores, 2) == []
    assert await stores.postgres.read(select(outbox)) == []


async def test_an_invitation_shows_a_private_playlist_while_it_is_open(stores: Stores) -> None:
    playlist = await a_playlist(stores, 1)
    owner, guest = context_of(stores, one(1)), context_of(stores, one(2))
    await collaboration.invite_collaborator(owner, playlist, uid(2), VIEWER)
    await collaboration.invite_collaborator(owner, playlist, uid(2), EDITOR)
    ((edge,), unread) = ((found := await inbox(stores, 2))["edges"], found["unreadCount"])
    assert unread == 1
    assert edge["node"]["kind"] == "INVITATION"
    assert edge["node"]["actor"] == {"handle": "user1"}
    assert edge["node"]["playlist"] is None
    assert edge["node"]["invitation"] == {"title": "Dawn", "role": "EDITOR"}

    await collaboration.accept_invitation(guest, playlist)
    newest, invited = (edge["node"] for edge in (await inbox(stores, 2))["edges"])
    assert invited["invitation"] is None
    assert invited["playlist"] == {"title": "Dawn"}
    assert (newest["kind"], newest["role"]) == ("PLAYLIST_SHARED", "EDITOR")
    assert newest["readAt"] is not None  # they did it themselves
    assert (await inbox(stores, 2))["unreadCount"] == 1
    assert await told(stores, 1) == [("PLAYLIST_SHARED", "user2")]

    await collaboration.remove_collaborator(owner, playlist, uid(2))
    for edge in (await inbox(stores, 2))["edges"]:
        assert edge["node"]["playlist"] is edge["node"]["invitation"] is None


async def test_a_link_and_another_owner_are_told(stores: Stores) -> None:
    playlist = await a_playlist(stores, 1)
    owner = context_of(stores, one(1))
    link = await share_links.create_share_link(owner, playlist, share_links.NewLink(EDITOR))
    await share_links.redeem_share_link(context_of(stores, one(2)), link.token)
    assert await told(stores, 1) == [("PLAYLIST_SHARED", "user2")]
    await collaboration.transfer_playlist(owner, playlist, uid(2))
    newest, _ = (edge["node"] for edge in (await inbox(stores, 2))["edges"])
    assert (newest["kind"], newest["role"], newest["readAt"]) == ("PLAYLIST_SHARED", None, None)
    assert (newest["actor"], newest["playlist"]) == ({"handle": "user1"}, {"title": "Dawn"})
    await playlist_commands.delete_playlist(context_of(stores, one(2)), playlist)
    assert await told(stores, 2) == []


# --- nobody whom a block hides ------------------------------------------------------------------


@pytest.mark.parametrize("blocker", [1, 2])
async def test_a_block_ends_what_was_told_and_what_would_be(stores: Stores, blocker: int) -> None:
    await follow(stores, 1, 2)
    await follow(stores, 3, 2)
    await block_user(context_of(stores, one(blocker)), uid(3 - blocker))
    assert await told(stores, 2) == [("NEW_FOLLOWER", "user3")]
    await tell_of_followers(stores, 2, 1, at=NOW + 9 * DAY)
    await tell_of_followers(stores, 2, 4, at=NOW + 9 * DAY)
    assert [who for _, who in await told(stores, 2)] == ["user4", "user3"]
    assert len(await seqs(stores, 2)) == 2


async def test_a_block_hides_at_once_what_is_there_still(stores: Stores) -> None:
    for actor in (1, 3):
        await follow(stores, actor, 2)
    async with stores.postgres.transaction() as connection:
        await write_block(connection, user_id(1), user_id(2), NOW)
    found = await inbox(stores, 2)
    assert (found["totalCount"], found["unreadCount"], len(found["edges"])) == (1, 1, 1)


# --- order --------------------------------------------------------------------------------------


async def test_places_have_no_gap_however_many_come_at_once(stores: Stores) -> None:
    await asyncio.gather(*(follow(stores, number, 6) for number in (1, 2, 3, 4, 5)))
    assert await seqs(stores, 6) == [1, 2, 3, 4, 5]
    waiting = await stores.postgres.read(
        select(func.count()).select_from(outbox).where(outbox.c.published_at.is_(None))
    )
    assert waiting[0][0] == 0


async def test_pages_are_newest_first(stores: Stores) -> None:
    await tell_of_followers(stores, 6, 1, 2, 3, 4, 5)
    first = await inbox(stores, 6, first=2)
    second = await inbox(stores, 6, first=2, after=first["pageInfo"]["endCursor"])
    third = await inbox(stores, 6, first=2, after=second["pageInfo"]["endCursor"])
    pages = [first, second, third]
    handles = [[edge["node"]["actor"]["handle"] for edge in page["edges"]] for page in pages]
    assert handles == [["user5", "user4"], ["user3", "user2"], ["user1"]]
    assert [page["pageInfo"]["hasNextPage"] for page in pages] == [True, True, False]
    assert {page["unreadCount"] for page in pages} == {5}


async def test_ten_cost_what_one_costs(stores: Stores, round_trips: RoundTrips) -> None:
    await people(stores, 12, since=7)
    playlist = await a_playlist(stores, 1)
    for number in range(2, 13):
        context = context_of(stores, one(1))
        await collaboration.invite_collaborator(context, playlist, uid(number), VIEWER)
        await collaboration.accept_invitation(context_of(stores, one(number)), playlist)
    costs = []
    for size in (0, 1, 10):
        round_trips.clear()
        found = await inbox(stores, 1, first=size)
        assert len(found["edges"]) == size
        costs.append(round_trips.copy())
    assert costs[1] == costs[2]
    assert sum(costs[0].values()) < sum(costs[1].values())


# --- reading ------------------------------------------------------------------------------------


async def test_marking_as_read_again_changes_nothing(stores: Stores) -> None:
    await tell_of_followers(stores, 6, 1, 2, 3, 4)
    edges = (await inbox(stores, 6))["edges"]
    some = [edges[0]["node"]["id"], edges[2]["node"]["id"]]
    assert await mark(stores, 6, ids=some) == {
        "__typename": "NotificationsRead", "changed": 2, "unreadCount": 2,
    }  # fmt: skip
    before = (await inbox(stores, 6))["edges"]
    assert (await mark(stores, 6, ids=some))["changed"] == 0
    assert (await inbox(stores, 6))["edges"] == before
    assert (await mark(stores, 6, through=edges[1]["cursor"]))["changed"] == 2
    assert (await inbox(stores, 6))["unreadCount"] == 0


async def test_nobody_reads_for_others(stores: Stores) -> None:
    await tell_of_followers(stores, 6, 1)
    (edge,) = (await inbox(stores, 6))["edges"]
    assert (await mark(stores, 5, ids=[edge["node"]["id"]]))["changed"] == 0
    assert (await mark(stores, 5, through=edge["cursor"]))["path"] == ["input", "through"]
    assert (await inbox(stores, 6))["unreadCount"] == 1


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({}, ["input"]),
        ({"ids": [], "through": "x"}, ["input"]),
        ({"ids": []}, ["input", "ids"]),
        ({"ids": ["?"]}, ["input", "ids"]),
        ({"ids": [global_id("User", user_id(1))]}, ["input", "ids"]),
        ({"ids": [global_id("Notification", user_id(n)) for n in range(101)]}, ["input", "ids"]),
        ({"through": "?"}, ["input", "through"]),
        ({"through": cursor_of(user_id(5), 1)}, ["input", "through"]),
        ({"through": cursor_of(user_id(6), -1)}, ["input", "through"]),
    ],
)
async def test_what_was_read_must_make_sense(
    stores: Stores, given: dict[str, Any], path: list[str]
) -> None:
    result = await mark(stores, 6, **given)
    assert (result["__typename"], result["path"]) == ("ValidationError", path)


async def test_a_key_marks_once(stores: Stores) -> None:
    await tell_of_followers(stores, 6, 1, 2)
    newest = (await inbox(stores, 6))["edges"][0]["cursor"]
    results = []
    for _ in range(2):
        context = context_of(stores, one(6), client=client_with(KEY))
        answer = await run_operation(context, MARK, {"input": {"through": newest}})
        assert answer.data is not None
        results.append(answer.data["markNotificationsRead"]["changed"])
    assert results == [2, 2]


# --- preferences --------------------------------------------------------------------------------


async def test_what_nobody_wants_is_not_written(stores: Stores) -> None:
    kinds = [kind.value for kind in NotificationKind]
    preferences = await prefer(stores, 2, kind="NEW_FOLLOWER", inApp=False)
    assert [one["kind"] for one in preferences] == kinds
    assert preferences[0] == {"kind": "NEW_FOLLOWER", "inApp": False, "emailDigest": False}
    assert preferences[1] == {"kind": "INVITATION", "inApp": True, "emailDigest": False}
    await follow(stores, 1, 2)
    assert await seqs(stores, 2) == []
    # For the mail alone: it is there, and not in the inbox.
    preferences = await prefer(stores, 2, kind="NEW_FOLLOWER", emailDigest=True)
    assert preferences[0] == {"kind": "NEW_FOLLOWER", "inApp": False, "emailDigest": True}
    await follow(stores, 3, 2)
    assert await seqs(stores, 2) == [1]
    assert await told(stores, 2) == []
    assert (await inbox(stores, 2))["unreadCount"] == 0
    assert (await prefer(stores, 2, kind="NEW_FOLLOWER"))[0] == preferences[0]


# --- whose it is --------------------------------------------------------------------------------


def without(*scopes: Scope) -> Principal:
    return replace(one(2), scopes=one(2).scopes - frozenset(scopes))


THEIRS = (
    '{ user(handle: "user2") { notifications { totalCount unreadCount nodes { kind } }'
    " notificationPreferences { kind } } }"
)


async def test_it_is_there_for_nobody_else(stores: Stores) -> None:
    await follow(stores, 3, 2)
    empty = {"totalCount": 0, "unreadCount": 0, "nodes": []}
    found = (await ask(stores, THEIRS, None, one(1)))["user"]
    assert found == {"notifications": empty, "notificationPreferences": []}
    own = (await ask(stores, THEIRS, None, one(2)))["user"]
    assert own["notifications"]["nodes"] == [{"kind": "NEW_FOLLOWER"}]
    assert len(own["notificationPreferences"]) == len(NotificationKind)


@pytest.mark.parametrize(
    ("query", "principal", "code"),
    [
        (THEIRS, ANONYMOUS, "UNAUTHENTICATED"),
        (THEIRS, without(Scope.ACCOUNT_MANAGE), "FORBIDDEN"),
        (INBOX, without(Scope.ACCOUNT_MANAGE), "FORBIDDEN"),
        (INBOX, without(Scope.PLAYLISTS_READ), "FORBIDDEN"),
    ],
)
async def test_it_needs_the_scopes(
    stores: Stores, query: str, principal: Principal, code: str
) -> None:
    await follow(stores, 3, 2)
    answer = await respond(stores, query, None, principal)
    assert {error["extensions"]["code"] for error in answer["errors"]} == {code}
    assert "NEW_FOLLOWER" not in str(answer["data"])


# --- for 90 days --------------------------------------------------------------------------------


async def test_they_are_kept_for_ninety_days(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "_INBOXES_AT_ONCE", 1)
    for reader in (5, 6):
        await tell_of_followers(stores, reader, 1, 2, at=NOW - timedelta(days=91))
        await tell_of_followers(stores, reader, 3, 4, at=NOW - timedelta(days=89))
    assert await store.remove_old_notifications(stores.postgres, NOW) == 4
    assert await store.remove_old_notifications(stores.postgres, NOW) == 0
    assert [who for _, who in await told(stores, 6)] == ["user4", "user3"]
    for reader in (5, 6):
        inbox = await store.fetch_inbox(stores.postgres, user_id(reader))
        assert (inbox.last_seq, inbox.removed_through) == (4, 2)
    assert len(await stores.postgres.read(select(inboxes))) == 2
    await age(stores, timedelta(days=9))
    assert await store.remove_old_notifications(stores.postgres, NOW) == 4
