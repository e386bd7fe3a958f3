"""What visits/visit.mjs does, in Python."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from typing import Any

from gql import GraphQLRequest
from gql.client import AsyncClientSession
from gql.transport.exceptions import TransportQueryError

from tests.clients.setup.gql_client import follow, http_client

HOST, TOKEN = os.environ["POLYPHONY_HOST"], os.environ["POLYPHONY_TOKEN"]
VIEWER = "{ viewer { id handle } }"
PLAYLISTS = """query ($handle: String!) {
  user(handle: $handle) { playlists(first: 2) { edges { node { title } } } }
}"""
NODE = "query ($id: ID!) { node(id: $id) { id } }"
PLAY = "mutation ($track: ID!) { setNowPlaying(input: {trackId: $track}) { __typename } }"
PLAYING = """subscription ($ids: [ID!]!) {
  nowPlaying(userIds: $ids) { ... on NowPlayingChanged { nowPlaying { track { id } } } }
}"""
CHANGES = """subscription ($id: ID!, $after: String) {
  playlistChanged(id: $id, after: $after) {
    ... on PlaylistChanged { cursor seq }
    ... on Lagged { current }
  }
}"""
PLACELESS = """subscription ($id: ID!, $after: String) {
  playlistChanged(id: $id, after: $after) { ... on PlaylistChanged { seq } }
}"""


async def ask(session: AsyncClientSession, text: str, **variables: Any) -> dict[str, Any]:
    data: dict[str, Any] = await session.execute(GraphQLRequest(text, variable_values=variables))
    return data


async def access_token() -> str:
    return TOKEN


def followed(text: str, **variables: Any) -> AsyncIterator[dict[str, Any]]:
    return follow(HOST, access_token, GraphQLRequest(text, variable_values=variables))


class Changes:
    """The versions of a playlist that a subscription has told of."""

    def __init__(self, text: str, playlist: str, after: str) -> None:
        self.told: list[int] = []
        self._more = asyncio.Event()
        self._following = asyncio.create_task(self._follow(text, playlist, after))

    async def until(self, version: int) -> list[int]:
        """Return all of them, once that one is among them."""
        while version not in self.told:
            await self._more.wait()
            self._more.clear()
        return self.told

    async def _follow(self, text: str, playlist: str, after: str) -> None:
        async for told in followed(text, id=playlist, after=after):
            self.told.append(told["playlistChanged"]["seq"])
            self._more.set()


def codes(failed: TransportQueryError) -> list[str]:
    return [error["extensions"]["code"] for error in failed.errors or ()]


async def visit(first: str, second: str, playlist: str, after: str, *versions: str) -> None:
    seen: dict[str, Any] = {}
    async with http_client(HOST, TOKEN) as session:
        viewer = (await ask(session, VIEWER))["viewer"]
        user = (await ask(session, PLAYLISTS, handle=viewer["handle"]))["user"]
        played = await ask(session, PLAY, track=first)
        seen |= {
            "handle": viewer["handle"],
            "playlists": len(user["playlists"]["edges"]),
            "played": played["setNowPlaying"]["__typename"],
        }
        for name, variables in {"field": {"id": "nothing"}, "request": {}}.items():
            try:
                await ask(session, NODE, **variables)
            except TransportQueryError as failed:
                seen[name] = codes(failed)
    try:
        await anext(followed(PLAYING, ids=[]))
    except TransportQueryError as failed:
        seen["subscription"] = codes(failed)
    following, restarted, last = map(int, versions)
    resuming, placeless = (Changes(text, playlist, after) for text in (CHANGES, PLACELESS))
    await asyncio.gather(resuming.until(following), placeless.until(following))
    async for told in followed(PLAYING, ids=[viewer["id"]]):
        track = (told["nowPlaying"]["nowPlaying"] or {}).get("track", {}).get("id")
        if track == first:
            say({"ready": seen})
        if track == second:
            break
    async with http_client(HOST, TOKEN) as session:
        again = await ask(session, VIEWER)
    say({"back": {"handle": again["viewer"]["handle"]}})
    await asyncio.gather(resuming.until(restarted), placeless.until(restarted))
    say({"restarted": restarted})
    say({"changes": await resuming.until(last), "placeless": await placeless.until(last)})


def say(seen: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(seen) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(visit(*sys.argv[1:]))
