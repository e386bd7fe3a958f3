"""A socket without a network: the test is its client."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from starlette.types import ASGIApp, Message

from auth.identity import Identity
from datasources.stores import Stores
from gateway.graphql.frames import SUBPROTOCOL
from gateway.graphql.rights_watch import RightsWatch
from gateway.graphql.settings import TransportSettings
from gateway.graphql.sockets import Sockets
from gateway.graphql.stream_places import StreamPlaces
from gateway.graphql.websocket import SocketEdge
from gateway.server.draining import Draining
from resolvers.live import Counts
from resolvers.settings import PlaylistSettings
from tests.factories.live_schema import Stage, live_pipeline
from tests.factories.operations import identity_of

NO_STORES: Any = Stores(*[None] * 3)  # type: ignore[arg-type]  # nothing that could be asked


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Server:
    """A process of the gateway, as far as sockets know it."""

    stage: Stage = field(default_factory=Stage)
    settings: TransportSettings = field(default_factory=TransportSettings)
    stores: Stores = NO_STORES
    identity: Identity = field(default_factory=lambda: identity_of(NO_STORES))
    clock: Clock = field(default_factory=Clock)
    draining: Draining = field(default_factory=Draining)
    watch: RightsWatch = field(default_factory=RightsWatch)
    live: Any = field(default_factory=lambda: SimpleNamespace(counts=Counts()))

    def __post_init__(self) -> None:
        self.pipeline = live_pipeline(self.stage)
        self.edge = SocketEdge(self.pipeline, self.settings, self.draining, self.watch)
        self.sockets.clock = self.clock
        self.places = StreamPlaces(self.settings)

    @property
    def sockets(self) -> Sockets:
        return self.edge.sockets

    def pass_time(self, seconds: float) -> None:
        """Let the clock go on, and the sockets notice it."""
        self.clock.now += seconds
        self.sockets.tick()


class Client:
    """One client. What the server sends waits in `sent` until `reads`."""

    def __init__(self, app: ASGIApp, scope: dict[str, Any]) -> None:
        self._app = app
        self._scope = scope
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._outbox: asyncio.Queue[Message] = asyncio.Queue()
        self.reading = asyncio.Event()
        self.reading.set()
        self.task: asyncio.Task[None] | None = None

    def connect(self) -> None:
        self._inbox.put_nowait({"type": "websocket.connect"})
        self.task = asyncio.ensure_future(self._app(self._scope, self._inbox.get, self._take))

    async def _take(self, message: Message) -> None:
        await self.reading.wait()
        if message["type"] == "websocket.close":
            self._inbox.put_nowait({"type": "websocket.disconnect", "code": message["code"]})
        self._outbox.put_nowait(message)

    def send(self, message: Any) -> None:
        """Send a message as JSON."""
        self.send_text(json.dumps(message))

    def send_text(self, text: str) -> None:
        self._inbox.put_nowait({"type": "websocket.receive", "text": text})

    def send_bytes(self, data: bytes) -> None:
        self._inbox.put_nowait({"type": "websocket.receive", "bytes": data})

    def leave(self, dropped_since: str = "") -> None:
        """Be gone without a word, or be dropped by the server for a reason."""
        self._inbox.put_nowait(
            {"type": "websocket.disconnect", "code": 1006, "reason": dropped_since}
        )

    def subscribe(self, id_: str, query: str, **variables: Any) -> None:
        payload = {"query": query, "variables": variables}
        self.send({"type": "subscribe", "id": id_, "payload": payload})

    def complete(self, id_: str) -> None:
        self.send({"type": "complete", "id": id_})

    async def event(self) -> Message:
        """Return the next event of the server; one that does not come is a test that fails."""
        async with asyncio.timeout(10):
            return await self._outbox.get()

    async def hears(self) -> Any:
        """Return the next message of the server."""
        event = await self.event()
        assert event["type"] == "websocket.send", event
        assert event.get("bytes") is None
        return json.loads(event["text"])

    async def closed(self) -> int:
        """Return the code that the server closes with, whatever it says before."""
        while (event := await self.event())["type"] != "websocket.close":
            assert event["type"] == "websocket.send", event
        assert len(event["reason"].encode()) <= 123
        code: int = event["code"]
        await self.gone()
        return code

    async def gone(self) -> None:
        """Return once the server has forgotten the socket."""
        assert self.task is not None
        async with asyncio.timeout(10):
            await self.task

    def silent(self) -> bool:
        """Whether nothing of the server waits to be read."""
        return self._outbox.empty()

    async def settle(self) -> None:
        """Let everybody do what they can do now, without that any time passes."""
        for _ in range(50):
            await asyncio.sleep(0)


def connection(
    server: Server,
    headers: dict[str, str] | None = None,
    subprotocols: tuple[str, ...] = (SUBPROTOCOL,),
    query_string: bytes = b"",
    address: str = "192.0.2.1",
) -> Client:
    """Return a client that has opened a connection, which is not accepted yet."""
    given = {"host": "music.example", **(headers or {})}
    scope = {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "wss",
        "path": "/graphql",
        "raw_path": b"/graphql",
        "query_string": query_string,
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in given.items()],
        "client": (address, 50_000),
        "server": ("music.example", 443),
        "subprotocols": list(subprotocols),
        "state": {
            "stores": server.stores,
            "identity": server.identity,
            "playlists": PlaylistSettings(),
            "live": server.live,
        },
        "extensions": {"websocket.http.response": {}},
    }
    client = Client(server.edge, scope)
    client.connect()
    return client


@asynccontextmanager
async def accepted(server: Server, **options: Any) -> AsyncIterator[Client]:
    """Yield a client whose connection is accepted; at the end it leaves, and must be forgotten."""
    client = connection(server, **options)
    event = await client.event()
    assert event["type"] == "websocket.accept", event
    assert event["subprotocol"] == SUBPROTOCOL
    try:
        yield client
    finally:
        client.reading.set()
        client.leave()
        await client.gone()


@asynccontextmanager
async def initialised(
    server: Server, payload: dict[str, Any] | None = None, **options: Any
) -> AsyncIterator[Client]:
    """Yield a client that may subscribe."""
    async with accepted(server, **options) as client:
        client.send({"type": "connection_init", **({"payload": payload} if payload else {})})
        assert await client.hears() == {"type": "connection_ack"}
        yield client
