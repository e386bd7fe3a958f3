"""A change with an `Idempotency-Key`: once, whatever is sent again, and never another's."""

import pytest
from sqlalchemy import func, select, text

from datasources.postgres import idempotency
from datasources.postgres.deletion import remove_belongings
from datasources.postgres.idempotency import RequestKey, StoredOutcome
from datasources.postgres.playlist_tables import idempotent_requests, outbox
from datasources.stores import Stores
from resolvers.ids import global_id
from tests.factories.keyed import ANN, BOB, CREATE, KEY, NOBODY, codes, create, kept, send
from tests.factories.music import Music, playlist_id, track_id, user_id
from tests.factories.playlists import listed
from tests.plugins.round_trips import RoundTrips

ADD = """
mutation ($playlist: ID!, $track: ID!) {
  addPlaylistItems(input: {playlistId: $playlist, trackIds: [$track]}) {
    ... on Error { code }
    __typename
    ... on PlaylistItemsChanged { version itemIds }
  }
}
"""
FOLLOW = """
mutation ($user: ID!) {
  followUser(userId: $user) { ... on UserFollowChanged { changed } ... on Error { code } }
}
"""
BOTH = """
mutation ($title: String!, $user: ID!) {
  createPlaylist(input: {title: $title}) { ... on PlaylistCreated { playlist { id } } }
  followUser(userId: $user) { ... on UserFollowChanged { changed } ... on Error { code } }
}
"""
CARL = global_id("User", user_id(3))


@pytest.fixture
async def stores(empty_stores: Stores) -> Stores:
    """Two people; the first has a playlist of a track."""
    music = Music()
    for number in (1, 2):
        music.user(number)
        music.track(number)
    music.playlist(1, owner=1, tracks=[1])
    await music.write(empty_stores)
    return empty_stores


async def titles(stores: Stores) -> list[str]:
    """Return the titles of playlists that were made here."""
    return sorted(one.title for one in await listed(stores) if one.id != playlist_id(1))


async def carl_signs_up(stores: Stores) -> None:
    music = Music()
    music.user(3)
    await music.write(stores)


# --- again --------------------------------------------------------------------------------------


async def test_what_is_sent_again_is_done_once(stores: Stores) -> None:
    first = await create(stores, "Dawn")
    assert await create(stores, "Dawn") == first
    assert await titles(stores) == ["Dawn"]
    assert await create(stores, "Dawn", key=None) != first
    assert await titles(stores) == ["Dawn", "Dawn"]


async def test_another_selection_is_resolved_as_things_are_now(stores: Stores) -> None:
    first = await create(stores, "Dawn")
    update = """
      mutation ($id: ID!) {
        updatePlaylist(input: {playlistId: $id, title: "Dusk"}) { __typename }
      }
    """
    assert codes(await send(stores, update, {"id": first["id"]}, key=None)) == []
    again = await send(
        stores,
        """mutation { createPlaylist(input: {title: "Dawn"}) {
          __typename ... on PlaylistCreated { playlist { id title version owner { handle } } }
        } }""",
    )
    assert again == {
        "data": {
            "createPlaylist": {
                "__typename": "PlaylistCreated",
                "playlist": {
                    "id": first["id"],
                    "title": "Dusk",
                    "version": 1,
                    "owner": {"handle": "user1"},
                },
            }
        }
    }


async def test_items_are_added_once_and_named_again(stores: Stores) -> None:
    playlist = global_id("Playlist", playlist_id(1))
    add = {"playlist": playlist, "track": global_id("Track", track_id(2))}
    first = await send(stores, ADD, add)
    assert first["data"]["addPlaylistItems"]["version"] == 2
    assert (await send(stores, ADD, add, key="another"))["data"]["addPlaylistItems"]["version"] == 3
    assert await send(stores, ADD, add) == first
    (now,) = await listed(stores)
    assert (now.version, now.track_count) == (3, 3)
    events = await stores.postgres.read(select(outbox.c.seq).order_by(outbox.c.seq))
    assert [row[0] for row in events] == [2, 3]


