"""What people play, told and followed."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, insert

from auth.principal import ANONYMOUS, Principal, person
from auth.scopes import Scope
from datasources.postgres.tables import user_follows
from datasources.records.users import ListeningVisibility
from datasources.redis.live import announce, live_keys
from datasources.redis.now_playing import (
    clear_now_playing,
    fetch_now_playing,
    put_now_playing,
    topic_of,
)
from datasources.stores import Stores
from gateway.graphql.pipeline import RequestFailed
from resolvers.context import RequestContext, utc_now
from resolvers.ids import global_id
from resolvers.live import Live
from tests.factories.live import eventually, running, subscriber
from tests.factories.music import Music, track_id, user_id
from tests.factories.operations import ask, respond
from tests.factories.playing import FOLLOW, ends_with, ids, plays, shows, told_next
from tests.plugins.round_trips import RoundTrips

SET = """
mutation Set($input: SetNowPlayingInput!) {
  setNowPlaying(input: $input) {
    __typename
    ... on NowPlayingSet { nowPlaying { track { title } startedAt endsAt } }
    ... on Error { code message }
    ... on ValidationError { path }
  }
}
"""
CLEAR = """
mutation Clear($track: ID) {
  clearNowPlaying(trackId: $track) {
    __typename ... on NowPlayingCleared { cleared } ... on Error { code }
  }
}
"""


@pytest.fixture
async def stores(empty_stores: Stores) -> Stores:
    """Five people, and three tracks of 200 s."""
    music = Music()
    for number in range(1, 6):
        music.user(number)
    for number in range(1, 4):
        music.track(number)
    await music.write(empty_stores)
    return empty_stores


@pytest.fixture
async def live(stores: Stores) -> AsyncIterator[Live]:
    async with running(stores) as live:
        yield live


def track(number: int) -> str:
    return global_id("Track", track_id(number))


# --- telling ------------------------------------------------------------------------------------


async def test_what_is_told_stands_until_the_track_ends(stores: Stores) -> None:
    done = await ask(
        stores,
        SET,
        {"input": {"trackId": track(1), "positionMs": 50_000}},
        person(user_id(1)),
    )
    playing = done["setNowPlaying"]["nowPlaying"]
    assert playing["track"] == {"title": "Track 1"}
    found = (await fetch_now_playing(stores.redis, [user_id(1)]))[user_id(1)]
    assert playing["startedAt"] == found.started_at.isoformat()
    assert abs(found.ends_at - found.started_at - timedelta(seconds=200)) < timedelta(seconds=5)
    left_ms = await stores.redis.client.pttl(stores.redis.key("now-playing", user_id(1)))
    assert 100_000 < left_ms <= 150_000


async def test_a_long_track_stands_for_ten_minutes(stores: Stores) -> None:
    await put_now_playing(stores.redis, user_id(1), track_id(1), utc_now(), 5_000)
    left_ms = await stores.redis.client.pttl(stores.redis.key("now-playing", user_id(1)))
    assert 500_000 < left_ms <= 600_000


async def test_the_end_of_a_track_is_nothing(stores: Stores) -> None:
    await plays(stores, 1, 2)
    at_end = {"input": {"trackId": track(1), "positionMs": 200_000}}
    done = await ask(stores, SET, at_end, person(user_id(1)))
    assert done["setNowPlaying"] == {"__typename": "NowPlayingSet", "nowPlaying": None}
    assert await fetch_now_playing(stores.redis, [user_id(1)]) == {}


@pytest.mark.parametrize(
    ("values", "code", "path"),
    [
        ({"trackId": track(99)}, "NOT_FOUND", None),
        ({"trackId": "nonsense"}, "BAD_USER_INPUT", ["input", "trackId"]),
        ({"trackId": global_id("User", user_id(1))}, "BAD_USER_INPUT", ["input", "trackId"]),
        ({"trackId": track(1), "positionMs": -1}, "BAD_USER_INPUT", ["input", "positionMs"]),
        ({"trackId": track(1), "positionMs": 200_001}, "BAD_USER_INPUT", ["input", "positionMs"]),
    ],
)
async def test_what_cannot_play_changes_nothing(
    stores: Stores, values: dict[str, Any], code: str, path: list[str] | None
) -> None:
    await plays(stores, 1, 2)
    before = await fetch_now_playing(stores.redis, [user_id(1)])
    done = (await ask(stores, SET, {"input": values}, person(user_id(1))))["setNowPlaying"]
    assert (done["code"], done.get("path")) == (code, path)
    assert await fetch_now_playing(stores.redis, [user_id(1)]) == before


async def test_a_late_stop_stops_nothing_else(stores: Stores) -> None:
    await plays(stores, 1, 2)
    late = await ask(stores, CLEAR, {"track": track(1)}, person(user_id(1)))
    assert late["clearNowPlaying"]["cleared"] is False
    assert user_id(1) in await fetch_now_playing(stores.redis, [user_id(1)])
    for which, cleared in ((track(2), True), (track(2), False)):
        done = await ask(stores, CLEAR, {"track": which}, person(user_id(1)))
        assert done["clearNowPlaying"]["cleared"] is cleared
    await plays(stores, 1, 3)
    done = await ask(stores, CLEAR, None, person(user_id(1)))
    assert done["clearNowPlaying"]["cleared"] is True
    assert await fetch_now_playing(stores.redis, [user_id(1)]) == {}


async def test_a_stop_names_a_track(stores: Stores) -> None:
    done = await ask(stores, CLEAR, {"track": "x"}, person(user_id(1)))
    assert done["clearNowPlaying"]["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    ("principal", "code"),
    [
        (ANONYMOUS, "UNAUTHENTICATED"),
        (replace(person(user_id(1)), scopes=frozenset({Scope.LISTENS_READ})), "FORBIDDEN"),
    ],
    ids=["nobody", "without the scope"],
)
async def test_telling_needs_its_scope(stores: Stores, principal: Principal, code: str) -> None:
    for query, variables in ((SET, {"input": {"trackId": track(1)}}), (CLEAR, {})):
        response = await respond(stores, query, variables, principal)
        assert response["errors"][0]["extensions"]["code"] == code


# --- following ----------------------------------------------------------------------------------


async def test_first_comes_what_plays_then_what_changes(stores: Stores, live: Live) -> None:
    await plays(stores, 1, 1)
    async with subscriber(live, stores, FOLLOW, ids(1, 2, 3)) as one:
        assert await told_next(one) == ("user1", "Track 1")
        await plays(stores, 2, 2)
        assert await told_next(one) == ("user2", "Track 2")
        await plays(stores, 4, 3)  # nobody asked
        await plays(stores, 1, 3)
        assert await told_next(one) == ("user1", "Track 3")
        await clear_now_playing(stores.redis, user_id(2))
        assert await told_next(one) == ("user2", None)
        assert one.results == []


async def test_a_mutation_is_heard_by_all(stores: Stores, live: Live) -> None:
    async with (
        subscriber(live, stores, FOLLOW, ids(1)) as one,
        running(stores) as elsewhere,
        subscriber(elsewhere, stores, FOLLOW, ids(1, 1)) as other,
    ):
        await eventually(lambda: _listen(live, 1))
        await eventually(lambda: _listen(elsewhere, 1))
        await ask(stores, SET, {"input": {"trackId": track(1)}}, person(user_id(1)))
        assert await told_next(one) == await told_next(other) == ("user1", "Track 1")


async def _listen(live: Live, how_many: int) -> bool:
    return live.reader.subscribers == how_many


async def test_the_end_of_a_track_is_told(stores: Stores, live: Live) -> None:
    """Nobody says that it stopped: the key is gone, and the clock says so."""
    later = timedelta()

    def clocked(context: RequestContext) -> RequestContext:
        return replace(context, clock=lambda: utc_now() + later)

    await plays(stores, 1, 1, for_s=60)
    async with subscriber(live, stores, FOLLOW, ids(1), change=clocked) as one:
        assert await told_next(one) == ("user1", "Track 1")
        later = timedelta(seconds=61)
        live.recheck()
        assert await told_next(one) == ("user1", None)


async def test_corrupt_news_is_nothing(stores: Stores, live: Live) -> None:
    await plays(stores, 1, 1)
    async with subscriber(live, stores, FOLLOW, ids(1)) as one:
        assert await told_next(one) == ("user1", "Track 1")
        await announce(stores.redis, topic_of(user_id(1)), "{rubbish")
        assert await told_next(one) == ("user1", None)


@pytest.mark.parametrize(
    "variables",
    [
        {"ids": []},
        {"ids": ["x"]},
        {"ids": [track(1)]},
        {"ids": ids(1)["ids"] * 101},
    ],
    ids=["none", "no id", "a track", "too many"],
)
async def test_wrong_ids_are_refused(stores: Stores, live: Live, variables: Any) -> None:
    with pytest.raises(RequestFailed) as refused:
        async with subscriber(live, stores, FOLLOW, variables):
            pass
    assert refused.value.result("test").code == "BAD_USER_INPUT"
    assert live.reader.subscribers == 0


async def test_a_subscription_needs_its_scope(stores: Stores, live: Live) -> None:
    limited = replace(person(user_id(1)), scopes=frozenset(Scope) - {Scope.LISTENS_READ})
    with pytest.raises(RequestFailed) as refused:
        async with subscriber(live, stores, FOLLOW, ids(1), limited):
            pass
    assert refused.value.result("test").code == "FORBIDDEN"


async def test_scopes_below_the_event_count_too(stores: Stores, live: Live) -> None:
    limited = replace(person(user_id(1)), scopes=frozenset({Scope.LISTENS_READ}))
    with pytest.raises(RequestFailed) as refused:
        async with subscriber(live, stores, FOLLOW, ids(1), limited):
            pass
    assert refused.value.result("test").code == "FORBIDDEN"


# --- rights -------------------------------------------------------------------------------------


async def test_hidden_listening_is_like_none(stores: Stores, live: Live) -> None:
    for number, visibility in ((1, "PRIVATE"), (2, "FOLLOWERS"), (3, "FOLLOWERS"), (4, "PUBLIC")):
        await shows(stores, number, ListeningVisibility(visibility))
        await plays(stores, number, 1)
    async with stores.postgres.transaction() as connection:
        row = {"follower_id": user_id(5), "followed_id": user_id(3)}
        await connection.execute(insert(user_follows).values(row))
    seen = {}
    for viewer, principal, expected in (
        ("nobody", ANONYMOUS, {"user4"}),
        ("follower", person(user_id(5)), {"user3", "user4"}),
        ("oneself", person(user_id(1)), {"user1", "user4"}),
    ):
        async with subscriber(live, stores, FOLLOW, ids(1, 2, 3, 4, 99), principal) as one:
            seen[viewer] = {(await told_next(one))[0] for _ in expected}
            assert seen[viewer] == expected
            for number in (1, 2, 3, 4):
                await plays(stores, number, 2)
            again = {(await told_next(one))[0] for _ in expected}
            assert again == expected
            assert one.results == []


async def test_who_hides_is_like_who_stops(stores: Stores, live: Live) -> None:
    await plays(stores, 1, 1)
    await plays(stores, 2, 1)
    async with subscriber(live, stores, FOLLOW, ids(1, 2)) as one:
        assert {await told_next(one), await told_next(one)} == {
            ("user1", "Track 1"),
            ("user2", "Track 1"),
        }
        await ask(
            stores,
            "mutation { updateProfile(input: {listeningVisibility: PRIVATE}) { __typename } }",
            None,
            person(user_id(1)),
        )
        await plays(stores, 1, 2)  # the event that crosses it tells nothing
        assert await told_next(one) == ("user1", None)
        await plays(stores, 1, 3)
        await plays(stores, 2, 3)
        assert await told_next(one) == ("user2", "Track 3")
        await shows(stores, 1, ListeningVisibility.PUBLIC)
        live.recheck()
        assert await told_next(one) == ("user1", "Track 3")


async def test_who_saw_nobody_at_first_is_told_what_plays_already(
    stores: Stores, live: Live
) -> None:
    await shows(stores, 1, ListeningVisibility.PRIVATE)
    await plays(stores, 1, 1)
    async with subscriber(live, stores, FOLLOW, ids(1)) as one:
        await eventually(lambda: _listen(live, 1))
        await shows(stores, 1, ListeningVisibility.PUBLIC)
        live.recheck()
        assert await told_next(one) == ("user1", "Track 1")
        assert one.results == []


async def test_who_sees_nobody_any_more_is_told_so(stores: Stores, live: Live) -> None:
    await shows(stores, 1, ListeningVisibility.FOLLOWERS)
    async with stores.postgres.transaction() as connection:
        row = {"follower_id": user_id(5), "followed_id": user_id(1)}
        await connection.execute(insert(user_follows).values(row))
    await plays(stores, 1, 1)
    async with subscriber(live, stores, FOLLOW, ids(1), person(user_id(5))) as one:
        assert await told_next(one) == ("user1", "Track 1")
        async with stores.postgres.transaction() as connection:
            await connection.execute(delete(user_follows))
        # Nobody announced it: the next look finds it, by itself.
        assert await ends_with(one) == "FORBIDDEN"
    await eventually(lambda: _listen(live, 0))


@pytest.mark.parametrize("visibility", [ListeningVisibility.FOLLOWERS, ListeningVisibility.PRIVATE])
async def test_deciding_again_costs_the_same_for_many(
    stores: Stores,
    live: Live,
    round_trips: RoundTrips,
    monkeypatch: pytest.MonkeyPatch,
    visibility: ListeningVisibility,
) -> None:
    monkeypatch.setattr("resolvers.live.RECHECK_S", 3_600)  # only when it is told to
    costs = []
    for size in (1, 10):
        await shows(stores, 1, ListeningVisibility.PUBLIC)
        await plays(stores, 1, 1)
        async with AsyncExitStack() as stack:
            viewers = [person(user_id(number % 4 + 2)) for number in range(size)]
            following = [
                await stack.enter_async_context(subscriber(live, stores, FOLLOW, ids(1), viewer))
                for viewer in viewers
            ]
            for one in following:
                assert await told_next(one) == ("user1", "Track 1")
            await shows(stores, 1, visibility)
            before = round_trips.copy()
            live.recheck()
            for one in following:
                assert await ends_with(one) == "FORBIDDEN"
            costs.append(round_trips.since(before).get("postgres"))
    assert costs[0] == costs[1] == (2 if visibility is ListeningVisibility.FOLLOWERS else 1)


async def test_several_friends_are_decided_in_one_batch(
    stores: Stores, live: Live, round_trips: RoundTrips
) -> None:
    for number in range(1, 5):
        await shows(stores, number, ListeningVisibility.FOLLOWERS)
    costs = []
    for numbers in ((1,), (1, 2, 3, 4, 99)):
        before = round_trips.copy()
        async with subscriber(live, stores, FOLLOW, ids(*numbers), person(user_id(5))):
            costs.append(round_trips.since(before).get("postgres"))
    assert costs == [2, 2]


async def test_an_event_is_read_for_once_for_all_who_are_told(
    stores: Stores, live: Live, round_trips: RoundTrips, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resolvers.live.RECHECK_S", 3_600)
    costs = []
    for size in (1, 10):
        await plays(stores, 1, 1)
        async with AsyncExitStack() as stack:
            viewers = [person(user_id(number % 4 + 2)) for number in range(size)]
            following = [
                await stack.enter_async_context(subscriber(live, stores, FOLLOW, ids(1), viewer))
                for viewer in viewers
            ]
            assert [await told_next(one) for one in following] == [("user1", "Track 1")] * size
            before = round_trips.copy()
            await plays(stores, 1, 2)
            assert [await told_next(one) for one in following] == [("user1", "Track 2")] * size
            costs.append(round_trips.since(before).get("postgres"))
    assert costs[0] == costs[1]


# --- trouble ------------------------------------------------------------------------------------


async def test_a_flushed_redis_is_noticed(stores: Stores, live: Live) -> None:
    await plays(stores, 1, 1)
    async with subscriber(live, stores, FOLLOW, ids(1, 2)) as one:
        assert await told_next(one) == ("user1", "Track 1")
        names = [*live_keys(stores.redis), stores.redis.key("now-playing", user_id(1))]
        await stores.redis.client.delete(*names)
        assert (await one.next())["nowPlaying"] == {"__typename": "Lagged"}
        assert await told_next(one) == ("user1", None)
        await plays(stores, 2, 2)
        assert await told_next(one) == ("user2", "Track 2")
