"""The subscription `presence`: who looks at a playlist, and who is named to whom."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from auth.principal import ANONYMOUS, Principal, person
from datasources.postgres.blocks import write_block
from datasources.postgres.tables import playlists, users
from datasources.records.playlists import PlaylistVisibility
from datasources.records.users import ListeningVisibility
from datasources.redis import presence as store
from datasources.redis.live import START, read_on
from datasources.redis.presence import (
    Looking,
    look,
    look_away,
    presence_key,
    presence_topic,
    read_presence,
)
from datasources.stores import Stores
from gateway.graphql.pipeline import RequestFailed
from resolvers import presence as use_case
from resolvers.ids import global_id
from resolvers.live import Live
from tests.factories.live import Subscriber, eventually, flush, running, subscriber
from tests.factories.music import NOW, Music, playlist_id, user_id

WATCH = """
subscription ($id: ID!) {
  presence(playlistId: $id) {
    ... on PresenceChanged { playlistId people { handle displayName avatarUrl } others }
    ... on Lagged { missed current }
  }
}
"""
LIST = playlist_id(1)
VARIABLES = {"id": global_id("Playlist", LIST)}
Shown = tuple[list[str], int]


@pytest.fixture
async def stores(empty_stores: Stores) -> Stores:
    """Four people, and a playlist of the first."""
    music = Music()
    for number in range(1, 5):
        music.user(number)
    music.track(1)
    music.playlist(1, 1, [1])
    await music.write(empty_stores)
    return empty_stores


@pytest.fixture
async def live(stores: Stores) -> AsyncIterator[Live]:
    async with running(stores) as live:
        yield live


def one(number: int) -> Principal:
    return person(user_id(number))


def shown(data: dict[str, Any]) -> Shown:
    event = data["presence"]
    return [each["handle"] for each in event["people"]], event["others"]


async def until(subscriber: Subscriber, expected: Shown) -> list[Shown]:
    """Return what was told before it is told that these look."""
    before = []
    while (told := shown(await subscriber.next())) != expected:
        before.append(told)
    return before


async def looking(stores: Stores) -> int:
    return int(await stores.redis.client.zcard(presence_key(stores.redis, LIST)))


async def ends_with(subscriber: Subscriber) -> str | None:
    await subscriber.until(lambda: subscriber.ended)
    return subscriber.results[-1].code


async def test_who_looks_is_told_and_who_leaves_is_gone(stores: Stores, live: Live) -> None:
    async with subscriber(live, stores, WATCH, VARIABLES, one(1)) as owner:
        assert await until(owner, (["user1"], 0)) == []
        async with (
            subscriber(live, stores, WATCH, VARIABLES, one(2)) as guest,
            subscriber(live, stores, WATCH, VARIABLES, one(2)),  # another window
        ):
            assert await until(owner, (["user1", "user2"], 0)) == []
            await until(guest, (["user1", "user2"], 0))

            async def three() -> bool:
                return await looking(stores) == 3

            await eventually(three)
            async with subscriber(live, stores, WATCH, VARIABLES, ANONYMOUS) as nobody:
                assert await until(owner, (["user1", "user2"], 1)) == []
                await until(nobody, (["user1", "user2"], 1))
            assert await until(owner, (["user1", "user2"], 0)) == []
        assert await until(owner, (["user1"], 0)) == []
    assert await looking(stores) == 0


async def test_who_says_nothing_any_more_is_gone(
    stores: Stores, live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that died: its people are over, and somebody else's beat notices."""
    monkeypatch.setattr(use_case, "BEAT_S", 0.05)
    await look(stores.redis, LIST, user_id(2), "dead")
    async with subscriber(live, stores, WATCH, VARIABLES, one(1)) as owner:
        await until(owner, (["user1", "user2"], 0))
        name = presence_key(stores.redis, LIST)
        await stores.redis.client.zadd(name, {f"{user_id(2)}:dead": 1})
        assert await until(owner, (["user1"], 0)) == []


def test_a_lost_process_is_noticed_within_15_s() -> None:
    assert store.KEPT_S + store.BEAT_S < 15
    assert store.BEAT_S * 2 < store.KEPT_S  # one beat may fail


async def test_those_hidden_by_a_block_do_not_meet(stores: Stores, live: Live) -> None:
    async with stores.postgres.transaction() as connection:
        await write_block(connection, user_id(2), user_id(3), NOW)
    async with (
        subscriber(live, stores, WATCH, VARIABLES, one(1)) as owner,
        subscriber(live, stores, WATCH, VARIABLES, one(2)) as blocker,
        subscriber(live, stores, WATCH, VARIABLES, one(3)) as blocked,
    ):
        await until(owner, (["user1", "user2", "user3"], 0))
        async with subscriber(live, stores, WATCH, VARIABLES, one(4)):
            before = await until(blocker, (["user1", "user2", "user4"], 0))
            before += await until(blocked, (["user1", "user3", "user4"], 0))
    assert all(others == 0 for _, others in before)
    assert not any({"user2", "user3"} <= set(people) for people, _ in before)


