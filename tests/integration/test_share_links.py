"""Links that let whoever has one work on a playlist."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from auth.principal import ANONYMOUS, person
from datasources.postgres.bulk import copy_rows
from datasources.postgres.playlist_tables import share_links as table
from datasources.postgres.tables import playlist_collaborators
from datasources.records.playlists import CollaboratorRole, PlaylistVisibility
from datasources.stores import Stores
from resolvers import share_links
from resolvers.collaboration import (
    accept_invitation,
    invite_collaborator,
    remove_collaborator,
    set_collaborator_role,
    transfer_playlist,
)
from resolvers.context import Client
from resolvers.errors import Forbidden, InvalidInput, LimitExceeded, NotFound, Unauthenticated
from resolvers.ids import global_id
from resolvers.playlist_commands import delete_playlist
from resolvers.share_links import NewLink
from tests.factories.accounts import later
from tests.factories.music import NOW, Music, playlist_id, user_id
from tests.factories.operations import ask, context_of, respond
from tests.factories.playlists import as_user, share_with, wait_long

EDITOR, VIEWER = CollaboratorRole
LIST = global_id("Playlist", playlist_id(1))


@pytest.fixture
async def stores(empty_stores: Stores) -> Stores:
    """The owner of a private playlist, one of a public one, and 20 others."""
    music = Music()
    for number in range(1, 23):
        music.user(number)
    music.playlist(1, owner=1, tracks=[])
    music.playlist(2, owner=2, tracks=[])
    music.rows["playlists"][0]["visibility"] = PlaylistVisibility.PRIVATE
    await music.write(empty_stores)
    return empty_stores


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for a lock does so for as long as the test takes."""
    wait_long(monkeypatch)


async def a_link(stores: Stores, role: CollaboratorRole = EDITOR, *, once: bool = False) -> str:
    """Return the secret of a new link to the private playlist."""
    new = NewLink(role, once)
    return (await share_links.create_share_link(as_user(stores, 1), LIST, new)).token


async def collaborators(stores: Stores) -> dict[int, str]:
    """Return who works on the private playlist, by their numbers."""
    columns = playlist_collaborators.c
    rows = await stores.postgres.read(
        select(columns.user_id, columns.role).where(columns.playlist_id == playlist_id(1))
    )
    return {row[0].int - user_id(0).int: row[1] for row in rows}


async def links(stores: Stores, number: int = 1) -> list[Any]:
    """Return the links to the private playlist, as somebody sees them."""
    query = """
    query ($id: ID!) {
      playlist(id: $id) { shareLinks { id role once uses open revokedAt expiresAt createdAt } }
    }
    """
    data = await ask(stores, query, {"id": LIST}, person(user_id(number)))
    shown: list[Any] = data["playlist"]["shareLinks"]
    return shown


async def test_a_link_lets_everybody_in_who_has_it(stores: Stores) -> None:
    token = await a_link(stores, VIEWER)
    for number in (3, 4, 3):
        redeemed = await share_links.redeem_share_link(as_user(stores, number), token)
        assert redeemed.playlist_id == playlist_id(1)
    assert await collaborators(stores) == {3: "VIEWER", 4: "VIEWER"}
    (link,) = await links(stores)
    created, expires = (datetime.fromisoformat(link.pop(n)) for n in ("createdAt", "expiresAt"))
    assert expires - created == timedelta(days=7)
    assert link.pop("id")
    expected = {"role": "VIEWER", "once": False, "uses": 2, "open": True, "revokedAt": None}
    assert link == expected


async def test_of_20_at_once_one_redeems_a_link_for_one(stores: Stores) -> None:
    token = await a_link(stores, once=True)
    attempts = (
        share_links.redeem_share_link(as_user(stores, number), token) for number in range(3, 23)
    )
    ends = await asyncio.gather(*attempts, return_exceptions=True)
    assert [type(end) for end in ends].count(NotFound) == 19
    assert len(await collaborators(stores)) == 1
    (link,) = await links(stores)
    assert (link["uses"], link["open"]) == (1, False)


