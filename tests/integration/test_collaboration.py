"""Playlists that several people work on: invitations, roles, leaving, and another owner."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from auth.principal import ANONYMOUS, person
from datasources.postgres.bulk import copy_rows
from datasources.postgres.changes import in_transaction
from datasources.postgres.client import Connection
from datasources.postgres.collaboration import remove_collaborator
from datasources.postgres.playlist_writes import lock_playlist
from datasources.records.playlists import CollaboratorRole, PlaylistVisibility
from datasources.stores import Stores
from resolvers import collaboration
from resolvers.context import RequestContext
from resolvers.errors import Forbidden, InvalidInput, LimitExceeded, NotFound, Unauthenticated
from resolvers.ids import global_id
from resolvers.playlist_access import PlaylistAction, playlist_for
from resolvers.playlist_commands import update_playlist
from resolvers.playlist_items import add_items
from tests.factories.accounts import audited
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

EDITOR, VIEWER = CollaboratorRole
PRIVATE = PlaylistVisibility.PRIVATE
LIST = global_id("Playlist", playlist_id(1))
NO_LIST = global_id("Playlist", playlist_id(404))


def user(number: int) -> str:
    return global_id("User", user_id(number))


@pytest.fixture
async def stores(empty_stores: Stores) -> Stores:
    """Four people; the first has a private playlist."""
    music = Music()
    for number in (1, 2, 3, 4):
        music.user(number)
    music.playlist(1, owner=1, tracks=[])
    music.rows["playlists"][0]["visibility"] = PRIVATE
    await music.write(empty_stores)
    return empty_stores


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for a lock does so for as long as the test takes."""
    wait_long(monkeypatch)


async def roles(stores: Stores, playlist: int = 1) -> dict[str, str]:
    """Return who works on a playlist, by their handles, as its owner sees it."""
    owner = (await playlist_of(stores, playlist_id(playlist))).owner_id
    query = "query ($id: ID!) { playlist(id: $id) { collaborators { user { handle } role } } }"
    id_ = global_id("Playlist", playlist_id(playlist))
    data = await ask(stores, query, {"id": id_}, person(owner))
    return {one["user"]["handle"]: one["role"] for one in data["playlist"]["collaborators"]}


async def invited(stores: Stores, number: int = 1) -> dict[str, str]:
    """Return who is invited, and as what, as somebody sees it at the playlist."""
    query = "query ($id: ID!) { playlist(id: $id) { invitations { user { handle } role } } }"
    data = await ask(stores, query, {"id": LIST}, person(user_id(number)))
    return {one["user"]["handle"]: one["role"] for one in data["playlist"]["invitations"]}


MINE = """
{ viewer { account { invitations {
  totalCount
  nodes {
    playlistId title role invitedAt
    owner { handle } user { handle } invitedBy { handle }
  }
} } } }
"""


async def invitations_of(stores: Stores, number: int) -> list[Any]:
    """Return the invitations of a person, as they see them."""
    data = await ask(stores, MINE, None, person(user_id(number)))
    account = data["viewer"]["account"]
    assert account["invitations"]["totalCount"] == len(account["invitations"]["nodes"])
    nodes: list[Any] = account["invitations"]["nodes"]
    return nodes


async def add_account(stores: Stores, number: int) -> None:
    address = f"user{number}@example.org"
    row = {"user_id": user_id(number), "email": address, "email_key": address, "role": "LISTENER"}
    async with stores.postgres.transaction() as connection:
        await copy_rows(connection, "accounts", [row])


async def add_people(stores: Stores, first: int, count: int) -> list[int]:
    """Write so many people more, and return their numbers."""
    numbers = list(range(first, first + count))
    music = Music()
    for number in numbers:
        music.user(number)
    await music.write(stores)
    return numbers


async def block(stores: Stores, blocker: int, blocked: int) -> None:
    async with stores.postgres.transaction() as connection:
        row = {"blocker_id": user_id(blocker), "blocked_id": user_id(blocked), "blocked_at": NOW}
        await copy_rows(connection, "blocks", [row])


# --- invitations --------------------------------------------------------------------------------


