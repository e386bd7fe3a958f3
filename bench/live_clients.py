"""Many subscribers on sockets, in a process of their own: what each of them heard, and when.

Run by `bench.live`: python -m bench.live_clients <port>. The first line of its input is in JSON:
`tokens`, one for each socket, and `payload`, what they subscribe to. It says "there" once all have.
A line with a number is answered when all of them have heard of that event, or one has failed. A
line with an object ends it: when each event was begun, by number. The answer says how many of the
subscribers heard just these, in order, and how many seconds each took, sorted.
"""

import asyncio
import json
import re
import struct
import sys
from time import monotonic
from typing import Any, cast

import uvloop

AT_ONCE = 10
_UPGRADE = (
    b"GET /graphql HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
)
_SEQ = re.compile(rb'"seq":([0-9]+)')
_TEXT, _PING, _PONG = 0x1, 0x9, 0xA


class Subscriber(asyncio.Protocol):
    """A client that says what it is told to, and notes the number and time of each event.

    As small as can be: it shares the processors with what is measured.
    """

    def __init__(self, init: dict[str, Any], subscribe: dict[str, Any]) -> None:
        self.heard: list[tuple[int, float]] = []
        loop = asyncio.get_running_loop()
        self.acknowledged: asyncio.Future[None] = loop.create_future()
        self.told: asyncio.Future[None] = loop.create_future()
        self.failure = ""
        self._init = init
        self._subscribe = subscribe
        self._transport: asyncio.Transport | None = None
        self._upgraded = False
        self._rest = b""

    @property
    def last(self) -> int:
        """The number of the last event."""
        return self.heard[-1][0] if self.heard else 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass
        self._transport.write(_UPGRADE)

    def data_received(self, data: bytes) -> None:
        """Take all frames that are whole."""
        at = monotonic()
        data = self._rest + data
        if not self._upgraded:
            head, _, data = data.partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 101 "), head
            self._upgraded = True
            self.say({"type": "connection_init", "payload": self._init})
        start = 0
        while len(data) >= start + 2:
            length, begin = data[start + 1], start + 2
            if length == 126:
                begin += 2
                length = int.from_bytes(data[start + 2 : begin])
            if len(data) < begin + length:
                break
            opcode, payload = data[start] & 0xF, data[begin : begin + length]
            if opcode == _TEXT:
                self._take(payload, at)
            elif opcode == _PING:
                self._send(_PONG, payload)
            start = begin + length
        self._rest = data[start:]

    def _take(self, text: bytes, at: float) -> None:
        found = _SEQ.search(text)
        if found is not None:
            self.heard.append((int(found[1]), at))
            if not self.told.done():
                self.told.set_result(None)
        elif text == b'{"type":"ping"}':
            self.say({"type": "pong"})
        elif b'"connection_ack"' in text:
            self.acknowledged.set_result(None)
        elif b'"pong"' not in text:
            self._fail(text.decode())

    async def subscribe(self) -> float:
        """Ask for the events, and return how many seconds the first of them took."""
        asked_at = monotonic()
        self.say({"type": "subscribe", "id": "1", "payload": self._subscribe})
        await self.told
        return self.heard[0][1] - asked_at

    def say(self, message: dict[str, Any]) -> None:
        """Send a message."""
        self._send(_TEXT, json.dumps(message).encode())

    def _send(self, opcode: int, payload: bytes) -> None:
        """Send a frame, with a mask of zeros."""
        long = len(payload) > 125
        head = struct.pack("!BB", 0x80 | opcode, 0x80 | (126 if long else len(payload)))
        assert self._transport
        self._transport.write(head + struct.pack("!H", len(payload)) * long + bytes(4) + payload)

    def leave(self) -> None:
        """Close."""
        assert self._transport
        self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note it: nobody here closes before the end."""
        self._fail(f"closed: {exc}")

    def _fail(self, why: str) -> None:
        self.failure = self.failure or why
        for waited_for in (self.acknowledged, self.told):
            if not waited_for.done():
                waited_for.set_exception(ConnectionError(why))


async def opened(port: int, init: dict[str, Any], payload: dict[str, Any]) -> Subscriber:
    """Return a subscriber whose socket is initialised, and who has not asked for anything."""
    loop = asyncio.get_running_loop()
    _, one = await loop.create_connection(lambda: Subscriber(init, payload), "127.0.0.1", port)
    await one.acknowledged
    return one


async def _crowd(port: int, tokens: list[str], payload: dict[str, Any]) -> list[Subscriber]:
    """Return subscribers, one for each token."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(token: str) -> Subscriber:
        async with turns:
            subscriber = await opened(port, {"authorization": f"Bearer {token}"}, payload)
            await subscriber.subscribe()
            return subscriber

    return list(await asyncio.gather(*map(one, tokens)))


async def _run(port: int) -> None:
    lines = asyncio.StreamReader(limit=1 << 24)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    asked = json.loads(await lines.readline())
    crowd = await _crowd(port, asked["tokens"], asked["payload"])
    print("there", flush=True)
    while isinstance(line := json.loads(await lines.readline()), int):
        while any(not one.failure and one.last < line for one in crowd):  # noqa: ASYNC110  sockets tell nobody
            await asyncio.sleep(0.05)
        print(next((one.failure for one in crowd if one.failure), "heard"), flush=True)
    begun = {int(seq): at for seq, at in line.items()}
    heard = [[seq for seq, _ in one.heard if seq in begun] for one in crowd]
    times = sorted(at - begun[seq] for one in crowd for seq, at in one.heard if seq in begun)
    print(json.dumps({"whole": heard.count(list(begun)), "times": times}), flush=True)


if __name__ == "__main__":
    uvloop.run(_run(int(sys.argv[1])))