async def test_who_may_as_much_already_uses_no_link(stores: Stores) -> None:
    await share_with(stores, 1, 3, "EDITOR")
    token = await a_link(stores, VIEWER, once=True)
    for number in (1, 3, 3):
        await share_links.redeem_share_link(as_user(stores, number), token)
    assert await collaborators(stores) == {3: "EDITOR"}
    assert (await links(stores))[0]["uses"] == 0
    await share_links.redeem_share_link(as_user(stores, 4), token)
    assert await collaborators(stores) == {3: "EDITOR", 4: "VIEWER"}


async def test_a_link_may_make_an_editor_of_a_viewer(stores: Stores) -> None:
    await share_with(stores, 1, 3, "VIEWER")
    await share_links.redeem_share_link(as_user(stores, 3), await a_link(stores, EDITOR))
    assert await collaborators(stores) == {3: "EDITOR"}


async def test_links_that_open_nothing_are_all_alike(stores: Stores) -> None:
    ann, cem = as_user(stores, 1), as_user(stores, 3)
    spent = await a_link(stores, once=True)
    await share_links.redeem_share_link(as_user(stores, 4), spent)
    revoked = await share_links.create_share_link(ann, LIST, NewLink(EDITOR))
    link_id = global_id("ShareLink", revoked.share_link_id)
    for _ in range(2):
        await share_links.revoke_share_link(ann, link_id)
    over = await a_link(stores)
    blocked = await a_link(stores)
    async with stores.postgres.transaction() as connection:
        row = {"blocker_id": user_id(1), "blocked_id": user_id(5), "blocked_at": NOW}
        await copy_rows(connection, "blocks", [row])
    answers = set()
    for caller, token in (
        (cem, spent),
        (cem, revoked.token),
        (later(cem, days=8), over),
        (as_user(stores, 5), blocked),
        (cem, "x" * 43),
        (cem, ""),
        (cem, "\ud800" * 10_000),
    ):
        with pytest.raises(NotFound) as refused:
            await share_links.redeem_share_link(caller, token)
        answers.add(str(refused.value))
    assert len(answers) == 1
    assert await collaborators(stores) == {4: "EDITOR"}
    await delete_playlist(ann, LIST)
    with pytest.raises(NotFound):
        await share_links.redeem_share_link(cem, over)


async def test_a_secret_is_not_kept(stores: Stores) -> None:
    made = await share_links.create_share_link(as_user(stores, 1), LIST, NewLink(EDITOR))
    assert len(made.token) == 43  # 256 bits
    (row,) = await stores.postgres.read(select(table))
    assert made.token not in str(row)
    assert made.token.encode() not in row.hash
    other = await share_links.create_share_link(as_user(stores, 1), LIST, NewLink(EDITOR))
    assert other.token != made.token


async def test_how_long_a_link_may_last(stores: Stores) -> None:
    ann = as_user(stores, 1)
    now = ann.clock()
    for wrong in (now, now - timedelta(days=1), now + timedelta(days=91), datetime(2100, 1, 1)):  # noqa: DTZ001  what a client may send
        with pytest.raises(InvalidInput) as refused:
            await share_links.create_share_link(ann, LIST, NewLink(EDITOR, expires_at=wrong))
        assert refused.value.path == ("input", "expiresAt")
    assert await links(stores) == []
    long = now + timedelta(days=90)
    await share_links.create_share_link(ann, LIST, NewLink(EDITOR, expires_at=long))
    assert datetime.fromisoformat((await links(stores))[0]["expiresAt"]) == long


async def test_fifty_links_that_open(stores: Stores) -> None:
    ann = as_user(stores, 1)
    made = [
        await share_links.create_share_link(ann, LIST, NewLink(EDITOR, once=True))
        for _ in range(49)
    ]
    ends = await asyncio.gather(
        *(share_links.create_share_link(ann, LIST, NewLink(VIEWER)) for _ in range(3)),
        return_exceptions=True,
    )
    assert [type(end) for end in ends].count(LimitExceeded) == 2
    assert len(await links(stores)) == 50
    # What is over makes room.
    await share_links.redeem_share_link(as_user(stores, 3), made[0].token)
    await share_links.revoke_share_link(ann, global_id("ShareLink", made[1].share_link_id))
    assert len(await links(stores)) == 50
    for _ in range(2):
        await share_links.create_share_link(ann, LIST, NewLink(VIEWER))
    with pytest.raises(LimitExceeded):
        await share_links.create_share_link(ann, LIST, NewLink(VIEWER))
    assert all(link["open"] for link in await links(stores))
    await share_links.create_share_link(later(ann, days=8), LIST, NewLink(VIEWER))
    assert len(await links(stores)) == 1