async def test_an_invitation_shows_title_and_owner_and_no_more(stores: Stores) -> None:
    await add_account(stores, 2)
    await collaboration.invite_collaborator(as_user(stores, 1), LIST, user(2), EDITOR)
    (shown,) = await invitations_of(stores, 2)
    assert shown.pop("invitedAt")
    assert shown == {
        "playlistId": LIST,
        "title": "Playlist 1",
        "role": "EDITOR",
        "owner": {"handle": "user1"},
        "user": {"handle": "user2"},
        "invitedBy": {"handle": "user1"},
    }
    assert await invited(stores) == {"user2": "EDITOR"}
    query = "query ($id: ID!) { playlist(id: $id) { title } }"
    hidden = await ask(stores, query, {"id": LIST}, person(user_id(2)))
    assert hidden == {"playlist": None}
    for action in PlaylistAction:
        async with stores.postgres.transaction() as connection:
            with pytest.raises(NotFound):
                await playlist_for(connection, as_user(stores, 2), playlist_id(1), action)


async def test_an_invitation_is_accepted_once(stores: Stores) -> None:
    await add_account(stores, 2)
    await collaboration.invite_collaborator(as_user(stores, 1), LIST, user(2), VIEWER)
    await collaboration.accept_invitation(as_user(stores, 2), LIST)
    assert await roles(stores) == {"user2": "VIEWER"}
    assert await invited(stores) == {}
    assert await invitations_of(stores, 2) == []
    with pytest.raises(NotFound):
        await collaboration.accept_invitation(as_user(stores, 2), LIST)


async def test_a_second_invitation_has_another_role(stores: Stores) -> None:
    ann = as_user(stores, 1)
    await collaboration.invite_collaborator(ann, LIST, user(2), VIEWER)
    await collaboration.invite_collaborator(ann, LIST, user(2), EDITOR)
    assert await invited(stores) == {"user2": "EDITOR"}
    await collaboration.accept_invitation(as_user(stores, 2), LIST)
    assert await roles(stores) == {"user2": "EDITOR"}


async def test_declining_looks_the_same_whether_there_was_one_or_not(stores: Stores) -> None:
    await collaboration.invite_collaborator(as_user(stores, 1), LIST, user(2), VIEWER)
    query = """
    mutation ($id: ID!) { declineInvitation(playlistId: $id) {
      ... on InvitationDeclined { playlistId } ... on ValidationError { path }
    } }
    """
    for id_ in (LIST, LIST, NO_LIST):
        data = await ask(stores, query, {"id": id_}, person(user_id(2)))
        assert data == {"declineInvitation": {"playlistId": id_}}
    assert await invited(stores) == {}
    with pytest.raises(NotFound) as declined:
        await collaboration.accept_invitation(as_user(stores, 2), LIST)
    with pytest.raises(NotFound) as absent:
        await collaboration.accept_invitation(as_user(stores, 2), NO_LIST)
    assert str(declined.value) == str(absent.value)


async def test_an_invitation_that_was_taken_back(stores: Stores) -> None:
    ann = as_user(stores, 1)
    await collaboration.invite_collaborator(ann, LIST, user(2), VIEWER)
    await collaboration.remove_collaborator(ann, LIST, user(2))
    assert await invited(stores) == {}
    with pytest.raises(NotFound):
        await collaboration.accept_invitation(as_user(stores, 2), LIST)


