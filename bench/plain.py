"""Plain Strawberry on ready-made objects: what the gateway is compared with.

The same shapes as the gateway's types, each a dataclass whose attributes are there already; no
store, no loader. Before them stands Strawberry's own view, or the gateway's edge: then all that
differs is what stands between a request and its resolvers. Both have the gateway's garbage
collector and stack.
Run: python -m bench.plain <file with the gateway's answers> <port> view|edge
"""

import gc
import json
import sys
from pathlib import Path
from typing import Any, Generic, TypeVar

import strawberry
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send
from strawberry.asgi import GraphQL

from datasources.stores import Stores
from gateway.graphql.documents import Documents
from gateway.graphql.http import HttpEdge
from gateway.graphql.pipeline import Pipeline
from gateway.graphql.settings import TransportSettings
from gateway.server.stack import with_room
from resolvers.settings import PlaylistSettings
from schema.build import Schema
from tests.factories.operations import identity_of

T = TypeVar("T")


@strawberry.type
class Artist:
    """An artist."""

    id: strawberry.ID
    name: str


@strawberry.type
class Credit:
    """An artist's part in a track."""

    artist: Artist
    role: str


@strawberry.type
class Album:
    """A release."""

    id: strawberry.ID
    title: str


@strawberry.type
class Track:
    """A recording."""

    id: strawberry.ID
    title: str
    duration_ms: int
    album: Album
    artists: list[Credit]


@strawberry.type
class Item:
    """A track at its place in a playlist."""

    track: Track


@strawberry.type
class Connection(Generic[T]):
    """A page of a list."""

    nodes: list[T]


@strawberry.type
class Playlist:
    """A list of tracks."""

    id: strawberry.ID
    title: str
    all_items: strawberry.Private[list[Item]]

    @strawberry.field
    def items(self, first: int) -> Connection[Item]:
        """Return the first items."""
        return Connection(nodes=self.all_items[:first])


@strawberry.type
class User:
    """A person."""

    all_playlists: strawberry.Private[list[Playlist]]

    @strawberry.field
    def playlists(self, first: int) -> Connection[Playlist]:
        """Return the first playlists."""
        return Connection(nodes=self.all_playlists[:first])


def create_app(small: dict[str, Any], big: dict[str, Any], *, edge: bool) -> ASGIApp:
    """Return an application that gives the gateway's answers to both reference queries."""
    only_track = _track(small["track"])
    only_user = User(all_playlists=[_playlist(one) for one in big["user"]["playlists"]["nodes"]])

    @strawberry.type
    class Query:
        @strawberry.field
        def track(self, id: strawberry.ID) -> Track | None:  # noqa: A002  the argument's name
            return only_track if id == only_track.id else None

        @strawberry.field
        def user(self, handle: str) -> User | None:
            return only_user if handle else None

    if not edge:
        return Starlette(routes=[Route("/graphql", GraphQL(strawberry.Schema(Query)))])
    transport = TransportSettings()
    pipeline = Pipeline(Schema(Query), Documents(transport.document_cache_bytes))
    return with_state(Starlette(routes=[Route("/graphql", HttpEdge(pipeline, transport))]))


def with_state(app: ASGIApp) -> ASGIApp:
    """Return the application with what its contexts are made of; nothing of it is asked."""
    stores = Stores(*[None] * 3)  # type: ignore[arg-type]  # there are none
    state = {
        "stores": stores,
        "identity": identity_of(stores),
        "request_id": "bench",
        "playlists": PlaylistSettings(),
    }

    async def stated(scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"] = state
        await app(scope, receive, send)

    return stated


def _playlist(given: dict[str, Any]) -> Playlist:
    items = [Item(track=_track(item["track"])) for item in given["items"]["nodes"]]
    return Playlist(id=given["id"], title=given["title"], all_items=items)


def _track(given: dict[str, Any]) -> Track:
    return Track(
        id=given["id"],
        title=given["title"],
        duration_ms=given["durationMs"],
        album=Album(**given["album"]),
        artists=[
            Credit(artist=Artist(**credit["artist"]), role=credit["role"])
            for credit in given["artists"]
        ],
    )


def main() -> None:
    """Serve until stopped."""
    answers, port = json.loads(Path(sys.argv[1]).read_text()), int(sys.argv[2])
    app = create_app(answers["small"], answers["big"], edge=sys.argv[3] == "edge")
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    options: dict[str, Any] = {"log_level": "warning", "access_log": False, "server_header": False}
    with_room(lambda: uvicorn.run(app, port=port, **options))


if __name__ == "__main__":
    main()