async def test_a_full_playlist_uses_no_link(stores: Stores) -> None:
    music = Music()
    for number in range(100, 200):
        music.user(number)
    await music.write(stores)
    async with stores.postgres.transaction() as connection:
        row = {"playlist_id": playlist_id(1), "role": "VIEWER", "added_at": NOW}
        rows = [row | {"user_id": user_id(number)} for number in range(100, 200)]
        await copy_rows(connection, "playlist_collaborators", rows)
    token = await a_link(stores, once=True)
    with pytest.raises(LimitExceeded):
        await share_links.redeem_share_link(as_user(stores, 3), token)
    # Who is there already may do more.
    await share_links.redeem_share_link(as_user(stores, 100), token)
    assert (await collaborators(stores))[100] == "EDITOR"


async def test_who_makes_and_revokes_links(stores: Stores) -> None:
    public = global_id("Playlist", playlist_id(2))
    await share_with(stores, 1, 3, "EDITOR")
    new = NewLink(VIEWER)
    made = await share_links.create_share_link(as_user(stores, 1), LIST, new)
    link_id = global_id("ShareLink", made.share_link_id)
    for number, playlist, expected in (
        (3, LIST, Forbidden),
        (4, LIST, NotFound),
        (4, public, Forbidden),
        (4, global_id("Playlist", playlist_id(404)), NotFound),
        (1, global_id("User", user_id(1)), InvalidInput),
    ):
        with pytest.raises(expected):
            await share_links.create_share_link(as_user(stores, number), playlist, new)
    for number in (3, 4):
        with pytest.raises(NotFound):
            await share_links.revoke_share_link(as_user(stores, number), link_id)
        if number == 3:
            assert await links(stores, 3) == []
    with pytest.raises(NotFound):
        await share_links.revoke_share_link(
            as_user(stores, 1), global_id("ShareLink", playlist_id(1))
        )
    for wrong in ("", LIST, "Ü", "a" * 9_999, link_id + "="):
        with pytest.raises(InvalidInput) as refused:
            await share_links.revoke_share_link(as_user(stores, 1), wrong)
        assert refused.value.path == ("shareLinkId",)
    nobody = context_of(stores, ANONYMOUS)
    for attempt in (
        share_links.create_share_link(nobody, LIST, new),
        share_links.redeem_share_link(nobody, made.token),
        share_links.revoke_share_link(nobody, link_id),
    ):
        with pytest.raises(Unauthenticated):
            await attempt
    assert (await links(stores))[0]["open"]
    assert await stores.postgres.read(select(func.count()).select_from(table)) == [(1,)]


async def test_another_owner_has_the_links(stores: Stores) -> None:
    await share_with(stores, 1, 3, "VIEWER")
    made = await share_links.create_share_link(as_user(stores, 1), LIST, NewLink(EDITOR))
    await transfer_playlist(as_user(stores, 1), LIST, global_id("User", user_id(3)))
    assert await links(stores, 1) == []
    assert len(await links(stores, 3)) == 1
    link_id = global_id("ShareLink", made.share_link_id)
    with pytest.raises(NotFound):
        await share_links.revoke_share_link(as_user(stores, 1), link_id)
    await share_links.revoke_share_link(as_user(stores, 3), link_id)
    with pytest.raises(NotFound):
        await share_links.redeem_share_link(as_user(stores, 4), made.token)


