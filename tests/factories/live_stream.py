"""A request for events without a network: the test reads them as they come."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

from starlette.types import Message

from gateway.graphql.http import HttpEdge
from gateway.graphql.sse import EventStreams
from resolvers.settings import PlaylistSettings
from tests.factories.live_socket import Server

STREAM = "text/event-stream"


class Reader:
    """One client that reads a response."""

    def __init__(self) -> None:
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._outbox: asyncio.Queue[Message] = asyncio.Queue()
        self.reading = asyncio.Event()
        self.reading.set()
        self.status = 0
        self.headers: dict[str, str] = {}
        self.task: asyncio.Task[None] | None = None

    async def _send(self, message: Message) -> None:
        await self.reading.wait()
        self._outbox.put_nowait(message)

    async def begin(self) -> None:
        """Read the head of the response."""
        start = await self._message()
        assert start["type"] == "http.response.start"
        self.status = start["status"]
        self.headers = {name.decode(): value.decode() for name, value in start["headers"]}

    async def piece(self) -> bytes | None:
        """Return the next piece of the body; None at the end."""
        message = await self._message()
        body: bytes = message["body"]
        return body if message.get("more_body") else (body or None)

    async def event(self) -> Any:
        """Return what the next event says: the result of `next`, "complete", or None at the end."""
        while (piece := await self.piece()) == b":\n\n":
            pass
        if piece is None:
            return None
        assert b"\r" not in piece
        assert piece.endswith(b"\n\n")
        kind, _, data = piece.decode().removesuffix("\n\n").partition("\ndata:")
        if kind == "event: complete":
            return "complete"
        assert kind == "event: next"
        return json.loads(data)

    async def rest(self) -> str:
        """Return all that is left of the body."""
        pieces = []
        while (piece := await self.piece()) is not None:
            pieces.append(piece)
            if self._done and self._outbox.empty():
                break
        return b"".join(pieces).decode()

    @property
    def _done(self) -> bool:
        return self.task is not None and self.task.done()

    async def _message(self) -> Message:
        async with asyncio.timeout(10):
            return await self._outbox.get()

    def leave(self) -> None:
        """Be gone."""
        self._inbox.put_nowait({"type": "http.disconnect"})

    async def gone(self) -> None:
        """Return once the server has forgotten the request."""
        assert self.task is not None
        async with asyncio.timeout(10):
            await self.task


@asynccontextmanager
async def asking(
    server: Server,
    query: str,
    headers: dict[str, str] | None = None,
    *,
    method: str = "POST",
    heartbeat_s: float = 15,
    address: str = "192.0.2.1",
) -> AsyncIterator[Reader]:
    """Yield a client that has asked for a stream of events; at the end it leaves."""
    streams = EventStreams(server.watch, server.places, heartbeat_s)
    edge = HttpEdge(server.pipeline, server.settings, streams)
    given = {"accept": STREAM, "content-type": "application/json", **(headers or {})}
    body = json.dumps({"query": query}).encode() if method == "POST" else b""
    scope = {
        "type": "http",
        "method": method,
        "path": "/graphql",
        "query_string": b"" if method == "POST" else urlencode({"query": query}).encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in given.items()],
        "client": (address, 50_000),
        "server": ("music.example", 443),
        "scheme": "https",
        "state": {
            "stores": server.stores,
            "identity": server.identity,
            "playlists": PlaylistSettings(),
            "draining": server.draining,
            "request_id": "test",
        },
    }
    reader = Reader()
    reader._inbox.put_nowait({"type": "http.request", "body": body, "more_body": False})
    reader.task = asyncio.ensure_future(edge(scope, reader._inbox.get, reader._send))
    try:
        await reader.begin()
        yield reader
    finally:
        reader.reading.set()
        reader.leave()
        await reader.gone()
