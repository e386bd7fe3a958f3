"""A graph of a few fields on the application's own transports, without stores."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
import strawberry
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send
from strawberry.types import Info

from datasources.stores import Stores
from gateway.graphql.cors import with_cors
from gateway.graphql.documents import Documents
from gateway.graphql.http import HttpEdge, Stream
from gateway.graphql.pipeline import Pipeline
from gateway.graphql.settings import TransportSettings
from gateway.observability.requests import RequestLog, internal_error
from resolvers.settings import PlaylistSettings
from schema.build import Schema
from tests.factories.operations import identity_of

NO_STORES: Any = Stores(*[None] * 3)  # type: ignore[arg-type]  # nothing that could be asked
PREFLIGHT = {"GraphQL-Preflight": "1"}


@dataclass(slots=True)
class Gate:
    """Where the graph's slow fields wait, and what has become of them."""

    started: asyncio.Event = field(default_factory=asyncio.Event)
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    ended: list[str] = field(default_factory=list)
    loaders: list[object] = field(default_factory=list)

    async def wait(self, name: str) -> str:
        """Wait until it is opened; note whether that was seen."""
        self.started.set()
        try:
            await self.opened.wait()
        except asyncio.CancelledError:
            self.ended.append(f"{name} cancelled")
            raise
        self.ended.append(f"{name} done")
        self.over.set()
        return name


def small_schema(gate: Gate) -> Schema:
    """Return a graph whose slow fields wait at the gate."""
    return Schema(query=_query(gate), mutation=_mutation(gate), subscription=_subscription(gate))


def _query(gate: Gate) -> type:
    @strawberry.type
    class Query:
        @strawberry.field
        def hello(self, name: str = "you") -> str:
            return f"Hello, {name}"

        @strawberry.field
        def text(self, length: int) -> str:
            return "a" * length

        @strawberry.field
        async def slow(self) -> str:
            return await gate.wait("query")

        @strawberry.field
        def broken(self) -> str:
            raise KeyError("hunter2")

        @strawberry.field
        def context(self, info: Info[Any]) -> str:
            return str(id(info.context.loaders))

    return Query


def _mutation(gate: Gate) -> type:
    @strawberry.type
    class Mutation:
        @strawberry.mutation
        async def change(self) -> str:
            return await gate.wait("mutation")

        @strawberry.mutation
        def note(self, what: str) -> str:
            gate.ended.append(what)
            return what

        @strawberry.mutation
        def enter(self, info: Info[Any]) -> bool:
            info.context.reply.session_id = "s"
            return True

    return Mutation


def _subscription(gate: Gate) -> type:
    @strawberry.type
    class Event:
        @strawberry.field
        def note(self, info: Info[Any]) -> bool:
            gate.loaders.append(info.context.loaders)
            return True

    @strawberry.type
    class Subscription:
        @strawberry.subscription
        async def count(self, to: int, fail: bool = False) -> AsyncIterator[int]:
            try:
                for number in range(to):
                    yield number
                if fail:
                    raise KeyError("hunter2")
            finally:
                gate.ended.append("subscription")

        @strawberry.subscription
        async def events(self, to: int, info: Info[Any]) -> AsyncIterator[Event]:
            gate.loaders.append(info.context.loaders)
            for _ in range(to):
                yield Event()

    return Subscription


def small_app(
    gate: Gate, settings: TransportSettings | None = None, stream: Stream | None = None
) -> ASGIApp:
    """Return an application with this graph at `/graphql`, as after its start."""
    settings = settings or TransportSettings()
    pipeline = Pipeline(small_schema(gate), Documents(settings.document_cache_bytes))
    endpoint = with_cors(HttpEdge(pipeline, settings, stream), settings.origins)
    app = Starlette(
        routes=[Route("/graphql", endpoint)], exception_handlers={Exception: internal_error}
    )
    logged = RequestLog(app)
    identity = identity_of(NO_STORES)

    async def started(scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"] = {
            "stores": NO_STORES,
            "identity": identity,
            "live": None,
            "draining": None,
            "playlists": PlaylistSettings(),
        }
        await logged(scope, receive, send)

    return started


@asynccontextmanager
async def small_client(
    gate: Gate | None = None,
    settings: TransportSettings | None = None,
    stream: Stream | None = None,
) -> AsyncIterator[httpx2.AsyncClient]:
    """Yield a client of this graph, which sends nothing that it is not told to."""
    transport = httpx2.ASGITransport(small_app(gate or Gate(), settings, stream))
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        for header in ("accept", "accept-encoding", "user-agent"):
            del client.headers[header]
        yield client


@dataclass(slots=True)
class Visit:
    """One request as the server sees it: its messages are given, those of the answer kept."""

    app: ASGIApp
    messages: "asyncio.Queue[dict[str, Any]]" = field(default_factory=asyncio.Queue)
    sent: list[dict[str, Any]] = field(default_factory=list)

    def start(self, query: str, method: str = "POST") -> Awaitable[None]:
        """Send an operation, and return what waits for the end of its request."""
        body = b'{"query": "%s"}' % query.encode()
        self.messages.put_nowait({"type": "http.request", "body": body})
        scope = {
            "type": "http",
            "method": method,
            "path": "/graphql",
            "query_string": b"",
            "headers": [(b"content-type", b"application/json")],
        }

        async def send(message: Any) -> None:
            self.sent.append(message)

        call: Callable[..., Any] = self.app
        return asyncio.create_task(call(scope, self.messages.get, send))

    def leave(self) -> None:
        """Close the connection."""
        self.messages.put_nowait({"type": "http.disconnect"})
