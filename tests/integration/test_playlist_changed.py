"""`playlistChanged`: each change once and in order, whatever happens, to who may see it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, func, insert, update

from auth.held import HeldToken
from auth.principal import ANONYMOUS, Principal, person
from datasources.errors import StoreUnavailable
from datasources.loaders.batch import Batch
from datasources.loaders.playlist_history import MissedChanges
from datasources.postgres.playlist_history import fetch_missed
from datasources.postgres.playlist_tables import blocks, outbox, playlist_changes
from datasources.postgres.tables import playlist_collaborators, playlists
from datasources.records.playlists import PlaylistVisibility
from datasources.redis.event_log import Cursor
from datasources.redis.live import live_keys
from datasources.stores import Stores
from gateway.graphql.pipeline import RequestFailed
from gateway.graphql.rights import Rights
from resolvers import playlist_change, playlist_changed
from resolvers.context import utc_now
from resolvers.ids import global_id
from resolvers.live import Live
from resolvers.playlist_items import add_items
from resolvers.publishing import publish_subject
from tests.factories.editing import new_playlist, share, track
from tests.factories.live import Subscriber, new_pipeline, running, subscriber
from tests.factories.music import NOW, Music, user_id
from tests.factories.playlists import as_user
from tests.plugins.round_trips import RoundTrips

OWNER, EDITOR, STRANGER = 1, 2, 3
FOLLOW = """
subscription ($id: ID!, $after: String) {
  playlistChanged(id: $id, after: $after) {
    __typename
    ... on PlaylistChanged {
      cursor seq change { version kind actor { handle } items { track { title } after } }
    }
    ... on Lagged { missed current }
  }
}
"""


class Desk:
    """A playlist of user 1, shared with user 2, and how to change and follow it."""

    def __init__(self, stores: Stores, live: Live, playlist: UUID) -> None:
        self.stores, self.live, self.playlist = stores, live, playlist
        self.id = global_id("Playlist", playlist)
        self.pipeline = new_pipeline()

    async def add(self, times: int = 1) -> None:
        """Make so many versions."""
        for _ in range(times):
            await add_items(as_user(self.stores, OWNER), self.id, [track(1)])
            await publish_subject(self.stores, self.playlist)  # what a busy machine left for later

    async def run(self, statement: Any) -> None:
        """Change something behind everybody's back."""
        async with self.stores.postgres.transaction() as connection:
            await connection.execute(statement)

    def following(
        self,
        after: Any = None,
        principal: Principal | None = None,
        rights: Rights | None = None,
    ) -> Any:
        variables = {"id": self.id, "after": None if after is None else str(after)}
        who, process = principal or person(user_id(EDITOR)), self.pipeline
        return subscriber(
            self.live, self.stores, FOLLOW, variables, who, pipeline=process, rights=rights
        )