async def test_a_link_is_shown_to_the_owner_alone_when_it_is_revoked_again(stores: Stores) -> None:
    made = await share_links.create_share_link(as_user(stores, 1), LIST, NewLink(EDITOR))
    await share_with(stores, 1, 3, "EDITOR")
    revoke = """
    mutation ($id: ID!) { revokeShareLink(shareLinkId: $id) {
      __typename ... on ShareLinkRevoked { shareLink { uses open } }
    } }
    """
    variables = {"id": global_id("ShareLink", made.share_link_id)}
    same = Client("192.0.2.1", "tests", idempotency_key="one")

    async def again() -> Any:
        result = await respond(stores, revoke, variables, person(user_id(1)), same)
        assert result["data"]["revokeShareLink"].pop("__typename") == "ShareLinkRevoked"
        return result["data"]["revokeShareLink"]["shareLink"]

    for _ in range(2):
        assert await again() == {"uses": 0, "open": False}
    await transfer_playlist(as_user(stores, 1), LIST, global_id("User", user_id(3)))
    assert await again() is None  # an editor now
    await remove_collaborator(as_user(stores, 3), LIST, global_id("User", user_id(1)))
    assert await again() is None


async def test_who_joins_by_a_link_has_no_invitation(stores: Stores) -> None:
    cem = global_id("User", user_id(3))
    await invite_collaborator(as_user(stores, 1), LIST, cem, EDITOR)
    await share_links.redeem_share_link(as_user(stores, 3), await a_link(stores, VIEWER))
    with pytest.raises(NotFound):
        await accept_invitation(as_user(stores, 3), LIST)
    assert await collaborators(stores) == {3: "VIEWER"}


async def test_an_old_invitation_does_not_undo_a_role(stores: Stores) -> None:
    await share_with(stores, 1, 3, "EDITOR")
    async with stores.postgres.transaction() as connection:  # left over from before
        row = {"playlist_id": playlist_id(1), "user_id": user_id(3), "role": "EDITOR"}
        row |= {"invited_by": user_id(1), "invited_at": NOW}
        await copy_rows(connection, "playlist_invitations", [row])
    cem = global_id("User", user_id(3))
    await set_collaborator_role(as_user(stores, 1), LIST, cem, VIEWER)
    with pytest.raises(NotFound):
        await accept_invitation(as_user(stores, 3), LIST)
    assert await collaborators(stores) == {3: "VIEWER"}


async def test_an_open_link_lets_in_again_until_it_is_revoked(stores: Stores) -> None:
    made = await share_links.create_share_link(as_user(stores, 1), LIST, NewLink(VIEWER))
    ann, cem = as_user(stores, 1), as_user(stores, 3)
    for _ in range(2):
        await share_links.redeem_share_link(cem, made.token)
        assert await collaborators(stores) == {3: "VIEWER"}
        await remove_collaborator(ann, LIST, global_id("User", user_id(3)))
    await share_links.revoke_share_link(ann, global_id("ShareLink", made.share_link_id))
    with pytest.raises(NotFound):
        await share_links.redeem_share_link(cem, made.token)
    assert await collaborators(stores) == {}


async def test_in_the_graph(stores: Stores) -> None:
    make = """
    mutation ($id: ID!) { createShareLink(input: {playlistId: $id, role: EDITOR, once: true}) {
      ... on ShareLinkCreated { token shareLink { id role once uses open } }
    } }
    """
    data = await ask(stores, make, {"id": LIST}, person(user_id(1)))
    made = data["createShareLink"]
    link_id = made["shareLink"].pop("id")
    assert made["shareLink"] == {"role": "EDITOR", "once": True, "uses": 0, "open": True}
    redeem = """
    mutation ($token: String!) { redeemShareLink(token: $token) {
      ... on ShareLinkRedeemed { playlist { title collaborators { user { handle } role } } }
      ... on NotFound { code }
    } }
    """
    data = await ask(stores, redeem, {"token": made["token"]}, person(user_id(3)))
    shared = [{"user": {"handle": "user3"}, "role": "EDITOR"}]
    assert data["redeemShareLink"]["playlist"] == {"title": "Playlist 1", "collaborators": shared}
    data = await ask(stores, redeem, {"token": made["token"]}, person(user_id(4)))
    assert data["redeemShareLink"] == {"code": "NOT_FOUND"}
    revoke = """
    mutation ($id: ID!) { revokeShareLink(shareLinkId: $id) {
      ... on ShareLinkRevoked { shareLink { id open uses } }
    } }
    """
    data = await ask(stores, revoke, {"id": link_id}, person(user_id(1)))
    assert data["revokeShareLink"]["shareLink"] == {"id": link_id, "open": False, "uses": 1}
