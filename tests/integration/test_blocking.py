"""Blocking: it hides both ways, ends what there is between two people, and lets nothing begin."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from auth.principal import Principal, person
from datasources.postgres.blocks import end_relations, lock_pair, write_block
from datasources.postgres.bulk import copy_rows
from datasources.postgres.client import Connection
from datasources.postgres.follows import write_follow
from datasources.postgres.playlist_tables import playlist_changes
from datasources.stores import Stores
from resolvers.blocking import block_user, unblock_user
from resolvers.errors import NotFound
from resolvers.following import follow_user
from resolvers.ids import global_id
from tests.factories.music import NOW, Music, playlist_id, track_id, user_id
from tests.factories.operations import ask, context_of
from tests.plugins.round_trips import RoundTrips

ANN, BOB, CLEO = 1, 2, 3
"""Ann and Bob are the two; Cleo is between them. Each has the playlist of their number."""

CROWD = range(10, 70)


@pytest.fixture
async def stores(empty_stores: Stores) -> Stores:
    """Three people with a playlist each, who follow, share and invite all around."""
    music = Music()
    for number in (ANN, BOB, CLEO):
        music.user(number)
    music.artist(1)
    music.track(1, [1])
    for number in (ANN, BOB, CLEO):
        music.playlist(number, number, [1, 1])
        music.rows["playlists"][-1]["follower_count"] = 2
        for item, by in zip(
            music.rows["playlist_items"][-2:], [BOB if number == ANN else ANN, BOB], strict=True
        ):
            item["added_by"] = user_id(by)
    await music.write(empty_stores)
    everybody = [(a, b) for a in (ANN, BOB, CLEO) for b in (ANN, BOB, CLEO) if a != b]
    async with empty_stores.postgres.transaction() as connection:
        people = [{"follower_id": user_id(a), "followed_id": user_id(b)} for a, b in everybody]
        await copy_rows(connection, "user_follows", people)
        on_lists = [{"user_id": user_id(a), "playlist_id": playlist_id(b)} for a, b in everybody]
        await copy_rows(connection, "playlist_followers", on_lists)
        shared = [row | {"role": "EDITOR", "added_at": NOW} for row in on_lists]
        await copy_rows(connection, "playlist_collaborators", shared)
        invited = [
            row | {"role": "VIEWER", "invited_at": NOW, "invited_by": user_id(b)}
            for row, (_, b) in zip(on_lists, everybody, strict=True)
        ]
        await copy_rows(connection, "playlist_invitations", invited)
    return empty_stores


def me(number: int) -> Principal:
    return person(user_id(number))


def id_of(number: int) -> str:
    return global_id("User", user_id(number))


async def block(stores: Stores, by: int = ANN, whom: int = BOB) -> None:
    await block_user(context_of(stores, me(by)), id_of(whom))


async def change(stores: Stores, name: str, by: int, whom: str) -> dict[str, Any]:
    """Block or unblock somebody, and return the result."""
    done = {
        "blockUser": "UserBlocked { changed blocked { id handle displayName } }",
        "unblockUser": "UserUnblocked { changed user { handle } }",
    }[name]
    query = (
        f"mutation ($id: ID!) {{ {name}(userId: $id) {{ __typename ... on {done}"
        " ... on Error { code message } ... on ValidationError { path } } }"
    )
    result: dict[str, Any] = (await ask(stores, query, {"id": whom}, me(by)))[name]
    return result


async def between(stores: Stores, one: int, other: int) -> dict[str, int]:
    """Return how many rows there are between two people, by table."""
    on_lists = "{} in (select id from playlists where owner_id = {})"
    rows = {
        "user_follows": ("follower_id", "followed_id = {}"),
        "playlist_followers": ("user_id", on_lists.format("playlist_id", "{}")),
        "playlist_collaborators": ("user_id", on_lists.format("playlist_id", "{}")),
        "playlist_invitations": ("user_id", on_lists.format("playlist_id", "{}")),
    }
    found = {}
    for table, (who, whom) in rows.items():
        found[table] = 0
        for a, b in ((one, other), (other, one)):
            statement = (
                f"select count(*) from {table}"  # noqa: S608  names of ours
                f" where {who} = :who and {whom.format(':whom')}"
            )
            ((count,),) = await stores.postgres.read(
                text(statement), {"who": user_id(a), "whom": user_id(b)}
            )
            found[table] += count
    return found


async def follower_counts(stores: Stores) -> dict[int, tuple[int, int]]:
    """Return the kept and the true number of followers of each playlist, by its number."""
    rows = await stores.postgres.read(
        text(
            "select id, follower_count, (select count(*) from playlist_followers"
            " where playlist_id = id) from playlists"
        )
    )
    return {UUID(str(id_)).int - 0x5000: (kept, true) for id_, kept, true in rows}


# --- what it does -------------------------------------------------------------------------------


@pytest.mark.parametrize(("by", "whom"), [(ANN, BOB), (BOB, ANN)])
async def test_a_block_ends_all_between_two_people(stores: Stores, by: int, whom: int) -> None:
    assert set((await between(stores, ANN, BOB)).values()) == {2}
    await block(stores, by, whom)
    assert set((await between(stores, ANN, BOB)).values()) == {0}
    for other in (ANN, BOB):
        assert set((await between(stores, other, CLEO)).values()) == {2}
    assert await follower_counts(stores) == {ANN: (1, 1), BOB: (1, 1), CLEO: (2, 2)}


async def test_invitations_of_each_other_to_playlists_of_others_end(stores: Stores) -> None:
    async with stores.postgres.transaction() as connection:
        statement = "update playlist_invitations set invited_by = :bob where playlist_id = :cleos"
        await connection.execute(text(statement), {"bob": user_id(BOB), "cleos": playlist_id(CLEO)})
    await block(stores)
    rows = await stores.postgres.read(
        text("select user_id from playlist_invitations where playlist_id = :cleos"),
        {"cleos": playlist_id(CLEO)},
    )
    assert [row[0] for row in rows] == [user_id(BOB)]


async def test_blocking_again_changes_nothing(stores: Stores) -> None:
    first = await change(stores, "blockUser", ANN, id_of(BOB))
    assert first == {
        "__typename": "UserBlocked",
        "changed": 1,
        "blocked": {"id": id_of(BOB), "handle": "user2", "displayName": "User 2"},
    }
    assert await change(stores, "blockUser", ANN, id_of(BOB)) == first | {"changed": 0}
    back = await change(stores, "unblockUser", ANN, id_of(BOB))
    assert back == {"__typename": "UserUnblocked", "changed": 1, "user": {"handle": "user2"}}
    assert await change(stores, "unblockUser", ANN, id_of(BOB)) == back | {"changed": 0}
    assert set((await between(stores, ANN, BOB)).values()) == {0}  # what has ended stays so


@pytest.mark.parametrize("name", ["blockUser", "unblockUser"])
async def test_who_is_blocked_cannot_tell(stores: Stores, name: str) -> None:
    await block(stores)
    hidden = await change(stores, name, BOB, id_of(ANN))
    assert hidden["code"] == "NOT_FOUND"
    assert hidden == await change(stores, name, BOB, id_of(999))


@pytest.mark.parametrize("name", ["blockUser", "unblockUser"])
@pytest.mark.parametrize("id_", ["?", global_id("Track", user_id(BOB)), id_of(ANN)])
async def test_an_id_must_be_somebody_elses(stores: Stores, name: str, id_: str) -> None:
    result = await change(stores, name, ANN, id_)
    assert (result["__typename"], result["path"]) == ("ValidationError", ["userId"])


async def test_blocked_people_are_listed_to_their_blocker_alone(stores: Stores) -> None:
    await block(stores, ANN, CLEO)
    await block(stores)
    query = "{ user(handle: %s) { blockedUsers { totalCount nodes { id handle blockedAt } } } }"
    own = (await ask(stores, query % '"user1"', principal=me(ANN)))["user"]["blockedUsers"]
    assert own["totalCount"] == 2
    assert [one["handle"] for one in own["nodes"]] == ["user2", "user3"]
    assert [one["id"] for one in own["nodes"]] == [id_of(BOB), id_of(CLEO)]
    for principal in (me(BOB), me(CLEO)):
        found = await ask(stores, query % '"user1"', principal=principal)
        assert found["user"] is None


# --- what is hidden -----------------------------------------------------------------------------

CLEOS = """
query ($id: ID!) {
  playlist(id: $id) {
    owner { handle }
    collaborators { user { handle } }
    items { totalCount nodes { addedBy { handle } } }
  }
  user(handle: "user3") {
    followers { totalCount nodes { handle } }
    following { totalCount edges { node { handle } } }
  }
}
"""


@pytest.mark.parametrize(("viewer", "other"), [(ANN, BOB), (BOB, ANN)])
async def test_they_do_not_meet_at_others(stores: Stores, viewer: int, other: int) -> None:
    await block(stores)
    variables = {"id": global_id("Playlist", playlist_id(CLEO))}
    found = await ask(stores, CLEOS, variables, me(viewer))
    playlist, cleo = found["playlist"], found["user"]
    assert f"user{other}" not in str(found)
    assert playlist["owner"] == {"handle": "user3"}
    assert playlist["collaborators"] == [{"user": {"handle": f"user{viewer}"}}]
    assert playlist["items"]["totalCount"] == 2
    added_by = [one["addedBy"] for one in playlist["items"]["nodes"]]
    assert sorted(map(str, added_by)) == ["None", str({"handle": f"user{viewer}"})]
    assert cleo["followers"] == {"totalCount": 1, "nodes": [{"handle": f"user{viewer}"}]}
    assert cleo["following"]["totalCount"] == len(cleo["following"]["edges"]) == 1
    whole = await ask(stores, CLEOS, variables, me(CLEO))
    assert whole["user"]["followers"]["totalCount"] == 2
    assert len(whole["playlist"]["collaborators"]) == 2
    await unblock_user(context_of(stores, me(ANN)), id_of(BOB))
    assert f"user{other}" in str(await ask(stores, CLEOS, variables, me(viewer)))


@pytest.mark.parametrize("visibility", ["PUBLIC", "UNLISTED", "PRIVATE"])
@pytest.mark.parametrize(("viewer", "other"), [(ANN, BOB), (BOB, ANN)])
async def test_playlists_of_the_other_are_not_there(
    stores: Stores, viewer: int, other: int, visibility: str
) -> None:
    async with stores.postgres.transaction() as connection:
        await connection.execute(text("update playlists set visibility = :v"), {"v": visibility})
    query = "query ($id: ID!) { playlist(id: $id) { title } node(id: $id) { id } }"
    variables = {"id": global_id("Playlist", playlist_id(other))}
    before = await ask(stores, query, variables, me(viewer))
    assert before["playlist"] == {"title": f"Playlist {other}"}  # shared with the viewer
    await block(stores)
    after = await ask(stores, query, variables, me(viewer))
    assert after == {"playlist": None, "node": None}
    listed = await ask(
        stores, "{ viewer { followedPlaylists { nodes { title } } } }", principal=me(viewer)
    )
    assert listed["viewer"]["followedPlaylists"]["nodes"] == [{"title": "Playlist 3"}]


async def test_a_follower_still_lists_what_they_may_read(stores: Stores) -> None:
    query = "{ viewer { followedPlaylists { totalCount nodes { title } } } }"
    async with stores.postgres.transaction() as connection:
        await connection.execute(text("update playlists set visibility = 'PRIVATE'"))
        statement = "delete from playlist_collaborators where user_id = :ann and playlist_id = :p"
        await connection.execute(text(statement), {"ann": user_id(ANN), "p": playlist_id(BOB)})
    found = (await ask(stores, query, principal=me(ANN)))["viewer"]["followedPlaylists"]
    assert found == {"totalCount": 1, "nodes": [{"title": "Playlist 3"}]}


async def test_fifty_people_cost_what_one_costs(stores: Stores, round_trips: RoundTrips) -> None:
    music = Music()
    for number in CROWD:
        music.user(number)
        music.playlist(number, number, [1])
        music.rows["playlist_items"][-1]["added_by"] = user_id(number)
    music.rows["playlist_items"] += [
        {
            "id": UUID(int=number),
            "playlist_id": playlist_id(CLEO),
            "position": f"b{number:04}",
            "track_id": track_id(1),
            "added_by": user_id(number),
        }
        for number in CROWD
    ]
    await music.write(stores)
    async with stores.postgres.transaction() as connection:
        crowd = [{"follower_id": user_id(n), "followed_id": user_id(CLEO)} for n in CROWD]
        await copy_rows(connection, "user_follows", crowd)
        for number in CROWD[::3]:
            await write_block(connection, user_id(number), user_id(ANN), NOW)
    people = """
      query ($first: Int) { user(handle: "user3") { followers(first: $first) {
        totalCount nodes { isFollowed playlists(first: 3) { nodes { owner { handle } } } }
      } } }
    """
    items = """
      query ($id: ID!, $first: Int) { playlist(id: $id) {
        items(first: $first) { nodes { addedBy { handle isFollowed } } }
      } }
    """
    for principal in (me(ANN), None):
        caller = [principal] if principal else []
        for query in (people, items):
            costs = []
            for size in (1, 10, 50):
                variables = {"id": global_id("Playlist", playlist_id(CLEO)), "first": size}
                round_trips.clear()
                found = await ask(stores, query, variables, *caller)
                costs.append(dict(round_trips))
            assert costs[0] == costs[1] == costs[2]
        added_by = [one["addedBy"] for one in found["playlist"]["items"]["nodes"]]
        followers = (await ask(stores, people, {"first": 50}, *caller))["user"]["followers"]
        hidden = len(CROWD[::3]) if principal else 0
        assert followers["totalCount"] == len(CROWD) + 2 - hidden
        assert len(followers["nodes"]) == min(50, followers["totalCount"])
        assert sum(one is None for one in added_by) == (16 if principal else 0)


INVITED = """
query ($id: ID!) { playlist(id: $id) {
  invitations { user { handle } owner { handle } invitedBy { handle } }
} }
"""


async def test_who_is_blocked_later_is_not_named_by_an_invitation(stores: Stores) -> None:
    variables = {"id": global_id("Playlist", playlist_id(ANN))}
    async with stores.postgres.transaction() as connection:  # and one that a block left over
        await write_block(connection, user_id(BOB), user_id(ANN), NOW)
    found = (await ask(stores, INVITED, variables, me(ANN)))["playlist"]["invitations"]
    ann = {"owner": {"handle": "user1"}, "invitedBy": {"handle": "user1"}}
    assert sorted(found, key=str) == sorted(
        [{"user": None, **ann}, {"user": {"handle": "user3"}, **ann}], key=str
    )


async def test_invitations_are_read_at_once(stores: Stores, round_trips: RoundTrips) -> None:
    variables = {"id": global_id("Playlist", playlist_id(ANN))}
    costs = []
    for _ in (1, 2):
        round_trips.clear()
        await ask(stores, INVITED, variables, me(ANN))
        costs.append(dict(round_trips))
        music = Music()
        for number in CROWD:
            music.user(number)
        rows = [
            {"user_id": user_id(number), "role": "VIEWER", "invited_at": NOW}
            | {"playlist_id": playlist_id(ANN), "invited_by": user_id(ANN)}
            for number in CROWD
        ]
        if len(costs) == 1:
            await music.write(stores)
            async with stores.postgres.transaction() as connection:
                await copy_rows(connection, "playlist_invitations", rows)
    assert costs[0] == costs[1]


async def test_history_does_not_name_who_is_blocked(
    stores: Stores, round_trips: RoundTrips
) -> None:
    music = Music()
    for number in CROWD:
        music.user(number)
    await music.write(stores)
    item = {"item_id": str(UUID(int=1)), "track_id": str(track_id(1)), "before": None}
    item |= {"after": "a0", "added_by_id": None, "added_at": None}
    async with stores.postgres.transaction() as connection:
        for version, number in enumerate(CROWD, start=2):
            row = {"playlist_id": playlist_id(CLEO), "version": version, "at": NOW, "kind": "ADD"}
            row |= {"actor_id": user_id(number), "items": [item]}
            await connection.execute(playlist_changes.insert().values(row))
        for number in CROWD[::3]:
            await write_block(connection, user_id(ANN), user_id(number), NOW)
    query = """
      query ($id: ID!, $first: Int) { playlist(id: $id) { history(first: $first) {
        totalCount nodes { version actor { handle } items { track { title } } }
      } } }
    """
    costs = []
    for size in (1, 10, 50):
        variables = {"id": global_id("Playlist", playlist_id(CLEO)), "first": size}
        round_trips.clear()
        found = (await ask(stores, query, variables, me(ANN)))["playlist"]["history"]
        costs.append(dict(round_trips))
    assert costs[0] == costs[1] == costs[2]
    assert found["totalCount"] == len(CROWD)
    named = {one["version"] + CROWD[0] - 2: one["actor"] for one in found["nodes"]}
    assert len(named) == 50
    for number, actor in named.items():
        assert actor == (None if number in CROWD[::3] else {"handle": f"user{number}"})


# --- at the same time ---------------------------------------------------------------------------


async def waits_for_a_lock(stores: Stores) -> None:
    """Return once a statement waits for another transaction."""
    waiting = (
        "select count(*) from pg_locks join pg_database on pg_database.oid = database"
        " where not granted and datname = current_database()"
    )
    rows = "select count(*) from pg_stat_activity where datname = current_database()"
    for _ in range(2000):
        ((locks,),) = await stores.postgres.read(text(waiting))
        ((people,),) = await stores.postgres.read(text(f"{rows} and wait_event_type = 'Lock'"))
        if locks or people:
            return
        await asyncio.sleep(0.005)
    raise TimeoutError("nobody waits")


async def meanwhile(
    stores: Stores,
    first: Callable[[Connection], Awaitable[object]],
    second: Callable[[], Awaitable[object]],
) -> object:
    """Begin a second change while the first is not committed; return how the second ended."""
    async with stores.postgres.transaction() as connection:
        await first(connection)
        task = asyncio.ensure_future(second())
        await waits_for_a_lock(stores)
    return (await asyncio.gather(task, return_exceptions=True))[0]


async def test_a_follow_under_way_does_not_survive_a_block(stores: Stores) -> None:
    await block(stores)
    await unblock_user(context_of(stores, me(ANN)), id_of(BOB))

    async def follow(connection: Connection) -> None:
        await lock_pair(connection, user_id(BOB), user_id(ANN))
        await write_follow(connection, user_id(BOB), user_id(ANN), NOW)

    await meanwhile(stores, follow, lambda: block(stores))
    assert (await between(stores, ANN, BOB))["user_follows"] == 0


async def test_no_follow_begins_under_a_block(stores: Stores) -> None:
    async def blocked(connection: Connection) -> None:
        await lock_pair(connection, user_id(ANN), user_id(BOB))
        await write_block(connection, user_id(ANN), user_id(BOB), NOW)
        await end_relations(connection, user_id(ANN), user_id(BOB))

    bob = context_of(stores, me(BOB))
    ended = await meanwhile(stores, blocked, lambda: follow_user(bob, id_of(ANN)))
    assert isinstance(ended, NotFound)
    assert (await between(stores, ANN, BOB))["user_follows"] == 0


async def test_what_begins_on_a_playlist_does_not_survive_a_block(stores: Stores) -> None:
    await block(stores)
    await unblock_user(context_of(stores, me(ANN)), id_of(BOB))

    async def joined(connection: Connection) -> None:
        await lock_pair(connection, user_id(BOB), user_id(ANN))
        names = {"list": playlist_id(ANN), "bob": user_id(BOB)}
        for statement in (
            "update playlists set follower_count = follower_count + 1 where id = :list",
            "insert into playlist_followers (playlist_id, user_id) values (:list, :bob)",
            (
                "insert into playlist_collaborators (playlist_id, user_id, role, added_at)"
                " values (:list, :bob, 'EDITOR', now())"
            ),
        ):
            parameters = {n: one for n, one in names.items() if f":{n}" in statement}
            await connection.execute(text(statement), parameters)

    await meanwhile(stores, joined, lambda: block(stores))
    assert set((await between(stores, ANN, BOB)).values()) == {0}
    assert (await follower_counts(stores))[ANN] == (1, 1)


async def test_follows_and_blocks_at_once_leave_no_follow(stores: Stores) -> None:
    async def follow(by: int, whom: int) -> None:
        await follow_user(context_of(stores, me(by)), id_of(whom))

    ended = await asyncio.gather(
        *(follow(*pair) for pair in [(ANN, BOB), (BOB, ANN)] * 5),
        block(stores, ANN, BOB),
        block(stores, BOB, ANN),
        *(follow(*pair) for pair in [(ANN, BOB), (BOB, ANN)] * 5),
        return_exceptions=True,
    )
    assert all(one is None or isinstance(one, NotFound) for one in ended), ended
    assert set((await between(stores, ANN, BOB)).values()) == {0}
    ((blocks,),) = await stores.postgres.read(text("select count(*) from blocks"))
    assert blocks == 1  # whoever is blocked first does not see whom to block
    assert await follower_counts(stores) == {ANN: (1, 1), BOB: (1, 1), CLEO: (2, 2)}