async def test_what_is_gone_since_is_still_told_of(stores: Stores) -> None:
    made = await create(stores, "Dawn")
    delete = "mutation ($id: ID!) { deletePlaylist(playlistId: $id) { __typename } }"
    removed = await send(stores, delete, {"id": made["id"]}, key="other")
    assert removed["data"] == {"deletePlaylist": {"__typename": "PlaylistDeleted"}}
    assert await send(stores, delete, {"id": made["id"]}, key="other") == removed
    again = await send(stores, CREATE, {"title": "Dawn"})
    assert again == {"data": {"createPlaylist": {"playlist": None}}}
    assert await titles(stores) == []


async def test_a_profile_is_changed_once(stores: Stores) -> None:
    def renamed(name: str) -> str:
        return (
            f'mutation {{ updateProfile(input: {{displayName: "{name}"}}) {{'
            " ... on ProfileUpdated { user { displayName } } } }"
        )

    await send(stores, renamed("Ann"))
    await send(stores, renamed("Anna"), key="other")
    again = await send(stores, renamed("Ann"))
    assert again["data"]["updateProfile"] == {"user": {"displayName": "Anna"}}


# --- one key, something else --------------------------------------------------------------------


async def test_other_arguments_are_refused(stores: Stores) -> None:
    await create(stores, "Dawn")
    other = await send(stores, CREATE, {"title": "Dusk"})
    assert other["data"] == {"createPlaylist": None}
    assert codes(other) == ["IDEMPOTENCY_KEY_REUSED"]
    assert await titles(stores) == ["Dawn"]


async def test_another_field_in_the_same_place_is_refused(stores: Stores) -> None:
    await create(stores, "Dawn")
    user = global_id("User", user_id(2))
    other = await send(
        stores, FOLLOW.replace("followUser(", "createPlaylist: followUser("), {"user": user}
    )
    assert codes(other) == ["IDEMPOTENCY_KEY_REUSED"]
    assert (await send(stores, FOLLOW, {"user": user}))["data"]["followUser"] == {"changed": 1}


async def test_keys_belong_to_people(stores: Stores) -> None:
    ann, bob = await create(stores, "Dawn"), await create(stores, "Dusk", principal=BOB)
    assert ann["title"] == "Dawn"
    assert bob["title"] == "Dusk"


async def test_two_aliases_are_two_changes(stores: Stores) -> None:
    query = """
      mutation {
        a: createPlaylist(input: {title: "Dawn"}) { ... on PlaylistCreated { playlist { id } } }
        b: createPlaylist(input: {title: "Dawn"}) { ... on PlaylistCreated { playlist { id } } }
      }
    """
    first = await send(stores, query)
    assert first["data"]["a"] != first["data"]["b"]
    assert await send(stores, query) == first
    assert await titles(stores) == ["Dawn", "Dawn"]


# --- what fails ---------------------------------------------------------------------------------


async def test_what_is_refused_is_tried_again(stores: Stores) -> None:
    refused = await send(stores, FOLLOW, {"user": CARL})
    assert refused["data"]["followUser"] == {"code": "NOT_FOUND"}
    assert await kept(stores) == []
    await carl_signs_up(stores)
    assert (await send(stores, FOLLOW, {"user": CARL}))["data"]["followUser"] == {"changed": 1}
    assert (await send(stores, FOLLOW, {"user": CARL}))["data"]["followUser"] == {"changed": 1}


async def test_of_two_fields_the_one_that_failed_runs_again(stores: Stores) -> None:
    variables = {"title": "Dawn", "user": CARL}
    first = (await send(stores, BOTH, variables))["data"]
    assert first["followUser"] == {"code": "NOT_FOUND"}
    assert [row["path"] for row in await kept(stores)] == ["createPlaylist"]
    await carl_signs_up(stores)
    for _ in range(2):
        again = (await send(stores, BOTH, variables))["data"]
        assert again == first | {"followUser": {"changed": 1}}
    assert await titles(stores) == ["Dawn"]


