"""What the server tells the application of a socket that has ended, without a network."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from uvicorn.config import Config
from uvicorn.server import ServerState

from gateway.server.websocket import GuardedWebSocket

HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
MASK = b"\0\0\0\0"
PING = b"\x89\x80" + MASK
CLOSE_1000 = b"\x88\x82" + MASK + b"\x03\xe8"


class Wire(asyncio.Transport):
    """A transport that keeps what is written, as far as the peer is said not to read it."""

    def __init__(self) -> None:
        super().__init__()
        self.unread = 0
        self.lost: Callable[[None], None] = lambda _: None
        self._closing = False

    def write(self, data: Any) -> None: ...

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def get_write_buffer_size(self) -> int:
        return self.unread

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        self._closing = True

    def abort(self) -> None:
        self._closing = True
        self.lost(None)


@pytest.fixture
async def wire() -> Wire:
    return Wire()


@pytest.fixture
async def socket(wire: Wire) -> GuardedWebSocket:
    """An accepted socket, whose next event is its end."""
    accepted = asyncio.Event()

    async def app(_scope: Any, receive: Any, send: Any) -> None:
        assert (await receive())["type"] == "websocket.connect"
        await send({"type": "websocket.accept"})
        accepted.set()
        await asyncio.Event().wait()

    config = Config(app, log_config=None, ws_ping_interval=None)
    one = GuardedWebSocket(config, ServerState(), {})
    wire.lost = one.connection_lost
    one.connection_made(wire)
    one.data_received(HANDSHAKE)
    await asyncio.wait_for(accepted.wait(), 10)
    return one


def _stalls(socket: GuardedWebSocket, wire: Wire) -> None:
    wire.unread = 1
    socket.sweep(0.0)
    socket.sweep(socket.limits.stall_timeout_s + 1)


def _leaves_pongs(socket: GuardedWebSocket, wire: Wire) -> None:
    wire.unread = 1_000_000
    socket.data_received(PING)


@pytest.mark.parametrize(
    ("ends", "code", "reason"),
    [
        (lambda socket, _: socket.keepalive_timeout(), 1006, "answers no ping"),
        (_stalls, 1006, "hardly reads"),
        (_leaves_pongs, 1006, "leaves answers to its pings unread"),
        (lambda socket, _: socket.connection_lost(OSError()), 1006, ""),
        (lambda socket, _: socket.data_received(CLOSE_1000), 1000, ""),
    ],
)
async def test_the_application_is_told_who_ended_it(
    socket: GuardedWebSocket, wire: Wire, ends: Any, code: int, reason: str
) -> None:
    ends(socket, wire)
    if socket in socket.connections:
        socket.connection_lost(None)
    told: Any = await socket.receive()
    assert (told["type"], told["code"], told["reason"]) == ("websocket.disconnect", code, reason)
    for task in socket.tasks:
        task.cancel()
    await asyncio.gather(*socket.tasks, return_exceptions=True)
