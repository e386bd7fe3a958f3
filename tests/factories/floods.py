"""Hostile clients, in a process of their own: `python -m tests.factories.floods KIND PORT COUNT`.

Each does its worst until the server ends its connection. What is printed, as JSON: how many were
dropped, how many not within the time, and how long the last one took.
"""

import asyncio
import json
import socket
import struct
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

GIVEN_UP_S = 60.0
_PIECE = b"x" * 65_536
_TINY_BUFFER = 4096
_POST = (
    b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    b"Accept: application/json\r\nAccept-Encoding: identity\r\n"
)
# Long, and quickly made: it is about reading, and what a query may cost is another matter.
_TEXTS = " ".join(f"a{number}: description" for number in range(600))
_BIG_QUERY = json.dumps({"query": f'{{ __type(name: "ID") {{ {_TEXTS} }} }}'}).encode()
_BIG_REQUEST = _POST + b"Content-Length: %d\r\n\r\n" % len(_BIG_QUERY) + _BIG_QUERY
_UPGRADE = (
    b"GET /graphql HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
)
_MASK = b"\0\0\0\0"
_PING = b"\x89\x80" + _MASK


class Peer:
    """One connection, without buffers of its own."""

    def __init__(self, made: socket.socket) -> None:
        self.socket = made
        self.loop = asyncio.get_running_loop()

    async def send(self, data: bytes) -> None:
        """Send it all, or raise ConnectionError."""
        await self.loop.sock_sendall(self.socket, data)

    async def read(self, size: int = 65_536) -> bytes:
        """Return what has come, or raise ConnectionError at the end."""
        data = await self.loop.sock_recv(self.socket, size)
        if not data:
            raise ConnectionResetError
        return data

    async def ended(self) -> None:
        """Return when the server has ended the connection: noticed without reading."""
        while True:
            info = self.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)
            if info[0] != 1:  # no longer ESTABLISHED
                return
            await asyncio.sleep(0.2)


async def heads(peer: Peer) -> None:
    """Send a head without end."""
    await peer.send(b"GET /graphql HTTP/1.1\r\nHost: x\r\nCookie: ")
    while True:
        await peer.send(_PIECE)


async def trailers(peer: Peer) -> None:
    """Send trailers without end."""
    await peer.send(_POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n0\r\n")
    while True:
        await peer.send(b"A: b\r\n" * 10_000)


async def bodies(peer: Peer) -> None:
    """Send a body without end, whatever is answered."""
    await peer.send(_POST + b"Content-Length: 100000000000\r\n\r\n")
    while True:
        await peer.send(_PIECE)


async def chunks(peer: Peer) -> None:
    """Send a body without end, and without a length."""
    await peer.send(_POST + b"Transfer-Encoding: chunked\r\n\r\n")
    while True:
        await peer.send(b"10000\r\n" + _PIECE + b"\r\n")


async def pipelined(peer: Peer) -> None:
    """Send request after request, and read no answer."""
    while True:
        await peer.send(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n" * 1000)


async def silent(peer: Peer) -> None:
    """Say nothing."""
    await peer.read()


async def slow_heads(peer: Peer) -> None:
    """Send a byte of a head every second."""
    await _drip(peer, b"GET /graphql?" + b"x" * 600)


async def slow_bodies(peer: Peer) -> None:
    """Send a byte of a body every second."""
    await peer.send(_POST + b"Content-Length: 1000\r\n\r\n")
    await _drip(peer, b"{" * 600)


async def _drip(peer: Peer, data: bytes) -> None:
    for byte in data:
        await peer.send(bytes([byte]))
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                while True:
                    await peer.read()


async def unread(peer: Peer) -> None:
    """Ask for much, again and again, and read nothing."""
    await peer.send(_BIG_REQUEST * 3)
    await peer.ended()


async def slow_readers(peer: Peer) -> None:
    """Read a byte of a long answer every second."""
    await peer.send(_BIG_REQUEST * 3)
    ended = asyncio.ensure_future(peer.ended())  # what has arrived can be read after it, too
    while not ended.done():
        await peer.read(1)
        await asyncio.sleep(1)


async def pings(peer: Peer) -> None:
    """Open a socket and send pings as fast as they go, reading what comes."""
    await _open_socket(peer)
    reading = asyncio.ensure_future(_read_on(peer))
    try:
        while not reading.done():
            await peer.send(_PING * 1000)
            await asyncio.sleep(0)
    finally:
        reading.cancel()


async def unread_pings(peer: Peer) -> None:
    """The same, and read nothing."""
    await _open_socket(peer)
    while True:
        await peer.send(_PING * 1000)


async def unread_sockets(peer: Peer) -> None:
    """Open a socket, ask for much, and read nothing: not even the pings."""
    await _open_socket(peer)
    await peer.send(_frame({"type": "connection_init"}))
    for number in range(3):
        payload = json.loads(_BIG_QUERY)
        await peer.send(_frame({"type": "subscribe", "id": str(number), "payload": payload}))
    await peer.ended()


async def messages(peer: Peer) -> None:
    """Open a socket and send messages as fast as they go."""
    await _open_socket(peer)
    await peer.send(_frame({"type": "connection_init"}))
    reading = asyncio.ensure_future(_read_on(peer))
    try:
        while not reading.done():
            await peer.send(_frame({"type": "ping"}) * 100)
            await asyncio.sleep(0)
    finally:
        reading.cancel()


async def _read_on(peer: Peer) -> None:
    with suppress(ConnectionError):
        while True:
            await peer.read()


async def _open_socket(peer: Peer) -> None:
    await peer.send(_UPGRADE)
    answer = await peer.read()
    if not answer.startswith(b"HTTP/1.1 101 "):
        raise RuntimeError(answer.decode("latin-1"))


def _frame(message: object) -> bytes:
    text = json.dumps(message).encode()
    return struct.pack("!BBH", 0x81, 0x80 | 126, len(text)) + _MASK + text


KINDS: dict[str, Callable[[Peer], Awaitable[None]]] = {
    one.__name__: one
    for one in (
        heads, trailers, bodies, chunks, pipelined, silent, slow_heads, slow_bodies, unread,
        slow_readers, pings, unread_pings, unread_sockets, messages,
    )
}  # fmt: skip
SOCKETS = ("pings", "unread_pings", "unread_sockets", "messages")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the clients."""

    dropped: int
    left: int
    slowest_s: float


async def flood(kind: str, port: int, count: int) -> Outcome:
    """Run so many hostile clients at once, until all are dropped or the time is over."""

    async def one() -> float | None:
        made = socket.socket()
        if "unread" in kind or "readers" in kind:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _TINY_BUFFER)
        made.setblocking(False)
        with made:
            await asyncio.get_running_loop().sock_connect(made, ("127.0.0.1", port))
            began = time.monotonic()
            try:
                async with asyncio.timeout(GIVEN_UP_S):
                    await KINDS[kind](Peer(made))
            except ConnectionError:
                pass
            except TimeoutError:
                return None
            return time.monotonic() - began

    took = await asyncio.gather(*(one() for _ in range(count)))
    dropped = [seconds for seconds in took if seconds is not None]
    return Outcome(len(dropped), count - len(dropped), round(max(dropped, default=0), 1))


def main(kind: str, port: str, count: str) -> None:
    outcome = asyncio.run(flood(kind, int(port), int(count)))
    print(json.dumps([outcome.dropped, outcome.left, outcome.slowest_s]))  # noqa: T201  the result


if __name__ == "__main__":
    main(*sys.argv[1:])