@pytest.mark.parametrize("key", ["", " ", "a b", "a, b", "k" * 129, "ключ", "caf\u00e9", "a\x7f"])
async def test_a_key_is_visible_ascii(stores: Stores, key: str) -> None:
    response = await send(stores, CREATE, {"title": "Dawn"}, key=key)
    assert codes(response) == ["BAD_USER_INPUT"]
    assert await titles(stores) == []


async def test_a_key_may_have_128_characters(stores: Stores) -> None:
    first = await create(stores, "Dawn", key="~" * 127 + "!")
    assert await create(stores, "Dawn", key="~" * 127 + "!") == first


async def test_nobody_has_no_keys(stores: Stores) -> None:
    response = await send(stores, CREATE, {"title": "Dawn"}, principal=NOBODY)
    assert codes(response) == ["UNAUTHENTICATED"]
    assert await kept(stores) == []


SIGN_IN = 'signIn(input: {login: "user1", password: "x", session: TOKENS})'
START = "startPasskeySignIn"
RESET = 'requestPasswordReset(input: {email: "ann@example.org"})'
OUT = "signOutEverywhere"
LINK = f'createShareLink(input: {{playlistId: "{global_id("Playlist", playlist_id(1))}"}})'


@pytest.mark.parametrize("field", [SIGN_IN, START, RESET, OUT, LINK])
async def test_what_hands_out_credentials_takes_no_key(stores: Stores, field: str) -> None:
    response = await send(stores, f"mutation {{ {field} {{ __typename }} }}")
    assert codes(response) == ["BAD_USER_INPUT"]
    assert "takes no `Idempotency-Key`" in response["errors"][0]["message"]
    for table in ("share_links", "jobs", "audit_log"):
        assert await stores.postgres.read(text(f"select 1 from {table}")) == []  # noqa: S608  names of ours


async def test_queries_do_not_mind(stores: Stores) -> None:
    response = await send(stores, "{ viewer { handle } }")
    assert response == {"data": {"viewer": {"handle": "user1"}}}


# --- what is kept -------------------------------------------------------------------------------


async def test_the_type_and_ids_are_kept(stores: Stores) -> None:
    await create(stores, "Dawn")
    (row,) = await kept(stores)
    made = next(one for one in await listed(stores) if one.title == "Dawn")
    assert (row["principal"], row["key"]) == (str(user_id(1)), KEY)
    assert row["outcome"] == {"type": "PlaylistCreated", "value": {"playlist_id": str(made.id)}}


async def test_a_key_costs_three_statements(stores: Stores, round_trips: RoundTrips) -> None:
    async def cost(key: str | None) -> int:
        before = round_trips.copy()
        await create(stores, "Dawn", key=key)
        return round_trips.since(before)["postgres"]

    assert await cost(KEY) == await cost(None) + 3


async def write(stores: Stores, key: str, hours: float, owner: str = "somebody") -> None:
    """Keep something that is so many hours old."""
    request = RequestKey(owner, key, "path")
    async with stores.postgres.transaction() as connection:
        await idempotency.write_outcome(connection, request, StoredOutcome(b"", {}))
        await connection.execute(
            idempotent_requests.update()
            .where(idempotent_requests.c.key == key)
            .values(created_at=func.now() - text(f"interval '{hours} hours'"))
        )


async def test_a_day_later_it_is_forgotten(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "_BATCH", 2)
    for number in range(5):
        await write(stores, f"old {number}", 24.1)
    await write(stores, "young", 23.9)
    assert await idempotency.remove_old_outcomes(stores.postgres) == 5
    assert [row["key"] for row in await kept(stores)] == ["young"]
    assert await idempotency.remove_old_outcomes(stores.postgres) == 0


async def test_it_goes_with_the_account(stores: Stores) -> None:
    await create(stores, "Dawn")
    await create(stores, "Dusk", principal=BOB)
    assert ANN.user_id is not None
    await remove_belongings(stores.postgres, ANN.user_id)
    assert [row["principal"] for row in await kept(stores)] == [str(user_id(2))]