@pytest.fixture
async def desk(empty_stores: Stores, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    monkeypatch.setattr("resolvers.live.RECHECK_S", 3_600)  # only when it is told to
    music = Music()
    for number in (OWNER, EDITOR, STRANGER):
        music.user(number)
    music.track(1)
    await music.write(empty_stores)
    playlist = await new_playlist(empty_stores)
    await share(empty_stores, playlist, [EDITOR], "EDITOR")
    async with running(empty_stores) as live:
        yield Desk(empty_stores, live, playlist)


async def versions(one: Subscriber, count: int) -> list[int]:
    """Return the versions of the next events."""
    events = [(await one.next())["playlistChanged"] for _ in range(count)]
    assert all(event["seq"] == event["change"]["version"] for event in events)
    return [event["seq"] for event in events]


async def code_of_end(one: Subscriber) -> str | None:
    """Return why it ends; nothing is told before."""
    await one.until(lambda: one.ended)
    (last,) = one.results
    assert last.data is None
    return last.code


# --- each once and in order ---------------------------------------------------------------------


async def test_a_change_is_told_as_the_history_has_it(desk: Desk) -> None:
    async with desk.following() as one:
        await desk.add()
        event = (await one.next())["playlistChanged"]
        (added,) = event["change"].pop("items")
        assert added["track"]["title"] == "Track 1"
        assert added["after"] is not None
        assert event.pop("cursor") == str(Cursor(f"playlist:{desk.playlist}", "", 2))
        assert event == {
            "__typename": "PlaylistChanged",
            "seq": 2,
            "change": {"version": 2, "kind": "ADD", "actor": {"handle": "user1"}},
        }


async def test_what_was_missed_comes_first(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(playlist_changed, "_PAGE", 2)
    await desk.add(5)
    async with desk.following(1) as one, desk.following(4) as two:
        assert await versions(one, 5) == [2, 3, 4, 5, 6]
        assert await versions(two, 2) == [5, 6]
        await desk.add(2)
        assert await versions(one, 2) == [7, 8]
        assert await versions(two, 2) == [7, 8]
        assert one.results == two.results == []


async def test_a_cursor_goes_on_behind_its_event(desk: Desk) -> None:
    await desk.add(3)
    async with desk.following(1) as one:
        cursors = [(await one.next())["playlistChanged"]["cursor"] for _ in range(3)]
    async with desk.following(cursors[1]) as two:
        assert await versions(two, 1) == [4]


async def test_what_is_not_kept_any_more_is_a_lag(desk: Desk) -> None:
    await desk.add(4)
    await desk.run(delete(playlist_changes).where(playlist_changes.c.version <= 3))
    async with desk.following(2) as one, desk.following(3) as two:
        lag = (await one.next())["playlistChanged"]
        current = str(Cursor(f"playlist:{desk.playlist}", "", 5))
        assert lag == {"__typename": "Lagged", "missed": 3, "current": current}
        assert await versions(two, 2) == [4, 5]
        await desk.add()
        assert await versions(one, 1) == [6]


async def test_a_version_that_no_event_told_of_is_a_lag(desk: Desk) -> None:
    """An import counts versions without a change."""
    async with desk.following() as one:
        await desk.add()
        assert await versions(one, 1) == [2]
        await desk.run(update(playlists).values(version=9))
        await desk.add()
        lag = (await one.next())["playlistChanged"]
        assert (lag["__typename"], lag["missed"]) == ("Lagged", 8)
        await desk.add()
        assert await versions(one, 1) == [11]


async def test_a_gap_is_filled_from_the_history(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk.following() as one:
        await desk.add()
        assert await versions(one, 1) == [2]
        with monkeypatch.context() as away:
            away.setattr(playlist_change, "publish", _not_published)
            for _ in range(2):
                await add_items(as_user(desk.stores, OWNER), desk.id, [track(1)])
        await desk.run(update(outbox).values(published_at=func.now()))
        await desk.stores.redis.client.delete(
            desk.stores.redis.key("events", "playlist", desk.playlist, "seq")
        )
        await desk.add()
        assert await versions(one, 3) == [3, 4, 5]
        assert desk.live.counts.refills == 1


async def _not_published(*_: object) -> None: ...


async def test_a_flushed_redis_costs_nothing(desk: Desk) -> None:
    async with desk.following(1) as one:
        await desk.add()
        assert await versions(one, 1) == [2]
        redis = desk.stores.redis
        async for key in redis.client.scan_iter(match=f"{redis.prefix}*"):
            await redis.client.delete(key)
        await desk.add()
        assert await versions(one, 1) == [3]
        await redis.client.delete(*live_keys(redis))
        await desk.add()
        assert await versions(one, 1) == [4]
        assert one.results == []


async def test_a_store_that_is_back_soon_is_waited_for(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = iter([True, True])

    async def fetch(*given: Any) -> Any:
        if next(failures, False):
            raise StoreUnavailable("postgres", "away")
        return await MissedChanges.fetch(*given)

    failing = Batch("MissedChanges", fetch)
    monkeypatch.setattr(playlist_changed, "MissedChanges", failing)
    async with desk.following() as one:
        await desk.add(2)
        assert await versions(one, 2) == [2, 3]


async def test_a_store_that_stays_away_ends_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resolvers.event_stream.MAX_AGE_S", 0.1)

    async def fetch(*_: Any) -> Any:
        raise StoreUnavailable("postgres", "away")

    async with desk.following() as one:
        monkeypatch.setattr(playlist_changed, "fetch_missed", fetch)
        failing = Batch("MissedChanges", fetch)
        monkeypatch.setattr(playlist_changed, "MissedChanges", failing)
        await desk.add()
        assert await code_of_end(one) == "SERVICE_UNAVAILABLE"


# --- refused ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "after",
    [
        "",
        "rubbish",
        "0",
        "-1",
        "99",
        "9" * 400,
        "é",
        str(Cursor("playlist:another", "", 1)),
        str(Cursor("listens:1", "", 1)),
    ],
)
async def test_a_cursor_that_is_none_of_this_playlist(desk: Desk, after: str) -> None:
    async with desk.following(after) as one:
        assert await code_of_end(one) == "BAD_CURSOR"


async def test_a_cursor_from_the_future(desk: Desk) -> None:
    async with desk.following(Cursor(f"playlist:{desk.playlist}", "", 2)) as one:
        assert await code_of_end(one) == "BAD_CURSOR"


@pytest.mark.parametrize("principal", [ANONYMOUS, person(user_id(STRANGER))])
async def test_what_one_may_not_see_is_not_there(desk: Desk, principal: Principal) -> None:
    codes = set()
    for id_ in (desk.id, global_id("Playlist", user_id(1))):
        desk.id = id_
        with pytest.raises(RequestFailed) as refusal:
            async with desk.following(principal=principal):
                pass
        result = refusal.value.result("test")
        codes.add((result.code, result.errors[0]["message"]))
    assert {code for code, _ in codes} == {"NOT_FOUND"}
    assert len(codes) == 1


# --- rights again -------------------------------------------------------------------------------

REMOVED = delete(playlist_collaborators)
HIDDEN = update(playlists).values(visibility=PlaylistVisibility.PRIVATE)
BLOCKED = insert(blocks).values(
    blocker_id=user_id(OWNER), blocked_id=user_id(STRANGER), blocked_at=NOW
)
GONE = delete(playlists)


@pytest.mark.parametrize(
    ("follower", "public", "withdrawn"),
    [
        (EDITOR, False, REMOVED),
        (STRANGER, True, HIDDEN),
        (STRANGER, True, BLOCKED),
        (EDITOR, False, GONE),
    ],
    ids=["removed", "hidden", "blocked", "gone"],
)
@pytest.mark.parametrize("crossed", [True, False])
async def test_who_may_not_see_it_any_more(
    desk: Desk, follower: int, *, public: bool, withdrawn: Any, crossed: bool
) -> None:
    if public:
        await desk.run(update(playlists).values(visibility=PlaylistVisibility.UNLISTED))
    async with desk.following(principal=person(user_id(follower))) as one:
        await desk.add()
        assert await versions(one, 1) == [2]
        await desk.run(withdrawn)  # nobody announces it
        if crossed and withdrawn is not GONE:
            await desk.add()  # tells nothing
        else:
            desk.live.recheck()  # as it does every 2 seconds
        assert await code_of_end(one) == "FORBIDDEN"


async def test_a_replay_that_crosses_it_tells_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def slow(*given: Any) -> Any:
        await desk.run(REMOVED)
        return await fetch_missed(*given)

    await desk.add()
    monkeypatch.setattr(playlist_changed, "fetch_missed", slow)
    async with desk.following(1) as one:
        assert await code_of_end(one) == "FORBIDDEN"


async def test_a_token_that_is_over_is_told_nothing(desk: Desk) -> None:
    token = HeldToken("test", user_id(EDITOR), UUID(int=1), NOW, utc_now(), None)
    rights = Rights(person(user_id(EDITOR)), None, utc_now(), token)
    async with desk.following(rights=rights) as one:
        await desk.add()
        assert await code_of_end(one) == "UNAUTHENTICATED"


# --- shared work --------------------------------------------------------------------------------


async def test_an_event_costs_the_same_for_many(desk: Desk, round_trips: RoundTrips) -> None:
    await desk.run(update(playlists).values(visibility=PlaylistVisibility.UNLISTED))
    costs = []
    for size in (2, 12):
        async with AsyncExitStack() as stack:
            following = [
                await stack.enter_async_context(
                    desk.following(principal=person(user_id(EDITOR + number % 2)))
                )
                for number in range(size)
            ]
            await desk.add()
            for one in following:
                await versions(one, 1)
            before = round_trips.copy()
            await desk.add()
            for one in following:
                await versions(one, 1)
            costs.append(round_trips.since(before)["postgres"])
    assert costs[1] <= costs[0]


async def test_each_viewer_is_shown_whom_they_see(desk: Desk) -> None:
    await desk.run(update(playlists).values(visibility=PlaylistVisibility.UNLISTED))
    block = {"blocker_id": user_id(EDITOR), "blocked_id": user_id(STRANGER), "blocked_at": NOW}
    await desk.run(insert(blocks).values(block))
    callers = (person(user_id(OWNER)), person(user_id(STRANGER)), ANONYMOUS)
    async with AsyncExitStack() as stack:
        following = [
            await stack.enter_async_context(desk.following(1, principal)) for principal in callers
        ]
        seen = []
        for _ in range(2):  # by the second all of them listen
            await add_items(as_user(desk.stores, EDITOR), desk.id, [track(1)])
            await publish_subject(desk.stores, desk.playlist)
            events = [(await one.next())["playlistChanged"] for one in following]
            seen.append([event["change"]["actor"] for event in events])
    assert seen == [[{"handle": "user2"}, None, {"handle": "user2"}]] * 2


async def test_who_reads_the_same_shares_the_result(desk: Desk) -> None:
    await desk.run(update(playlists).values(visibility=PlaylistVisibility.UNLISTED))
    await desk.add()
    async with (
        desk.following(1) as one,
        desk.following(2) as two,
        desk.following(2, person(user_id(STRANGER))) as three,
    ):
        assert await versions(one, 1) == [2]
        await desk.add()
        assert await versions(two, 1) == [3]
        await one.next()
        await three.next()
        await desk.add()
        results = [await each.next_result() for each in (one, two, three)]
    assert results[0] is results[1] is results[2]
