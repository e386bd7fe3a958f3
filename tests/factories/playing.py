"""What people play and show, and who follows it, for tests of `nowPlaying`."""

from typing import Any

from sqlalchemy import update

from datasources.postgres.tables import users
from datasources.records.users import ListeningVisibility
from datasources.redis.now_playing import put_now_playing
from datasources.stores import Stores
from resolvers.context import utc_now
from resolvers.ids import global_id
from tests.factories.live import Subscriber
from tests.factories.music import track_id, user_id

FOLLOW = """
subscription Follow($ids: [ID!]!) {
  nowPlaying(userIds: $ids) {
    __typename
    ... on NowPlayingChanged { user { handle } nowPlaying { track { title } } }
  }
}
"""


def ids(*numbers: int) -> dict[str, Any]:
    """Return the variables that follow these people."""
    return {"ids": [global_id("User", user_id(number)) for number in numbers]}


async def plays(stores: Stores, number: int, track: int, for_s: float = 100) -> None:
    """Let somebody play a track."""
    await put_now_playing(stores.redis, user_id(number), track_id(track), utc_now(), for_s)


async def shows(stores: Stores, number: int, visibility: ListeningVisibility) -> None:
    """Set who sees what somebody plays, as if nobody were told."""
    async with stores.postgres.transaction() as connection:
        await connection.execute(
            update(users)
            .where(users.c.id == user_id(number))
            .values(listening_visibility=visibility)
        )


def told(data: dict[str, Any]) -> tuple[str, str | None]:
    """Return whose listening an event is of, and the title that plays."""
    event = data["nowPlaying"]
    assert event["__typename"] == "NowPlayingChanged"
    playing = event["nowPlaying"]
    return event["user"]["handle"], playing and playing["track"]["title"]


async def told_next(one: Subscriber) -> tuple[str, str | None]:
    """Return what is told next: whose listening, and the title that plays."""
    return told(await one.next())


async def ends_with(one: Subscriber) -> str | None:
    """Return the code that it ends with, and that it told nothing else."""
    await one.until(lambda: one.ended)
    assert len(one.results) == 1
    return one.results[0].code