async def test_the_newest_invitation_comes_first(stores: Stores) -> None:
    await add_account(stores, 4)
    music = Music()
    for number in (2, 3):
        music.playlist(number, owner=number, tracks=[])
    await music.write(stores)
    for number in (3, 1, 2):
        id_ = global_id("Playlist", playlist_id(number))
        await collaboration.invite_collaborator(as_user(stores, number), id_, user(4), VIEWER)
    shown = [one["title"] for one in await invitations_of(stores, 4)]
    assert shown == ["Playlist 2", "Playlist 1", "Playlist 3"]
    query = """
    query ($after: String) { viewer { account { invitations(first: 1, after: $after) {
      nodes { title } pageInfo { endCursor hasNextPage }
    } } } }
    """
    paged, after = [], None
    for _ in range(3):
        data = await ask(stores, query, {"after": after}, person(user_id(4)))
        page = data["viewer"]["account"]["invitations"]
        paged += [one["title"] for one in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
    assert paged == shown
    assert not page["pageInfo"]["hasNextPage"]


async def test_who_cannot_be_invited(stores: Stores) -> None:
    ann = as_user(stores, 1)
    await share_with(stores, 1, 2, "VIEWER")
    for number in (1, 2):
        with pytest.raises(InvalidInput) as refused:
            await collaboration.invite_collaborator(ann, LIST, user(number), EDITOR)
        assert refused.value.path == ("input", "userId")
    await block(stores, 3, 1)
    await block(stores, 1, 4)
    answers = set()
    for number in (3, 4, 404):
        with pytest.raises(NotFound) as absent:
            await collaboration.invite_collaborator(ann, LIST, user(number), EDITOR)
        answers.add(str(absent.value))
    assert len(answers) == 1
    assert await invited(stores) == {}


async def test_a_block_after_the_invitation(stores: Stores) -> None:
    await collaboration.invite_collaborator(as_user(stores, 1), LIST, user(2), VIEWER)
    await block(stores, 2, 1)
    with pytest.raises(NotFound):
        await collaboration.accept_invitation(as_user(stores, 2), LIST)
    assert await roles(stores) == {}


async def test_a_hundred_invitations(stores: Stores) -> None:
    ann = as_user(stores, 1)
    numbers = await add_people(stores, 100, 101)
    row = {"playlist_id": playlist_id(1), "role": "VIEWER", "invited_by": user_id(1)}
    async with stores.postgres.transaction() as connection:
        rows = [row | {"user_id": user_id(one), "invited_at": NOW} for one in numbers[:99]]
        await copy_rows(connection, "playlist_invitations", rows)
    attempts = (
        collaboration.invite_collaborator(ann, LIST, user(one), EDITOR) for one in numbers[99:]
    )
    ends = await asyncio.gather(*attempts, return_exceptions=True)
    assert sum(isinstance(end, LimitExceeded) for end in ends) == 1
    assert len(await invited(stores)) == 100
    await collaboration.invite_collaborator(ann, LIST, user(100), EDITOR)
    assert (await invited(stores))["user100"] == "EDITOR"


async def test_a_hundred_collaborators(stores: Stores) -> None:
    ann = as_user(stores, 1)
    numbers = await add_people(stores, 100, 102)
    for one in numbers[99:101]:
        await collaboration.invite_collaborator(ann, LIST, user(one), EDITOR)
    row = {"playlist_id": playlist_id(1), "role": "VIEWER", "added_at": NOW}
    async with stores.postgres.transaction() as connection:
        rows = [row | {"user_id": user_id(one)} for one in numbers[:99]]
        await copy_rows(connection, "playlist_collaborators", rows)
    attempts = (
        collaboration.accept_invitation(as_user(stores, one), LIST) for one in numbers[99:101]
    )
    ends = await asyncio.gather(*attempts, return_exceptions=True)
    assert sum(isinstance(end, LimitExceeded) for end in ends) == 1
    assert len(await roles(stores)) == 100
    assert len(await invited(stores)) == 1  # that of the one who came too late
    with pytest.raises(LimitExceeded):
        await collaboration.invite_collaborator(ann, LIST, user(numbers[101]), EDITOR)


# --- roles --------------------------------------------------------------------------------------


async def test_roles_change_and_end(stores: Stores) -> None:
    ann = as_user(stores, 1)
    await share_with(stores, 1, 2, "VIEWER")
    for role in (EDITOR, EDITOR, VIEWER):
        await collaboration.set_collaborator_role(ann, LIST, user(2), role)
        assert await roles(stores) == {"user2": role.value}
    await collaboration.remove_collaborator(ann, LIST, user(2))
    assert await roles(stores) == {}
    for change in (
        collaboration.set_collaborator_role(ann, LIST, user(2), EDITOR),
        collaboration.remove_collaborator(ann, LIST, user(2)),
        collaboration.set_collaborator_role(ann, LIST, user(1), VIEWER),
        collaboration.remove_collaborator(ann, LIST, user(1)),
        collaboration.transfer_playlist(ann, LIST, user(2)),
        collaboration.transfer_playlist(ann, LIST, user(1)),
    ):
        with pytest.raises(NotFound):
            await change
    assert await roles(stores) == {}


async def test_turning_collaboration_off_keeps_the_list(stores: Stores) -> None:
    ann = as_user(stores, 1)
    await share_with(stores, 1, 2, "EDITOR")
    may = []
    for on in (True, False, True):
        await update_playlist(ann, LIST, {"collaborative": on})
        assert await roles(stores) == {"user2": "EDITOR"}
        may.append(await may_change_items(stores, 2))
    assert may == [True, False, True]


async def test_what_a_removed_collaborator_may_do_ends_at_once(stores: Stores) -> None:
    await update_playlist(as_user(stores, 1), LIST, {"collaborative": True})
    await share_with(stores, 1, 2, "EDITOR")
    assert await may_change_items(stores, 2)
    changing: list[asyncio.Task[bool]] = []

    async def remove(connection: Connection) -> None:
        await lock_playlist(connection, playlist_id(1))
        changing.append(asyncio.create_task(may_change_items(stores, 2)))
        await waits_for_a_lock(stores)
        await remove_collaborator(connection, playlist_id(1), user_id(2))

    await in_transaction(stores.postgres, remove)
    assert not await changing[0]


async def may_change_items(stores: Stores, number: int) -> bool:
    """Say whether somebody may change the items, as a change finds out."""

    async def work(connection: Connection) -> None:
        await lock_playlist(connection, playlist_id(1))
        context = as_user(stores, number)
        await playlist_for(connection, context, playlist_id(1), PlaylistAction.CHANGE_ITEMS)

    try:
        await in_transaction(stores.postgres, work)
    except (Forbidden, NotFound):
        return False
    return True


@pytest.mark.parametrize("waits", ["removal", "change"])
async def test_a_removal_and_a_change_of_items_at_once(stores: Stores, waits: str) -> None:
    """Whichever holds the playlist first is done first; the other sees what it did."""
    music = Music()
    music.track(1)
    await music.write(stores)
    await update_playlist(as_user(stores, 1), LIST, {"collaborative": True})
    await share_with(stores, 1, 2, "EDITOR")

    async def change() -> object:
        return await add_items(as_user(stores, 2), LIST, [global_id("Track", track_id(1))])

    async def remove() -> object:
        return await collaboration.remove_collaborator(as_user(stores, 1), LIST, user(2))

    first, second = (change, remove) if waits == "removal" else (remove, change)
    begun: list[asyncio.Task[object]] = []

    async def hold(connection: Connection) -> None:
        await lock_playlist(connection, playlist_id(1))
        for number, step in enumerate((first, second), 1):  # the server serves them in this order
            begun.append(asyncio.create_task(step()))
            await waits_for_a_lock(stores, number)

    await in_transaction(stores.postgres, hold)
    ends = await asyncio.gather(*begun, return_exceptions=True)
    assert await roles(stores) == {}
    playlist = await playlist_of(stores, playlist_id(1))
    if waits == "removal":
        assert (playlist.version, playlist.track_count) == (2, 1)
        assert not [end for end in ends if isinstance(end, BaseException)]
    else:
        assert (playlist.version, playlist.track_count) == (1, 0)
        assert isinstance(ends[1], NotFound)


async def test_leaving(stores: Stores) -> None:
    await share_with(stores, 1, 2, "EDITOR")
    left = await collaboration.leave_playlist(as_user(stores, 2), LIST)
    assert left.playlist_id == playlist_id(1)
    assert await roles(stores) == {}
    answers = set()
    for id_ in (LIST, NO_LIST):
        with pytest.raises(NotFound) as absent:
            await collaboration.leave_playlist(as_user(stores, 2), id_)
        answers.add(str(absent.value))
    assert len(answers) == 1
    with pytest.raises(Forbidden):
        await collaboration.leave_playlist(as_user(stores, 1), LIST)


# --- another owner ------------------------------------------------------------------------------


async def test_another_owner(stores: Stores) -> None:
    await share_with(stores, 1, 2, "VIEWER")
    await share_with(stores, 1, 3, "EDITOR")
    await collaboration.transfer_playlist(as_user(stores, 1), LIST, user(2))
    playlist = await playlist_of(stores, playlist_id(1))
    assert (playlist.owner_id, playlist.version) == (user_id(2), 1)
    assert await roles(stores) == {"user1": "EDITOR", "user3": "EDITOR"}
    assert await audited(stores, "transferPlaylist") == [("DONE", user_id(1), user_id(2))]
    with pytest.raises(Forbidden):
        await collaboration.transfer_playlist(as_user(stores, 1), LIST, user(3))
    await collaboration.transfer_playlist(as_user(stores, 2), LIST, user(1))
    assert (await playlist_of(stores, playlist_id(1))).owner_id == user_id(1)


async def test_an_invitation_outlives_another_owner(stores: Stores) -> None:
    await share_with(stores, 1, 2, "VIEWER")
    await collaboration.invite_collaborator(as_user(stores, 1), LIST, user(3), VIEWER)
    await collaboration.transfer_playlist(as_user(stores, 1), LIST, user(2))
    assert await invited(stores, 1) == {}
    assert await invited(stores, 2) == {"user3": "VIEWER"}
    await collaboration.accept_invitation(as_user(stores, 3), LIST)
    assert await roles(stores) == {"user1": "EDITOR", "user3": "VIEWER"}


async def test_whom_another_owner_blocked(stores: Stores) -> None:
    for number in (2, 3):
        await share_with(stores, 1, number, "VIEWER")
    await collaboration.invite_collaborator(as_user(stores, 1), LIST, user(4), VIEWER)
    await block(stores, 2, 3)
    await block(stores, 4, 2)
    await collaboration.transfer_playlist(as_user(stores, 1), LIST, user(2))
    assert await roles(stores) == {"user1": "EDITOR"}
    assert await invited(stores, 2) == {}


async def test_somebody_with_a_thousand_playlists_gets_no_other(stores: Stores) -> None:
    await share_with(stores, 1, 2, "EDITOR")
    music = Music()
    for number in range(1000):
        music.playlist(10_000 + number, owner=2, tracks=[])
    await music.write(stores)
    with pytest.raises(LimitExceeded):
        await collaboration.transfer_playlist(as_user(stores, 1), LIST, user(2))
    assert await roles(stores) == {"user2": "EDITOR"}
    assert (await playlist_of(stores, playlist_id(1))).owner_id == user_id(1)
    assert await audited(stores, "transferPlaylist") == []


async def test_given_to_two_at_once(stores: Stores) -> None:
    for number in (2, 3):
        await share_with(stores, 1, number, "EDITOR")
    ends = await asyncio.gather(
        *(collaboration.transfer_playlist(as_user(stores, 1), LIST, user(n)) for n in (2, 3)),
        return_exceptions=True,
    )
    assert sum(isinstance(end, Forbidden) for end in ends) == 1
    owner = (await playlist_of(stores, playlist_id(1))).owner_id
    assert owner in {user_id(2), user_id(3)}
    other = "user3" if owner == user_id(2) else "user2"
    assert await roles(stores) == {"user1": "EDITOR", other: "EDITOR"}


# --- who may do what ----------------------------------------------------------------------------

Step = Callable[[RequestContext, str], Awaitable[Any]]
OWNERS: dict[str, Step] = {
    "invite": lambda context, id_: collaboration.invite_collaborator(context, id_, user(4), VIEWER),
    "set role": lambda context, id_: collaboration.set_collaborator_role(
        context, id_, user(3), EDITOR
    ),
    "remove": lambda context, id_: collaboration.remove_collaborator(context, id_, user(3)),
    "transfer": lambda context, id_: collaboration.transfer_playlist(context, id_, user(3)),
}
STEPS: dict[str, Step] = OWNERS | {
    "accept": collaboration.accept_invitation,
    "decline": collaboration.decline_invitation,
    "leave": collaboration.leave_playlist,
}


@pytest.mark.parametrize("visibility", list(PlaylistVisibility))
@pytest.mark.parametrize("role", ["owner", "EDITOR", "VIEWER", "stranger"])
@pytest.mark.parametrize("step", OWNERS)
async def test_roles_and_actions(
    stores: Stores, step: str, role: str, visibility: PlaylistVisibility
) -> None:
    await update_playlist(as_user(stores, 1), LIST, {"visibility": visibility})
    await share_with(stores, 1, 3, "VIEWER")
    if role in {"EDITOR", "VIEWER"}:
        await share_with(stores, 1, 2, role)
    before = (await listed(stores), await roles(stores), await invited(stores))
    caller = as_user(stores, 1 if role == "owner" else 2)
    if role == "owner":
        await STEPS[step](caller, LIST)
        return
    hidden = role == "stranger" and visibility is PRIVATE
    with pytest.raises(NotFound if hidden else Forbidden) as refused:
        await STEPS[step](caller, LIST)
    assert (await listed(stores), await roles(stores), await invited(stores)) == before
    if hidden:
        with pytest.raises(NotFound) as absent:
            await STEPS[step](caller, NO_LIST)
        assert str(absent.value) == str(refused.value)


@pytest.mark.parametrize("step", STEPS)
async def test_nobody_and_wrong_ids(stores: Stores, step: str) -> None:
    with pytest.raises(Unauthenticated):
        await STEPS[step](context_of(stores, ANONYMOUS), LIST)
    for wrong in ("", "Ü" * 500, global_id("Track", track_id(1)), user(1)):
        with pytest.raises(InvalidInput) as refused:
            await STEPS[step](as_user(stores, 1), wrong)
        assert refused.value.path[-1] == "playlistId"


async def test_ids_of_people(stores: Stores) -> None:
    ann = as_user(stores, 1)
    for attempt in (
        collaboration.invite_collaborator(ann, LIST, LIST, EDITOR),
        collaboration.set_collaborator_role(ann, LIST, LIST, EDITOR),
        collaboration.remove_collaborator(ann, LIST, LIST),
        collaboration.transfer_playlist(ann, LIST, "x"),
    ):
        with pytest.raises(InvalidInput) as refused:
            await attempt
        assert refused.value.path[-1] == "userId"


# --- in the graph -------------------------------------------------------------------------------

WHOLE = """
mutation ($id: ID!, $ben: ID!, $cem: ID!) {
  invited: inviteCollaborator(input: {playlistId: $id, userId: $ben}) {
    ... on CollaboratorInvited { user { handle } playlist { invitations { role } } }
  }
  absent: inviteCollaborator(input: {playlistId: $id, userId: "VXNlcjp4"}) {
    ... on ValidationError { code path }
  }
  set: setCollaboratorRole(input: {playlistId: $id, userId: $cem, role: EDITOR}) {
    ... on CollaboratorRoleSet { user { handle } playlist { collaborators { role } } }
  }
  given: transferPlaylist(playlistId: $id, userId: $cem) {
    ... on PlaylistTransferred {
      playlist { owner { handle } collaborators { role user { handle } } invitations { role } }
    }
  }
  removed: removeCollaborator(playlistId: $id, userId: $cem) {
    ... on Forbidden { code message }
  }
  left: leavePlaylist(playlistId: $id) { ... on PlaylistLeft { playlistId playlist { id } } }
}
"""


async def test_each_field_of_a_document_sees_what_those_before_it_did(stores: Stores) -> None:
    await share_with(stores, 1, 3, "VIEWER")
    ids = {"id": LIST, "ben": user(2), "cem": user(3)}
    data = await ask(stores, WHOLE, ids, person(user_id(1)))
    assert data == {
        "invited": {
            "user": {"handle": "user2"},
            "playlist": {"invitations": [{"role": "EDITOR"}]},
        },
        "absent": {"code": "BAD_USER_INPUT", "path": ["input", "userId"]},
        "set": {
            "user": {"handle": "user3"},
            "playlist": {"collaborators": [{"role": "EDITOR"}]},
        },
        "given": {
            "playlist": {
                "owner": {"handle": "user3"},
                "collaborators": [{"role": "EDITOR", "user": {"handle": "user1"}}],
                "invitations": [],
            }
        },
        "removed": {
            "code": "FORBIDDEN",
            "message": "Only its owner says with whom a playlist is shared.",
        },
        "left": {"playlistId": LIST, "playlist": None},
    }


async def test_who_is_invited_is_for_the_owner(stores: Stores) -> None:
    await update_playlist(as_user(stores, 1), LIST, {"visibility": PlaylistVisibility.PUBLIC})
    await collaboration.invite_collaborator(as_user(stores, 1), LIST, user(2), EDITOR)
    await share_with(stores, 1, 3, "EDITOR")
    for number in (2, 3, 4):
        assert await invited(stores, number) == {}
    query = "query ($id: ID!) { playlist(id: $id) { invitations { role } shareLinks { id } } }"
    shown = await respond(stores, query, {"id": LIST})
    assert shown == {"data": {"playlist": {"invitations": [], "shareLinks": []}}}
