"""A server that says one ready text to all its sockets, and does no more: what sending alone costs.

The clients of `bench.live` take it for a gateway, and its sockets are those of a gateway.
Run: python -m bench.live_bare <port> <sockets> <events>. Once so many sockets are there, each is
told of so many events, 10 a second.
"""

import asyncio
import gc
import sys

from starlette.types import Receive, Scope, Send

from gateway.graphql.frames import SUBPROTOCOL, next_frame
from gateway.server.config import ServerConfig
from gateway.server.server import Server
from gateway.server.settings import ConnectionSettings, StopSettings

EVERY_S = 0.1
_RESULT = (
    b'{"data":{"playlistChanged":{"cursor":"%b","seq":%d,"change":{"items":[{"after":"%b"}]}}}}'
)


class Bare:
    """An ASGI application; it ends nothing, and neither do its clients."""

    def __init__(self, sockets: int, events: int) -> None:
        self._sockets = sockets
        self._events = events
        self._sends: list[Send] = []
        self._telling: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one socket, or say that all is well."""
        if scope["type"] == "lifespan":
            while True:
                await send({"type": (await receive())["type"] + ".complete"})
        elif scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b""})
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL})
            await receive()
            await send({"type": "websocket.send", "text": '{"type":"connection_ack"}'})
            await receive()
            await send({"type": "websocket.send", "text": _text(0)})
            self._sends.append(send)
            if len(self._sends) == self._sockets:
                self._telling = asyncio.create_task(self._tell())
            while (await receive())["type"] != "websocket.disconnect":
                pass

    async def _tell(self) -> None:
        for seq in range(1, self._events + 1):
            await asyncio.sleep(EVERY_S)
            text = _text(seq)
            for send in self._sends:
                await send({"type": "websocket.send", "text": text})


def _text(seq: int) -> str:
    """Return a text about as long as that of an event of a gateway."""
    return next_frame("1", _RESULT % (b"c" * 70, seq, b"x" * 200)).decode()


def main() -> None:
    """Serve until the end of the process."""
    port, sockets, events = map(int, sys.argv[1:])
    gc.set_threshold(50_000, 20, 100)
    config = ServerConfig(
        lambda: Bare(sockets, events), ConnectionSettings(), StopSettings(), port=port
    )
    Server(config).run()


if __name__ == "__main__":
    main()
