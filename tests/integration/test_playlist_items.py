"""Adding, moving, removing and undoing, as clients see it: results, refusals, history."""

import json
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, select, update

from auth.principal import person
from datasources.ids import new_id
from datasources.postgres.playlist_tables import blocks, outbox, playlist_changes
from datasources.postgres.tables import playlists, tracks, users
from datasources.stores import Stores
from resolvers import playlist_change
from resolvers.errors import NotFound, PlaylistConflict
from resolvers.ids import global_id
from resolvers.playlist_history import playlist_at, undo_change
from resolvers.playlist_items import add_items, move_items, remove_items
from resolvers.settings import PlaylistSettings
from tests.factories.accounts import statements
from tests.factories.editing import (
    DURATION_MS,
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
from tests.factories.music import NOW, Music, track_id, user_id
from tests.factories.operations import ask, respond
from tests.factories.playlists import as_user

OWNER, EDITOR, VIEWER, STRANGER = 1, 2, 3, 4
RESULT = """
  ... on PlaylistItemsChanged {
    version itemIds
    playlist { version trackCount durationMs items(first: 100) { nodes { id track { id } } } }
    items { id addedBy { id } addedAt track { id } }
    changesSince { version kind actor { handle } items { itemId before after track { id } } }
  }
  ... on Error { code message }
  ... on ValidationError { path }
  ... on PlaylistConflict { currentVersion itemIds items { id track { id } } }
"""
ADD = f"mutation ($in: AddPlaylistItemsInput!) {{ r: addPlaylistItems(input: $in) {{ {RESULT} }} }}"
MOVE = (
    f"mutation ($in: MovePlaylistItemsInput!) {{ r: movePlaylistItems(input: $in) {{ {RESULT} }} }}"
)
REMOVE = (
    "mutation ($in: RemovePlaylistItemsInput!)"
    f" {{ r: removePlaylistItems(input: $in) {{ {RESULT} }} }}"
)
UNDO = (
    "mutation ($id: ID!, $version: Int!)"
    f" {{ r: undoPlaylistChange(playlistId: $id, version: $version) {{ {RESULT} }} }}"
)


class Desk:
    """A playlist of user 1 with the tracks 1, 2, 3, and how to change it through the graph."""

    def __init__(self, stores: Stores, playlist: UUID) -> None:
        self.stores, self.playlist = stores, playlist
        self.id = global_id("Playlist", playlist)

    async def answer(self, document: str, user: int = OWNER, **given: Any) -> Any:
        principal = person(user_id(user))
        variables = given if document == UNDO else {"in": {"playlistId": self.id} | given}
        if document == UNDO:
            variables = {"id": self.id} | given
        return (await ask(self.stores, document, variables, principal))["r"]

    async def refused(self, code: str, document: str, **given: Any) -> Any:
        """Return a refusal, after which everything is as it was."""
        before = await self.state()
        answer = await self.answer(document, **given)
        assert answer["code"] == code
        assert await self.state() == before
        return answer

    async def state(self) -> Any:
        counts = await counts_of(self.stores, self.playlist)
        rows = await self.stores.postgres.read(select(outbox.c.id))
        kept = await versions_of(self.stores, self.playlist)
        return counts, await list_of(self.stores, self.playlist), kept, len(rows)

    async def ids(self) -> list[str]:
        return items(await list_of(self.stores, self.playlist))


@pytest.fixture
async def desk(empty_stores: Stores) -> Desk:
    music = Music()
    for number in (OWNER, EDITOR, VIEWER, STRANGER):
        music.user(number)
    for number in (1, 2, 3):
        music.track(number)
    await music.write(empty_stores)
    playlist = await new_playlist(empty_stores)
    await share(empty_stores, playlist, [EDITOR], "EDITOR")
    await share(empty_stores, playlist, [VIEWER], "VIEWER")
    desk = Desk(empty_stores, playlist)
    await desk.answer(ADD, trackIds=[track(1), track(2), track(3)])
    return desk


# --- what a change answers ----------------------------------------------------------------------


async def test_a_change_answers_with_what_there_is_now(desk: Desk) -> None:
    a, b, c = await desk.ids()
    added = await desk.answer(ADD, trackIds=[track(1), track(1)], before=b, baseVersion=2)
    assert added["version"] == 3
    d, e = added["itemIds"]
    assert await desk.ids() == [a, d, e, b, c]
    shown = added["playlist"]
    assert (shown["version"], shown["trackCount"], shown["durationMs"]) == (3, 5, 5 * DURATION_MS)
    assert [one["id"] for one in shown["items"]["nodes"]] == [a, d, e, b, c]
    assert [one["addedBy"]["id"] for one in added["items"]] == [global_id("User", user_id(1))] * 2
    assert added["changesSince"] == []

    moved = await desk.answer(MOVE, itemIds=[c, a], before=e)
    assert (moved["version"], moved["itemIds"]) == (4, [c, a])
    assert await desk.ids() == [d, c, a, e, b]
    assert moved["changesSince"] is None
    assert (await desk.answer(MOVE, itemIds=[d]))["playlist"]["durationMs"] == 5 * DURATION_MS
    assert await desk.ids() == [c, a, e, b, d]

    removed = await desk.answer(REMOVE, itemIds=[e, c])
    assert (removed["version"], removed["items"]) == (6, [None, None])
    assert removed["playlist"]["durationMs"] == 3 * DURATION_MS
    assert await desk.ids() == [a, b, d]


async def test_fields_of_one_document_see_what_those_before_have_done(desk: Desk) -> None:
    add = f"""addPlaylistItems(input: {{playlistId: "{desk.id}", trackIds: ["{track(1)}"]}})
      {{ ... on PlaylistItemsChanged {{ playlist {{ version trackCount }} }} }}"""
    strange = item(new_id())
    wrong = f"""removePlaylistItems(input: {{playlistId: "{desk.id}", itemIds: ["{strange}"]}})
      {{ __typename }}"""
    document = f"mutation {{ a: {add} b: {wrong} c: {add} }}"
    data = await ask(desk.stores, document, principal=person(user_id(OWNER)))
    assert data["a"]["playlist"] == {"version": 3, "trackCount": 4}
    assert data["b"] == {"__typename": "NotFound"}
    assert data["c"]["playlist"] == {"version": 4, "trackCount": 5}


async def test_a_stale_client_hears_what_it_has_missed(desk: Desk) -> None:
    a, b, c = await desk.ids()
    await desk.answer(MOVE, itemIds=[c], before=a, user=EDITOR)
    await desk.answer(REMOVE, itemIds=[b])
    done = await desk.answer(ADD, trackIds=[track(2)], before=a, baseVersion=2)
    assert done["version"] == 5
    missed = done["changesSince"]
    assert [(one["version"], one["kind"]) for one in missed] == [(3, "MOVE"), (4, "REMOVE")]
    assert missed[0]["actor"]["handle"] == "user2"
    assert missed[0]["items"][0]["itemId"] == c
    assert missed[0]["items"][0]["after"] < missed[0]["items"][0]["before"]
    assert missed[1]["items"][0] | {"before": ""} == {
        "itemId": b,
        "before": "",
        "after": None,
        "track": {"id": track(2)},
    }
    assert await desk.ids() == [c, done["itemIds"][0], a]


# --- what is refused ----------------------------------------------------------------------------


async def test_ids_that_cannot_be_taken(desk: Desk) -> None:
    a, b, _ = await desk.ids()
    other = await new_playlist(desk.stores)
    there = await add_items(as_user(desk.stores, OWNER), global_id("Playlist", other), [track(1)])
    foreign = item(there.item_ids[0])
    for wrong, path in (
        ({"itemIds": []}, ["input", "itemIds"]),
        ({"itemIds": [a, b, a]}, ["input", "itemIds", "2"]),
        ({"itemIds": [a, track(1)]}, ["input", "itemIds", "1"]),
        ({"itemIds": ["ünsinn"]}, ["input", "itemIds", "0"]),
        ({"itemIds": [a], "playlistId": track(1)}, ["input", "playlistId"]),
        ({"itemIds": [a], "baseVersion": 3}, ["input", "baseVersion"]),
        ({"itemIds": [a], "baseVersion": 0}, ["input", "baseVersion"]),
    ):
        for document in (MOVE, REMOVE):
            refused = await desk.refused("BAD_USER_INPUT", document, **wrong)
            assert refused["path"] == path
    for document in (MOVE, REMOVE):
        for strange in (foreign, item(new_id())):
            refused = await desk.refused("NOT_FOUND", document, itemIds=[a, strange])
            assert strange in refused["message"]
        too_many = {"itemIds": [item(new_id()) for _ in range(101)]}
        await desk.refused("LIMIT_EXCEEDED", document, **too_many)
    for before in (b, a):
        refused = await desk.refused("BAD_USER_INPUT", MOVE, itemIds=[a, b], before=before)
        assert refused["path"] == ["input", "before"]
    await desk.refused("NOT_FOUND", MOVE, itemIds=[a], before=foreign)


async def test_tracks_that_cannot_be_taken(desk: Desk) -> None:
    a, *_ = await desk.ids()
    for wrong, path in (
        ({"trackIds": []}, ["input", "trackIds"]),
        ({"trackIds": [track(1), a]}, ["input", "trackIds", "1"]),
        ({"trackIds": [track(1)], "before": track(1)}, ["input", "before"]),
        ({"trackIds": [track(1)], "before": ""}, ["input", "before"]),
        ({"trackIds": [track(1)], "baseVersion": 2**31 - 1}, ["input", "baseVersion"]),
    ):
        assert (await desk.refused("BAD_USER_INPUT", ADD, **wrong))["path"] == path
    gone = await desk.refused("NOT_FOUND", ADD, trackIds=[track(1), track(99)])
    assert track(99) in gone["message"]
    await desk.refused("LIMIT_EXCEEDED", ADD, trackIds=[track(1)] * 101)
    await desk.refused("NOT_FOUND", ADD, trackIds=[track(1)], before=item(new_id()))


async def test_a_list_has_ten_thousand_items(desk: Desk) -> None:
    async with desk.stores.postgres.transaction() as connection:
        full = update(playlists).where(playlists.c.id == desk.playlist)
        await connection.execute(full.values(track_count=playlist_change.MAX_ITEMS - 1))
    await desk.refused("LIMIT_EXCEEDED", ADD, trackIds=[track(1)] * 2)
    assert (await desk.answer(ADD, trackIds=[track(1)]))["version"] == 3
    await desk.refused("LIMIT_EXCEEDED", ADD, trackIds=[track(1)])


async def test_what_others_removed_is_a_conflict(desk: Desk) -> None:
    a, b, c = await desk.ids()
    await desk.answer(REMOVE, itemIds=[b])
    for document, given in (
        (REMOVE, {"itemIds": [a, b]}),
        (MOVE, {"itemIds": [b, a]}),
        (MOVE, {"itemIds": [a, c], "before": b}),
        (ADD, {"trackIds": [track(1)], "before": b}),
    ):
        for base in (None, 2, 3):
            refused = await desk.refused("CONFLICT", document, **given, baseVersion=base)
            assert (refused["currentVersion"], refused["itemIds"]) == (3, [b])
            assert refused["items"] == [{"id": b, "track": {"id": track(2)}}]


async def test_who_may_change_items(desk: Desk) -> None:
    add: Any = {"trackIds": [track(1)]}
    assert (await desk.answer(ADD, user=EDITOR, **add))["version"] == 3
    await desk.refused("FORBIDDEN", ADD, user=VIEWER, **add)
    missing = await desk.refused("NOT_FOUND", ADD, user=STRANGER, **add)
    absent = await desk.answer(ADD, playlistId=global_id("Playlist", new_id()), **add)
    assert absent == missing
    await desk.refused("NOT_FOUND", UNDO, user=STRANGER, version=2)

    async with desk.stores.postgres.transaction() as connection:
        own = update(playlists).where(playlists.c.id == desk.playlist)
        await connection.execute(own.values(visibility="PUBLIC", collaborative=False))
    await desk.refused("FORBIDDEN", ADD, user=STRANGER, **add)
    closed = await desk.refused("FORBIDDEN", ADD, user=EDITOR, **add)
    assert "turned collaboration off" in closed["message"]
    assert (await desk.answer(ADD, **add))["version"] == 4

    async with desk.stores.postgres.transaction() as connection:
        row = {"blocker_id": user_id(OWNER), "blocked_id": user_id(STRANGER), "blocked_at": NOW}
        await connection.execute(blocks.insert().values(row))
    await desk.refused("NOT_FOUND", ADD, user=STRANGER, **add)


async def test_nobody_changes_nothing(desk: Desk) -> None:
    variables = {"in": {"playlistId": desk.id, "trackIds": [track(1)]}}
    response = await respond(desk.stores, ADD, variables)
    assert response["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


# --- history ------------------------------------------------------------------------------------

HISTORY = """query ($id: ID!, $first: Int, $after: String) { playlist(id: $id) {
  history(first: $first, after: $after) { totalCount pageInfo { hasNextPage endCursor }
    nodes { version kind at actor { handle } rekeyed { itemId }
      items { itemId track { id } before after } } } } }"""
AT = """query ($id: ID!, $version: Int!) { playlistAt(id: $id, version: $version) {
  version items { totalCount nodes { id addedBy { handle } track { id } } } } }"""


async def test_history_is_newest_first_by_the_page(desk: Desk) -> None:
    a, b, _ = await desk.ids()
    await desk.answer(MOVE, itemIds=[a], user=EDITOR)
    await desk.answer(REMOVE, itemIds=[b])
    asked = {"id": desk.id, "first": 2}
    principal = person(user_id(VIEWER))
    page = (await ask(desk.stores, HISTORY, asked, principal))["playlist"]["history"]
    assert page["totalCount"] == 3
    assert [(one["version"], one["kind"]) for one in page["nodes"]] == [(4, "REMOVE"), (3, "MOVE")]
    assert page["nodes"][1]["actor"]["handle"] == "user2"
    asked["after"] = page["pageInfo"]["endCursor"]
    page = (await ask(desk.stores, HISTORY, asked, principal))["playlist"]["history"]
    assert [(one["version"], one["kind"]) for one in page["nodes"]] == [(2, "ADD")]
    assert [one["before"] for one in page["nodes"][0]["items"]] == [None] * 3
    assert not page["pageInfo"]["hasNextPage"]


async def test_a_list_can_be_read_as_it_was(desk: Desk) -> None:
    a, b, c = await desk.ids()
    await desk.answer(MOVE, itemIds=[c], before=a)
    await desk.answer(REMOVE, itemIds=[b, a])

    async def at(version: int, user: int = VIEWER) -> Any:
        variables = {"id": desk.id, "version": version}
        return (await ask(desk.stores, AT, variables, person(user_id(user))))["playlistAt"]

    for version, then in ((1, []), (2, [a, b, c]), (3, [c, a, b]), (4, [c])):
        found = await at(version)
        assert found["version"] == version
        assert [one["id"] for one in found["items"]["nodes"]] == then
        assert found["items"]["totalCount"] == len(then)
        assert {one["addedBy"]["handle"] for one in found["items"]["nodes"]} <= {"user1"}
    assert await at(2, STRANGER) is None
    for version in (0, 5, -1):
        response = await respond(
            desk.stores, AT, {"id": desk.id, "version": version}, person(user_id(OWNER))
        )
        assert response["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_a_list_can_be_kept_by_its_positions(desk: Desk) -> None:
    document = """query ($id: ID!) { playlist(id: $id) {
      items(first: 100) { nodes { id position } }
      history(first: 100) { nodes { items { itemId after } } }
    } }"""
    a, b, c = await desk.ids()
    await desk.answer(MOVE, itemIds=[c], before=a)
    await desk.answer(ADD, trackIds=[track(1)], before=b)
    await desk.answer(REMOVE, itemIds=[a])
    await desk.answer(UNDO, version=5)
    answer = await ask(desk.stores, document, {"id": desk.id}, person(user_id(VIEWER)))
    listed = {one["id"]: one["position"] for one in answer["playlist"]["items"]["nodes"]}
    kept: dict[str, str | None] = {}
    for change in reversed(answer["playlist"]["history"]["nodes"]):
        kept |= {one["itemId"]: one["after"] for one in change["items"]}
    assert listed == kept
    assert sorted(listed, key=listed.__getitem__) == await desk.ids()
    then = """query ($id: ID!) { playlistAt(id: $id, version: 2) {
      items(first: 3) { nodes { id position } }
    } }"""
    answer = await ask(desk.stores, then, {"id": desk.id}, person(user_id(VIEWER)))
    before = [one["position"] for one in answer["playlistAt"]["items"]["nodes"]]
    assert before == sorted(before)


async def test_old_changes_are_forgotten(desk: Desk) -> None:
    context = replace(as_user(desk.stores, OWNER), playlists=PlaylistSettings(history=3))
    lists = {2: await list_of(desk.stores, desk.playlist)}
    gone = lists[2][0]
    await remove_items(context, desk.id, [item(gone)])
    for version in range(4, 8):
        await add_items(context, desk.id, [track(1)])
        lists[version] = await list_of(desk.stores, desk.playlist)
    assert await versions_of(desk.stores, desk.playlist) == [5, 6, 7]
    for version in range(4, 8):
        assert await list_at(desk.stores, desk.playlist, version) == lists[version]
    with pytest.raises(NotFound, match="kept is 4, the newest 7"):
        await playlist_at(context, desk.id, 3)
    with pytest.raises(NotFound, match="kept is 4, the newest 7"):
        await undo_change(context, desk.id, 4)
    # What is not known any more to have been there may have been, for who has seen so old a list.
    with pytest.raises(PlaylistConflict):
        await remove_items(context, desk.id, [item(gone)], base_version=2)
    with pytest.raises(NotFound):
        await remove_items(context, desk.id, [item(gone)], base_version=7)


# --- undoing ------------------------------------------------------------------------------------


async def test_each_kind_of_change_is_undone_and_done_again(desk: Desk) -> None:
    a, b, c = await desk.ids()
    (d,) = (await desk.answer(ADD, trackIds=[track(1)], before=a))["itemIds"]
    await desk.answer(MOVE, itemIds=[c, d])
    await desk.answer(REMOVE, itemIds=[a, d])
    back = await desk.answer(UNDO, version=5)
    assert (back["version"], back["itemIds"]) == (6, [a, d])
    assert [one["addedBy"]["id"] for one in back["items"]] == [global_id("User", user_id(1))] * 2
    assert await desk.ids() == [a, b, c, d]
    await desk.answer(UNDO, version=4)
    assert await desk.ids() == [d, a, b, c]
    gone = await desk.answer(UNDO, version=3)
    assert await desk.ids() == [a, b, c]
    assert gone["playlist"]["durationMs"] == 3 * DURATION_MS
    await desk.answer(UNDO, version=gone["version"])
    assert await desk.ids() == [d, a, b, c]


async def test_what_cannot_be_undone(desk: Desk) -> None:
    a, b, _ = await desk.ids()
    await desk.answer(MOVE, itemIds=[a])
    await desk.answer(REMOVE, itemIds=[a])
    for version in (2, 3):
        refused = await desk.refused("CONFLICT", UNDO, version=version)
        assert (refused["currentVersion"], refused["itemIds"]) == (4, [a])
    await desk.answer(UNDO, version=4)
    assert (await desk.refused("CONFLICT", UNDO, version=4))["itemIds"] == [a]
    for version in (1, 6, 0, -1):
        await desk.refused("NOT_FOUND", UNDO, version=version)
    await desk.refused("FORBIDDEN", UNDO, user=VIEWER, version=2)
    await desk.answer(REMOVE, itemIds=[b])
    async with desk.stores.postgres.transaction() as connection:
        await connection.execute(delete(tracks).where(tracks.c.id == track_id(2)))
    refused = await desk.refused("CONFLICT", UNDO, version=6)
    assert (refused["itemIds"], refused["items"]) == ([b], [None])


async def test_a_list_that_an_import_made_too_long_can_be_put_right(desk: Desk) -> None:
    """What does not let it grow is undone, whatever its length."""
    a, *_ = await desk.ids()
    await desk.answer(MOVE, itemIds=[a])
    added = await desk.answer(ADD, trackIds=[track(1)])
    await desk.answer(REMOVE, itemIds=added["itemIds"])
    await desk.answer(ADD, trackIds=[track(1)])
    async with desk.stores.postgres.transaction() as connection:
        await connection.execute(update(playlists).values(track_count=10_005))
    await desk.refused("LIMIT_EXCEEDED", UNDO, version=5)
    assert (await desk.answer(UNDO, version=3))["version"] == 7
    assert (await desk.answer(UNDO, version=6))["playlist"]["trackCount"] == 10_004


async def test_an_item_of_somebody_who_has_left_comes_back_added_by_nobody(desk: Desk) -> None:
    added = await desk.answer(ADD, user=EDITOR, trackIds=[track(1)])
    await desk.answer(REMOVE, itemIds=added["itemIds"])
    async with desk.stores.postgres.transaction() as connection:
        await connection.execute(delete(users).where(users.c.id == user_id(EDITOR)))
    back = await desk.answer(UNDO, version=4)
    assert [one["addedBy"] for one in back["items"]] == [None]


# --- what it costs ------------------------------------------------------------------------------


async def test_a_change_is_told_of_and_takes_few_statements(desk: Desk) -> None:
    hundred = [track(1)] * 100
    editor = as_user(desk.stores, EDITOR)
    a, *_ = await desk.ids()
    with statements() as sent:
        added = await add_items(editor, desk.id, hundred, a)
    told = [place for place, one in enumerate(sent) if "INTO outbox" in one]
    assert told == [7], sent  # the eighth, and the last of the change: then it is published
    with statements() as sent:
        await move_items(editor, desk.id, items(added.item_ids))
    assert [place for place, one in enumerate(sent) if "INTO outbox" in one] == [7], sent
    with statements() as sent:
        await remove_items(editor, desk.id, items(added.item_ids))
    assert [place for place, one in enumerate(sent) if "INTO outbox" in one] == [6], sent

    rows = await desk.stores.postgres.read(select(outbox).order_by(outbox.c.seq))
    assert [(row.topic, row.subject_id, row.seq) for row in rows] == [
        ("playlist", desk.playlist, version) for version in (2, 3, 4, 5)
    ]
    assert len(json.dumps(rows[1].payload)) < 5_000
    assert rows[1].payload["item_ids"] == [str(one) for one in added.item_ids]
    assert all(row.published_at is not None for row in rows)


async def test_hundreds_at_one_spot_keep_short_positions(desk: Desk) -> None:
    owner = as_user(desk.stores, OWNER)
    _, b, _ = await desk.ids()
    for _ in range(8):
        await add_items(owner, desk.id, [track(1)] * 100, b)
    for _ in range(230):
        await add_items(owner, desk.id, [track(1)], b)
    columns = (playlist_changes.c.version, playlist_changes.c.rekeyed)
    rekeyed = [row for row in await desk.stores.postgres.read(select(*columns)) if row.rekeyed]
    assert rekeyed
    assert max(len(row.rekeyed) for row in rekeyed) <= 128
    longest = await desk.stores.postgres.read(
        select(playlist_changes.c["items"]).order_by(playlist_changes.c.version.desc()).limit(30)
    )
    assert max(len(one["after"]) for row in longest for one in row[0]) <= 32
    for row in rekeyed:
        then = await list_at(desk.stores, desk.playlist, row.version - 1)
        now = await list_at(desk.stores, desk.playlist, row.version)
        (new,) = set(now) - set(then)
        assert [one for one in now if one != new] == then
