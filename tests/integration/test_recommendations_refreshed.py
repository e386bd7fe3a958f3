"""The subscription `recommendationsRefreshed`: told when training has written a person's list."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import delete

from auth.principal import ANONYMOUS, person
from datasources.mongo.artist_plays import ArtistPlays, write_artist_plays
from datasources.mongo.recommendations import write_personal
from datasources.postgres.tables import users
from datasources.records.recommendations import (
    ARTIST_MODEL,
    ModelRecord,
    PersonalEntry,
    PersonalList,
)
from datasources.stores import Stores
from gateway.graphql.pipeline import RequestFailed
from gateway.training import train
from resolvers.live import Live
from resolvers.recommendations_refreshed import tell_refreshed
from tests.factories.live import Subscriber, flush, running, subscriber
from tests.factories.music import NOW, Music, artist_id, track_id, user_id

FOLLOW = """
subscription ($after: String) {
  recommendationsRefreshed(after: $after) {
    ... on RecommendationsRefreshed {
      cursor seq model { name version } user { handle recommendations { nodes { title } } }
    }
    ... on Lagged { missed }
  }
}
"""


@pytest.fixture
async def stores(empty_stores: Stores) -> Stores:
    music = Music()
    for number in (1, 2, 3):
        music.user(number)
        music.artist(number)
        music.track(number, [number])
    await music.write(empty_stores)
    return empty_stores


@pytest.fixture
async def live(stores: Stores) -> AsyncIterator[Live]:
    async with running(stores) as live:
        yield live


async def written(stores: Stores, version: int, *people: int, told: bool = True) -> None:
    model = ModelRecord(ARTIST_MODEL, version, NOW)
    entries = [PersonalEntry(track_id(1), 0.5, "Artist 2")]
    lists = [PersonalList(user_id(number), entries, model) for number in people]
    await write_personal(stores.mongo, lists)
    if told:
        await tell_refreshed(stores)


async def next_of(one: Subscriber) -> dict[str, Any]:
    event: dict[str, Any] = (await one.next())["recommendationsRefreshed"]
    return event


def following(live: Live, stores: Stores, number: int, after: str | None = None) -> Any:
    return subscriber(live, stores, FOLLOW, {"after": after}, person(user_id(number)))


async def test_a_new_list_is_told_to_whose_it_is(stores: Stores, live: Live) -> None:
    await written(stores, 1, 1, 2)
    async with following(live, stores, 1) as mine, following(live, stores, 2) as other:
        await written(stores, 2, 1)
        event = await next_of(mine)
        assert event["cursor"]
        assert event["model"] == {"name": ARTIST_MODEL, "version": 2}
        assert event["seq"] == 2
        assert event["user"] == {
            "handle": "user1",
            "recommendations": {"nodes": [{"title": "Track 1"}]},
        }
        await written(stores, 3, 2)
        assert (await next_of(other))["seq"] == 3
        await written(stores, 4, 1)
        assert (await next_of(mine))["seq"] == 4
        assert mine.results == other.results == []


async def test_it_resumes(stores: Stores, live: Live) -> None:
    async with following(live, stores, 1) as mine:
        await written(stores, 1, 1)
        place = (await next_of(mine))["cursor"]
    await written(stores, 2, 1)
    await written(stores, 3, 1)
    async with following(live, stores, 1, place) as mine:
        event = await next_of(mine)  # the latest wins
        assert event["seq"] == 3
        assert mine.results == []
    async with following(live, stores, 1, event["cursor"]) as mine:
        await written(stores, 4, 1)
        assert (await next_of(mine))["seq"] == 4


async def test_a_stream_can_go_on_behind_it(stores: Stores, live: Live) -> None:
    async with following(live, stores, 1) as mine:
        await written(stores, 1, 1)
        result = await mine.next_result()
    assert result.cursor == result.data["recommendationsRefreshed"]["cursor"]


async def test_what_was_missed_is_read(stores: Stores, live: Live) -> None:
    async with following(live, stores, 1) as mine:
        await written(stores, 1, 1)
        assert (await next_of(mine))["seq"] == 1
        await written(stores, 2, 1, told=False)
        await flush(stores.redis)
        assert (await next_of(mine))["seq"] == 2


async def refused(stores: Stores, live: Live, number: int | None, after: str | None) -> str:
    principal = ANONYMOUS if number is None else person(user_id(number))
    with pytest.raises(RequestFailed) as refusal:
        async with subscriber(live, stores, FOLLOW, {"after": after}, principal):
            pass
    return str(refusal.value.result("test").code)


async def test_who_is_refused(stores: Stores, live: Live) -> None:
    async with following(live, stores, 1) as mine:
        await written(stores, 7, 1)
        place = (await next_of(mine))["cursor"]
    assert await refused(stores, live, None, None) == "UNAUTHENTICATED"
    assert await refused(stores, live, 1, "garbage") == "BAD_CURSOR"
    assert await refused(stores, live, 2, place) == "BAD_CURSOR"
    await written(stores, 6, 1)
    assert await refused(stores, live, 1, place) == "BAD_CURSOR"  # from the future
    assert await refused(stores, live, 99, None) == "FORBIDDEN"


async def test_an_account_that_is_gone_ends_it(stores: Stores, live: Live) -> None:
    async with following(live, stores, 3) as mine:
        async with stores.postgres.transaction() as connection:
            await connection.execute(delete(users).where(users.c.id == user_id(3)))
        await written(stores, 1, 3)
        await mine.until(lambda: mine.ended)
        assert [one.code for one in mine.results] == ["FORBIDDEN"]


async def test_training_tells(stores: Stores, live: Live) -> None:
    plays = [(1, 1), (1, 2), (2, 1), (2, 2), (2, 3), (3, 3), (3, 2)]
    counts = [
        ArtistPlays(f"test:{user}:{artist}", user_id(user), artist_id(artist), 5)
        for user, artist in plays
    ]
    await write_artist_plays(stores.mongo, counts)
    async with following(live, stores, 1) as mine:
        done = await train(stores, NOW)
        assert done.artist_model
        event = await next_of(mine)
        assert event["seq"] == done.artist_model.version
        titles = [one["title"] for one in event["user"]["recommendations"]["nodes"]]
        assert titles == ["Track 3"]
