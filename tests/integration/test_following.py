"""Following people: repeated, read, and refused."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from auth.principal import Principal, person
from datasources.postgres.blocks import write_block
from datasources.postgres.bulk import copy_rows
from datasources.stores import Stores
from resolvers.following import UserFollowChanged, follow_user, unfollow_user
from resolvers.ids import global_id
from tests.factories.music import NOW, Music, user_id
from tests.factories.operations import ask, context_of
from tests.plugins.round_trips import RoundTrips

CROWD = 60


@pytest.fixture
async def stores(empty_stores: Stores) -> Stores:
    """Many people who know nobody."""
    music = Music()
    for number in range(1, CROWD + 1):
        music.user(number)
    await music.write(empty_stores)
    return empty_stores


def me(number: int = 1) -> Principal:
    return person(user_id(number))


async def change(
    stores: Stores, number: int, *, name: str = "followUser", by: int = 1, id_: str | None = None
) -> dict[str, Any]:
    """Follow somebody, or do so no longer, and return the result."""
    query = (
        f"mutation ($id: ID!) {{ {name}(userId: $id) {{ __typename"
        " ... on UserFollowChanged { changed user { handle isFollowed } }"
        " ... on Error { code message } ... on ValidationError { path } } }"
    )
    variables = {"id": id_ or global_id("User", user_id(number))}
    result: dict[str, Any] = (await ask(stores, query, variables, me(by)))[name]
    return result


async def listed(stores: Stores, number: int, side: str) -> list[str]:
    query = f'{{ user(handle: "user{number}") {{ {side} {{ totalCount nodes {{ handle }} }} }} }}'
    found = (await ask(stores, query))["user"][side]
    assert found["totalCount"] == len(found["nodes"])
    return [one["handle"] for one in found["nodes"]]


async def test_who_followed_last_comes_first(stores: Stores) -> None:
    for number in (4, 2, 3, 2):
        await change(stores, number)
        await change(stores, 1, by=number)
    for side in ("following", "followers"):
        assert await listed(stores, 1, side) == ["user3", "user2", "user4"]


async def test_following_again_changes_nothing(stores: Stores) -> None:
    for changed in (1, 0):
        result = await change(stores, 2)
        assert result["changed"] == changed
        assert result["user"] == {"handle": "user2", "isFollowed": True}
    for changed in (1, 0):
        result = await change(stores, 2, name="unfollowUser")
        assert result["changed"] == changed
        assert result["user"] == {"handle": "user2", "isFollowed": False}
    assert await listed(stores, 1, "following") == []


@pytest.mark.parametrize("name", ["followUser", "unfollowUser"])
async def test_nobody_follows_who_is_not_there(stores: Stores, name: str) -> None:
    unknown = await change(stores, 999, name=name)
    assert (unknown["__typename"], unknown["code"]) == ("NotFound", "NOT_FOUND")
    hidden = {}
    for blocker, blocked in ((1, 2), (3, 1)):
        async with stores.postgres.transaction() as connection:
            await write_block(connection, user_id(blocker), user_id(blocked), NOW)
    for number in (2, 3):
        hidden = await change(stores, number, name=name)
        assert hidden == unknown


@pytest.mark.parametrize("name", ["followUser", "unfollowUser"])
@pytest.mark.parametrize("id_", ["", global_id("Track", user_id(2)), global_id("User", user_id(1))])
async def test_an_id_must_be_somebody_elses(stores: Stores, name: str, id_: str) -> None:
    result = await change(stores, 0, name=name, id_=id_ or "?")
    assert (result["__typename"], result["path"]) == ("ValidationError", ["userId"])


async def test_followed_at_once_is_followed_once(stores: Stores) -> None:
    results = await asyncio.gather(
        *(follow_user(context_of(stores, me()), global_id("User", user_id(2))) for _ in range(10)),
        *(follow_user(context_of(stores, me(2)), global_id("User", user_id(1))) for _ in range(10)),
    )
    assert Counter(one.changed for one in results) == {0: 18, 1: 2}
    assert await listed(stores, 1, "following") == await listed(stores, 1, "followers") == ["user2"]


async def test_following_costs_eleven_statements(stores: Stores, round_trips: RoundTrips) -> None:
    ours = 5  # time-out, lock, both people, blocks, the row
    told = 6  # the notification, its event; then lock, events, mark, and whether others wait
    use_cases = [
        (follow_user, 1, {"postgres": ours + told, "redis": 2}),  # the event, and changed rights
        (follow_user, 0, {"postgres": ours}),
        (unfollow_user, 1, {"postgres": ours, "redis": 1}),
    ]
    for use_case, changed, cost in use_cases:
        round_trips.clear()
        result = await use_case(context_of(stores, me()), global_id("User", user_id(2)))
        assert result == UserFollowChanged(user_id(2), changed)
        assert round_trips == cost


async def test_marks_of_fifty_people_cost_what_one_costs(
    stores: Stores, round_trips: RoundTrips
) -> None:
    async with stores.postgres.transaction() as connection:
        rows = [
            {"follower_id": user_id(number), "followed_id": user_id(1)}
            for number in range(2, CROWD + 1)
        ]
        rows += [{"follower_id": user_id(2), "followed_id": user_id(n)} for n in range(3, 30)]
        await copy_rows(connection, "user_follows", rows)
    for principal, statements in ((None, 3), (me(2), 4)):
        costs = []
        for size in (1, 10, 50):
            query = (
                f'{{ user(handle: "user1") {{ followers(first: {size})'
                " { totalCount nodes { handle isFollowed } } } }"
            )
            round_trips.clear()
            found = await ask(stores, query, None, *([principal] if principal else []))
            costs.append(dict(round_trips))
            nodes = found["user"]["followers"]["nodes"]
            assert len(nodes) == size
        followed = {one["handle"] for one in nodes if one["isFollowed"]}
        assert followed == ({f"user{n}" for n in range(11, 30)} if principal else set())
        assert costs == [{"postgres": statements}] * 3