async def shows(stores: Stores, number: int, visibility: ListeningVisibility) -> None:
    async with stores.postgres.transaction() as connection:
        await connection.execute(
            update(users)
            .where(users.c.id == user_id(number))
            .values(listening_visibility=visibility)
        )


async def test_who_does_not_show_themselves_is_counted(
    stores: Stores, live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(use_case, "BEAT_S", 0.05)
    await shows(stores, 2, ListeningVisibility.PRIVATE)
    async with (
        subscriber(live, stores, WATCH, VARIABLES, one(1)) as owner,
        subscriber(live, stores, WATCH, VARIABLES, one(2)) as private,
    ):
        await until(owner, (["user1"], 1))
        await until(private, (["user1", "user2"], 0))
        await shows(stores, 2, ListeningVisibility.PUBLIC)
        await until(owner, (["user1", "user2"], 0))


async def set_visibility(stores: Stores, visibility: PlaylistVisibility) -> None:
    async with stores.postgres.transaction() as connection:
        await connection.execute(update(playlists).values(visibility=visibility))


async def test_a_playlist_that_turns_private_ends_it(stores: Stores, live: Live) -> None:
    async with subscriber(live, stores, WATCH, VARIABLES, one(2)) as guest:
        await until(guest, (["user2"], 0))
        await set_visibility(stores, PlaylistVisibility.PRIVATE)
        async with subscriber(live, stores, WATCH, VARIABLES, one(1)):
            assert await ends_with(guest) == "FORBIDDEN"
            assert len(guest.results) == 1  # not that the owner came
    assert await looking(stores) == 0


@pytest.mark.parametrize(
    ("id_", "code"),
    [
        (global_id("Playlist", playlist_id(9)), "NOT_FOUND"),
        (VARIABLES["id"], "NOT_FOUND"),
        (global_id("User", user_id(1)), "BAD_USER_INPUT"),
        ("x", "BAD_USER_INPUT"),
    ],
)
async def test_what_is_not_there_is_refused(
    stores: Stores, live: Live, id_: str, code: str
) -> None:
    await set_visibility(stores, PlaylistVisibility.PRIVATE)
    with pytest.raises(RequestFailed) as refusal:
        async with subscriber(live, stores, WATCH, {"id": id_}, one(2)):
            pass
    assert refusal.value.result("test").code == code
    assert await looking(stores) == 0


async def test_a_flush_is_told_and_all_are_back(stores: Stores, live: Live) -> None:
    async with (
        subscriber(live, stores, WATCH, VARIABLES, one(1)) as owner,
        subscriber(live, stores, WATCH, VARIABLES, one(2)) as guest,
    ):
        await until(owner, (["user1", "user2"], 0))
        await flush(stores.redis)
        for each in (owner, guest):
            told = await each.next()
            while "missed" not in told["presence"]:
                told = await each.next()
            await until(each, (["user1", "user2"], 0))


# --- the store ----------------------------------------------------------------------------------


async def published(stores: Stores) -> list[str]:
    events = await read_on(stores.redis, stores.redis.client, START, block_ms=1)
    return [event.body for event in events if event.topic == presence_topic(LIST)]


async def test_only_a_change_is_told(stores: Stores) -> None:
    redis, me = stores.redis, user_id(1)
    assert await look(redis, LIST, me, "a") == Looking((me,), 0)
    assert await look(redis, LIST, me, "a") == Looking((me,), 0)
    assert await look(redis, LIST, me, "b") == Looking((me,), 0)
    assert await look(redis, LIST, None, "c") == Looking((me,), 1)
    await look_away(redis, LIST, me, "a")
    await look_away(redis, LIST, me, "a")
    await look_away(redis, LIST, None, "c")
    await look_away(redis, LIST, me, "b")
    told = [read_presence(body) for body in await published(stores)]
    assert told == [Looking((me,), 0), Looking((me,), 1), Looking((me,), 0), Looking((), 0)]
    assert await looking(stores) == 0


async def test_there_are_so_many_at_most(stores: Stores) -> None:
    people = [UUID(int=number) for number in range(store.MAX_LOOKING + 1)]
    for number in people:
        last = await look(stores.redis, LIST, number, "a")
    assert last.user_ids == tuple(people[:-1])
    assert await look(stores.redis, LIST, people[0], "a") == last
    await look_away(stores.redis, LIST, people[0], "a")
    assert people[-1] in (await look(stores.redis, LIST, people[-1], "a")).user_ids


@pytest.mark.parametrize("body", ["", "x", "1 x", "1 1 1", "\0"])
def test_rubbish_is_nobody(body: str) -> None:
    assert read_presence(body) == Looking()
