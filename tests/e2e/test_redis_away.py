"""Redis that is away, at the start of subscriptions and during them, and that comes back."""

import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from websockets.sync.client import ClientConnection

from resolvers.ids import global_id
from tests.e2e.test_callers import bearer, house
from tests.e2e.test_sockets import ask, hear, initialised
from tests.factories import editing
from tests.factories.music import Music
from tests.factories.people import tokens_of
from tests.factories.redis_server import RedisServer, needs_redis_server, redis_server

pytestmark = needs_redis_server

DEADLINE_S = 60
PATIENCE_S = 2.0
CHANGED = """subscription ($id: ID!, $after: String) {
  playlistChanged(id: $id, after: $after) {
    __typename ... on PlaylistChanged { seq cursor } ... on Lagged { missed current }
  }
}"""
SUBSCRIPTIONS = {
    "playlistChanged": CHANGED,
    "nowPlaying": "subscription ($user: ID!) { nowPlaying(userIds: [$user]) { __typename } }",
    "listenAdded": """subscription ($user: ID!, $after: String) {
      listenAdded(userId: $user, after: $after) {
        __typename
        ... on ListenAdded { seq cursor listen { listenedAt } }
        ... on Lagged { missed current }
      }
    }""",
    "recommendationsRefreshed": "subscription { recommendationsRefreshed { __typename } }",
    "notifications": "subscription { notifications { __typename } }",
    "presence": "subscription ($id: ID!) { presence(playlistId: $id) { __typename } }",
}
ADD = """mutation ($id: ID!, $track: ID!) {
  addPlaylistItems(input: {playlistId: $id, trackIds: [$track]}) {
    ... on PlaylistItemsChanged { version }
  }
}"""
SUBMIT = """mutation ($at: DateTime!, $track: ID!) {
  submitListens(input: {listens: [{trackId: $track, listenedAt: $at, msPlayed: 190000}]}) {
    ... on ListensSubmitted { stored }
  }
}"""


@dataclass(frozen=True, slots=True)
class Desk:
    """A gateway on a Redis of its own, a person with a playlist, and a socket of theirs."""

    redis: RedisServer
    url: str
    token: str
    variables: dict[str, str]

    @property
    def graphql(self) -> str:
        return f"{self.url}/graphql"

    def post(self, query: str, **variables: str) -> Any:
        body = {"query": query, "variables": self.variables | variables}
        return httpx2.post(self.graphql, json=body, headers=bearer(self.token), timeout=30).json()

    def add(self) -> int:
        """Make a version of the playlist; return its number."""
        changed = self.post(ADD, track=editing.track(1))["data"]["addPlaylistItems"]
        return int(changed["version"])

    def play(self, second: int) -> str:
        """Submit a play; return when it was."""
        at = f"2026-01-01T00:00:{second:02}Z"
        assert self.post(SUBMIT, track=editing.track(1), at=at)["data"]["submitListens"]["stored"]
        return at

    def follow(self, client: ClientConnection, field: str, **variables: str) -> None:
        ask(client, field, SUBSCRIPTIONS[field], **(self.variables | variables))

    def alive(self, client: ClientConnection) -> bool:
        """Whether another operation on the socket is answered."""
        ask(client, "query", "{ viewer { handle } }")
        answers = [hear(client), hear(client)]
        return answers == [
            {"type": "next", "id": "query", "payload": {"data": {"viewer": {"handle": "user1"}}}},
            {"type": "complete", "id": "query"},
        ]


@pytest.fixture(scope="module")
async def desk(data_dir: Path) -> AsyncIterator[Desk]:
    async with house("embedded", data_dir) as home:
        music = Music()
        music.track(1)
        await music.write(home.stores)
        playlist = await editing.new_playlist(home.stores)
        tokens = await tokens_of(home.stores, home.identity, home.ada)
        variables = {"id": global_id("Playlist", playlist), "user": global_id("User", home.ada)}
        with redis_server() as redis, home.server(POLYPHONY_REDIS_URL=redis.url) as url:
            yield Desk(redis, url, tokens.access_token, variables)


@pytest.fixture
def client(desk: Desk) -> Iterator[ClientConnection]:
    with initialised(desk.graphql, authorization=f"Bearer {desk.token}") as one:
        yield one


def next_event(client: ClientConnection, field: str) -> Any:
    """Return what a subscription tells next."""
    message = hear(client)
    assert (message["type"], message["id"]) == ("next", field), message
    return message["payload"]["data"][field]


