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


async def ask(session: AsyncClientSession, text: str, **variables: Any) -> dict[str, Any]:
    data: dict[str, Any] = await session.execute(GraphQLRequest(text, variable_values=variables))
    return data


async def access_token() -> str:
    return TOKEN


def playing(*ids: str) -> AsyncIterator[dict[str, Any]]:
    return follow(HOST, access_token, GraphQLRequest(PLAYING, variable_values={"ids": [*ids]}))


def codes(failed: TransportQueryError) -> list[str]:
    return [error["extensions"]["code"] for error in failed.errors or ()]


async def visit(first: str, second: str) -> None:
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
        await anext(playing())
    except TransportQueryError as failed:
        seen["subscription"] = codes(failed)
    async for told in playing(viewer["id"]):
        track = (told["nowPlaying"]["nowPlaying"] or {}).get("track", {}).get("id")
        if track == first:
            say({"ready": seen})
        if track == second:
            break
    async with http_client(HOST, TOKEN) as session:
        again = await ask(session, VIEWER)
    say({"back": {"handle": again["viewer"]["handle"]}})


def say(seen: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(seen) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(visit(*sys.argv[1:]))
