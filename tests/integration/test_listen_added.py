"""The subscription `listenAdded`: told live, resumed, and only to those who may see it."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update

from auth.principal import ANONYMOUS, Principal, person
from datasources.errors import StoreUnavailable
from datasources.mongo.collections import LISTENS
from datasources.mongo.untold import take_untold
from datasources.postgres.blocks import write_block
from datasources.postgres.tables import user_follows, users
from datasources.records.listening import ListenRecord
from datasources.records.users import ListeningVisibility
from datasources.redis.event_log import append, log_keys
from datasources.redis.listens import listens_topic
from datasources.redis.personal_data import remove_moments
from datasources.stores import Stores
from gateway.graphql.pipeline import RequestFailed
from resolvers import listen_commands
from resolvers.ids import global_id
from resolvers.listens_told import WAITING, read_listen, tell_untold, written
from resolvers.live import Live, rights_changed
from tests.factories.live import Subscriber, flush, running, subscriber
from tests.factories.music import NOW, Music, track_id, user_id
from tests.factories.operations import context_of

FOLLOW = """
subscription ($user: ID!, $after: String) {
  listenAdded(userId: $user, after: $after) {
    ... on ListenAdded { cursor seq userId user { handle } listen { track { title } msPlayed } }
    ... on Lagged { missed current }
  }
}
"""
LISTENER = 1


@pytest.fixture
async def stores(empty_stores: Stores) -> Stores:
    music = Music()
    for number in (1, 2, 3):
        music.user(number)
    for number in range(1, 10):
        music.track(number)
    await music.write(empty_stores)
    return empty_stores


@pytest.fixture
async def live(stores: Stores) -> AsyncIterator[Live]:
    async with running(stores) as live:
        yield live


async def submit(stores: Stores, *tracks: int, ms: int = 100_000) -> None:
    """Let the listener submit plays, a second apart."""
    plays = [
        listen_commands.Submission(
            global_id("Track", track_id(number)), NOW + timedelta(seconds=number), ms
        )
        for number in tracks
    ]
    context = context_of(stores, person(user_id(LISTENER)))
    await listen_commands.submit_listens(context, plays)


def of(after: str | None = None) -> dict[str, Any]:
    return {"user": global_id("User", user_id(LISTENER)), "after": after}


async def next_of(one: Subscriber) -> dict[str, Any]:
    event: dict[str, Any] = (await one.next())["listenAdded"]
    return event


async def titles(one: Subscriber, count: int) -> list[str]:
    return [(await next_of(one))["listen"]["track"]["title"][6:] for _ in range(count)]


async def shows(stores: Stores, visibility: ListeningVisibility, *, told: bool = True) -> None:
    async with stores.postgres.transaction() as connection:
        await connection.execute(
            update(users)
            .where(users.c.id == user_id(LISTENER))
            .values(listening_visibility=visibility)
        )
    if told:
        await rights_changed(stores.redis, user_id(LISTENER))


async def ends_with(one: Subscriber) -> str | None:
    await one.until(lambda: one.ended)
    assert len(one.results) == 1
    return one.results[0].code


async def test_what_counts_is_told_once(stores: Stores, live: Live) -> None:
    async with subscriber(live, stores, FOLLOW, of(), ANONYMOUS) as one:
        await submit(stores, 1, ms=99_999)  # stored, and does not count
        await submit(stores, 2)
        event = await next_of(one)
        assert event["user"] == {"handle": "user1"}
        assert event["userId"] == global_id("User", user_id(LISTENER))
        assert event["listen"] == {"track": {"title": "Track 2"}, "msPlayed": 100_000}
        await submit(stores, 2, 4, 3)  # in the order in which they were played
        assert await titles(one, 2) == ["3", "4"]
        assert one.results == []


async def test_it_resumes_without_a_gap_or_a_repeat(stores: Stores, live: Live) -> None:
    async with subscriber(live, stores, FOLLOW, of()) as one:
        await submit(stores, 1)
        place = (await next_of(one))["cursor"]
    await submit(stores, 2, 3)
    async with subscriber(live, stores, FOLLOW, of(place)) as one:
        assert await titles(one, 2) == ["2", "3"]
        await submit(stores, 4)
        assert await titles(one, 1) == ["4"]
        assert one.results == []


async def test_a_cursor_of_another_life_is_lagged_behind(stores: Stores, live: Live) -> None:
    async with subscriber(live, stores, FOLLOW, of()) as one:
        await submit(stores, 1)
        place = (await next_of(one))["cursor"]
    await flush(stores.redis)
    async with subscriber(live, stores, FOLLOW, of(place)) as one:
        lagged = await next_of(one)
        assert (lagged["missed"], bool(lagged["current"])) == (None, True)
        await submit(stores, 2)
        event = await next_of(one)
        while "missed" in event:  # the reader notices the flush, too
            event = await next_of(one)
        assert event["listen"]["track"]["title"] == "Track 2"


@pytest.mark.parametrize("after", ["garbage", "bm90aGluZw", "x" * 300])
async def test_a_cursor_that_is_none_is_refused(stores: Stores, live: Live, after: str) -> None:
    async with subscriber(live, stores, FOLLOW, of(after)) as one:
        assert await ends_with(one) == "BAD_CURSOR"


# --- who may see it -----------------------------------------------------------------------------


async def refused(stores: Stores, live: Live, principal: Principal, **variables: Any) -> str:
    with pytest.raises(RequestFailed) as refusal:
        async with subscriber(live, stores, FOLLOW, of() | variables, principal):
            pass
    return str(refusal.value.result("test").code)


async def test_who_may_not_see_it_hears_what_one_hears_of_nobody(
    stores: Stores, live: Live
) -> None:
    nobody = global_id("User", user_id(99))
    assert await refused(stores, live, ANONYMOUS, user=nobody) == "FORBIDDEN"
    assert await refused(stores, live, ANONYMOUS, user="x") == "BAD_USER_INPUT"
    await shows(stores, ListeningVisibility.PRIVATE)
    assert await refused(stores, live, person(user_id(2))) == "FORBIDDEN"
    await shows(stores, ListeningVisibility.FOLLOWERS)
    assert await refused(stores, live, ANONYMOUS) == "FORBIDDEN"
    assert await refused(stores, live, person(user_id(2))) == "FORBIDDEN"
    async with stores.postgres.transaction() as connection:
        await connection.execute(
            insert(user_follows).values(follower_id=user_id(2), followed_id=user_id(LISTENER))
        )
    for number in (LISTENER, 2):
        async with subscriber(live, stores, FOLLOW, of(), person(user_id(number))) as one:
            await submit(stores, number)
            assert await titles(one, 1) == [str(number)]


@pytest.mark.parametrize("told", [True, False])
async def test_listening_that_is_hidden_ends_it_and_leaks_nothing(
    stores: Stores, live: Live, *, told: bool
) -> None:
    async with (
        subscriber(live, stores, FOLLOW, of(), person(user_id(2))) as other,
        subscriber(live, stores, FOLLOW, of(), person(user_id(LISTENER))) as mine,
    ):
        await submit(stores, 1)
        assert await titles(other, 1) == await titles(mine, 1) == ["1"]
        await shows(stores, ListeningVisibility.PRIVATE, told=told)
        await submit(stores, 2)
        assert await ends_with(other) == "FORBIDDEN"
        assert await titles(mine, 1) == ["2"]


async def test_a_block_ends_it(stores: Stores, live: Live) -> None:
    async with subscriber(live, stores, FOLLOW, of(), person(user_id(2))) as other:
        await submit(stores, 1)
        assert await titles(other, 1) == ["1"]
        async with stores.postgres.transaction() as connection:
            await write_block(connection, user_id(LISTENER), user_id(2), NOW)
        await submit(stores, 2)
        assert await ends_with(other) == "FORBIDDEN"


# --- what was not told --------------------------------------------------------------------------


async def untold(stores: Stores) -> int:
    return await stores.mongo[LISTENS].count_documents({"untold": {"$gt": NOW - WAITING}})


async def test_the_worker_tells_what_redis_was_not_told(
    stores: Stores, live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with subscriber(live, stores, FOLLOW, of()) as one:
        with monkeypatch.context() as patch:

            async def away(*_: object, **__: object) -> None:
                raise StoreUnavailable("redis", "away")

            patch.setattr("resolvers.listens_told.append", away)
            await submit(stores, 1, 2)
        await submit(stores, 1)  # sent again: it is there already
        assert await untold(stores) == 2
        now = context_of(stores).clock()
        assert await tell_untold(stores, now) == 0  # somebody may be about to
        assert await tell_untold(stores, now + 2 * WAITING) == 2
        assert await titles(one, 2) == ["1", "2"]
        assert await untold(stores) == 0
        assert await tell_untold(stores, now + 4 * WAITING) == 0


async def test_what_is_told_waits_no_more(stores: Stores) -> None:
    await submit(stores, 1, 2)
    assert await untold(stores) == 0


async def test_who_takes_one_has_it(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: object, **__: object) -> None:
        raise StoreUnavailable("redis", "away")

    monkeypatch.setattr("resolvers.listens_told.append", away)
    await submit(stores, 1)
    now = context_of(stores).clock()
    later = now + 2 * WAITING
    taken = await take_untold(stores.mongo, later - WAITING, later, 10)
    assert [(user, listen.track_id) for user, listen in taken] == [(user_id(LISTENER), track_id(1))]
    assert await take_untold(stores.mongo, later - WAITING, later, 10) == []


# --- details ------------------------------------------------------------------------------------


def rubbish() -> Sequence[str]:
    return ["", "[]", "{}", "null", '{"track": 1, "at": 1, "ms": 1, "client": null}', "\0"]


@pytest.mark.parametrize("payload", rubbish())
def test_rubbish_is_no_play(payload: str) -> None:
    assert read_listen(payload) is None


async def test_rubbish_in_the_log_is_passed_over(stores: Stores, live: Live) -> None:
    async with subscriber(live, stores, FOLLOW, of()) as one:
        await append(stores.redis, listens_topic(user_id(LISTENER)), "rubbish")
        await submit(stores, 1)
        assert await titles(one, 1) == ["1"]


async def test_a_deleted_account_leaves_none(stores: Stores) -> None:
    await submit(stores, 1)
    keys = log_keys(stores.redis, listens_topic(user_id(LISTENER)))
    assert await stores.redis.client.exists(*keys) == 2
    await remove_moments(stores.redis, user_id(LISTENER))
    assert await stores.redis.client.exists(*keys) == 0


def test_a_play_is_read_as_it_was_written() -> None:
    listen = ListenRecord(track_id(1), NOW, 5, "é")
    assert read_listen(written(listen)) == listen