def refusal(errors: list[dict[str, Any]]) -> dict[str, str]:
    (error,) = errors
    extensions: dict[str, str] = error["extensions"]
    return extensions


UNAVAILABLE = {"code": "SERVICE_UNAVAILABLE", "service": "redis"}


def test_away_at_the_start(desk: Desk, client: ClientConnection) -> None:
    desk.redis.kill()
    for field in SUBSCRIPTIONS:
        desk.follow(client, field)
    refused = [hear(client) for _ in SUBSCRIPTIONS]
    assert {one["id"] for one in refused} == set(SUBSCRIPTIONS)
    for one in refused:
        assert one["type"] == "error", one
        assert refusal(one["payload"]) == UNAVAILABLE
    body = {"query": CHANGED, "variables": desk.variables}
    headers = bearer(desk.token) | {"Accept": "text/event-stream"}
    stream = httpx2.post(desk.graphql, json=body, headers=headers, timeout=30).text
    data, complete = [one for one in stream.split("\n\n") if one.startswith("event: ")]
    assert refusal(json.loads(data.partition("data: ")[2])["errors"]) == UNAVAILABLE
    assert complete.startswith("event: complete")
    assert desk.alive(client)
    desk.redis.start()
    until_it_is_followed(desk, client)


def until_it_is_followed(desk: Desk, client: ClientConnection) -> None:
    """Subscribe until that is not refused any more, and hear of a change."""
    deadline = time.monotonic() + DEADLINE_S
    while True:
        assert time.monotonic() < deadline
        desk.follow(client, "playlistChanged", after="1")
        version = desk.add()
        message = hear(client)
        if message["type"] == "next":
            break
    while message["payload"]["data"]["playlistChanged"]["seq"] < version:
        message = hear(client)


def test_away_for_long(desk: Desk, client: ClientConnection) -> None:
    desk.follow(client, "playlistChanged", after=str(desk.add()))
    version = desk.add()
    assert next_event(client, "playlistChanged")["seq"] == version
    desk.redis.kill()
    began = time.monotonic()
    ended = hear(client)
    assert (ended["type"], refusal(ended["payload"])) == ("error", UNAVAILABLE)
    assert time.monotonic() - began > PATIENCE_S / 2, "it may have been out of reach before"
    assert desk.alive(client)
    desk.redis.start()
    until_it_is_followed(desk, client)


def test_away_for_a_moment(desk: Desk) -> None:
    """What was changed meanwhile comes, and nothing else does."""
    for _ in range(10):
        with initialised(desk.graphql, authorization=f"Bearer {desk.token}") as client:
            desk.follow(client, "playlistChanged", after=str(desk.add()))
            before = desk.add()
            assert next_event(client, "playlistChanged")["seq"] == before
            began = time.monotonic()
            desk.redis.kill()
            meanwhile = desk.add()
            desk.redis.start()
            if time.monotonic() - began < PATIENCE_S / 2:
                told = next_event(client, "playlistChanged")
                assert (told["__typename"], told["seq"]) == ("PlaylistChanged", meanwhile)
                return
    pytest.skip("Redis does not start in time here")


def test_back_without_its_last_seconds(desk: Desk, client: ClientConnection) -> None:
    """Numbers that were given begin again in another life: who had them is told of a lag."""
    desk.follow(client, "listenAdded")
    until_a_play_comes(desk, client)
    with desk.redis.forgotten():
        desk.play(30)
        lost = next_event(client, "listenAdded")
    lag = next_event(client, "listenAdded")
    assert lag["__typename"] == "Lagged"
    again = desk.play(31)
    told = next_event(client, "listenAdded")
    assert told["listen"]["listenedAt"].startswith(again[:-1])
    for cursor, expected in ((lost["cursor"], "Lagged"), (lag["current"], "ListenAdded")):
        with initialised(desk.graphql, authorization=f"Bearer {desk.token}") as later:
            desk.follow(later, "listenAdded", after=cursor)
            assert next_event(later, "listenAdded")["__typename"] == expected


def until_a_play_comes(desk: Desk, client: ClientConnection) -> None:
    """Submit plays until the last of them is told: the subscription stands."""
    for second in range(30):
        at = desk.play(second)
        with suppress(TimeoutError):
            while at[:-1] not in str(client.recv(1)):
                pass
            return
    raise AssertionError("no play is told")
