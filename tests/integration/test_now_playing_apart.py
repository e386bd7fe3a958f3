"""What people play, where a block or a follow decides who is told."""

from collections.abc import AsyncIterator

import pytest

from auth.principal import person
from datasources.records.users import ListeningVisibility
from datasources.stores import Stores
from resolvers.blocking import block_user, unblock_user
from resolvers.following import follow_user, unfollow_user
from resolvers.ids import global_id
from resolvers.live import Live
from tests.factories.live import running, subscriber
from tests.factories.music import Music, user_id
from tests.factories.operations import context_of
from tests.factories.playing import FOLLOW, ends_with, ids, plays, shows, told_next

ANN, BOB, CLEO = 1, 2, 3
COMMANDS = {
    "block": block_user,
    "unblock": unblock_user,
    "follow": follow_user,
    "unfollow": unfollow_user,
}


@pytest.fixture
async def stores(empty_stores: Stores) -> Stores:
    """Four people who show everybody what they play, and two tracks."""
    music = Music()
    for number in range(1, 5):
        music.user(number)
    music.track(1)
    music.track(2)
    await music.write(empty_stores)
    return empty_stores


@pytest.fixture
async def live(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Live]:
    """Rights are decided again where they are told to have changed, and at no other time."""
    monkeypatch.setattr("resolvers.live.RECHECK_S", 3_600)
    monkeypatch.setattr("resolvers.now_playing.MAX_AGE_S", 3_600)
    async with running(stores) as live:
        yield live


async def change(stores: Stores, command: str, by: int, whom: int) -> None:
    await COMMANDS[command](
        context_of(stores, person(user_id(by))), global_id("User", user_id(whom))
    )


@pytest.mark.parametrize(("by", "whom"), [(ANN, BOB), (BOB, ANN)])
async def test_nobody_is_told_of_who_is_blocked(
    stores: Stores, live: Live, by: int, whom: int
) -> None:
    await change(stores, "block", by, whom)
    await plays(stores, ANN, 1)
    await plays(stores, CLEO, 1)
    async with subscriber(live, stores, FOLLOW, ids(ANN, CLEO), person(user_id(BOB))) as one:
        assert await told_next(one) == ("user3", "Track 1")
        await plays(stores, ANN, 2)
        await plays(stores, CLEO, 2)
        assert await told_next(one) == ("user3", "Track 2")
        assert one.results == []


@pytest.mark.parametrize(("by", "whom"), [(ANN, BOB), (BOB, ANN)])
async def test_a_block_ends_it_at_once(stores: Stores, live: Live, by: int, whom: int) -> None:
    await plays(stores, ANN, 1)
    async with subscriber(live, stores, FOLLOW, ids(ANN), person(user_id(BOB))) as one:
        assert await told_next(one) == ("user1", "Track 1")
        await change(stores, "block", by, whom)
        await plays(stores, ANN, 2)  # the event that crosses it tells nothing
        assert await ends_with(one) == "FORBIDDEN"


async def test_the_others_go_on_and_it_is_not_said_who_it_was(stores: Stores, live: Live) -> None:
    await plays(stores, ANN, 1)
    async with subscriber(live, stores, FOLLOW, ids(ANN, CLEO), person(user_id(BOB))) as one:
        assert await told_next(one) == ("user1", "Track 1")
        await change(stores, "block", ANN, BOB)
        event = (await one.next())["nowPlaying"]
        assert (event["user"], event["nowPlaying"]) == (None, None)
        await change(stores, "unblock", ANN, BOB)
        assert await told_next(one) == ("user1", "Track 1")


async def test_followers_are_told_from_the_moment_they_follow(stores: Stores, live: Live) -> None:
    await shows(stores, ANN, ListeningVisibility.FOLLOWERS)
    await plays(stores, ANN, 1)
    async with subscriber(live, stores, FOLLOW, ids(ANN), person(user_id(BOB))) as one:
        await plays(stores, ANN, 2)
        await change(stores, "follow", BOB, ANN)
        assert await told_next(one) == ("user1", "Track 2")
        await change(stores, "unfollow", BOB, ANN)
        assert await ends_with(one) == "FORBIDDEN"
