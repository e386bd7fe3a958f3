"""Sockets that do nothing: the memory of each, and how fast they connect.

Run: python -m bench.sockets. It needs no stores: a gateway of its own runs on embedded ones.
"""

import asyncio
import json
import struct
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.servers import Server, free_port, running

SOCKETS = 2000
ROUNDS = 3
AT_ONCE = 100
MAX_KB = 40.0
MIN_CONNECTS_PER_S = 1000.0
_UPGRADE = (
    b"GET /graphql HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
)
_INIT = json.dumps({"type": "connection_init"}).encode()
_INIT_FRAME = struct.pack("!BB", 0x81, 0x80 | len(_INIT)) + bytes(4) + _INIT
_PING, _PONG = 0x9, 0xA


class Idle(asyncio.Protocol):
    """A client that initialises its socket, answers pings, and does no more.

    As small as can be: it shares the processors with what is measured.
    """

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.acknowledged: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._upgraded = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(_UPGRADE)

    def data_received(self, data: bytes) -> None:
        """Go on: initialise, note the acknowledgement, answer a ping."""
        assert self.transport
        if not self._upgraded:
            assert data.startswith(b"HTTP/1.1 101 "), data
            self._upgraded = True
            self.transport.write(_INIT_FRAME)
        elif b"connection_ack" in data:
            if not self.acknowledged.done():
                self.acknowledged.set_result(None)
        elif data[0] & 0xF == _PING:
            payload = data[2 : 2 + data[1]]
            header = struct.pack("!BB", 0x80 | _PONG, 0x80 | len(payload))
            self.transport.write(header + bytes(4) + payload)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let nobody wait."""
        if not self.acknowledged.done():
            self.acknowledged.set_exception(exc or ConnectionResetError())


async def _open(port: int, count: int) -> list[Idle]:
    """Return sockets that are initialised, so many at once on their way."""
    loop = asyncio.get_running_loop()
    turns = asyncio.Semaphore(AT_ONCE)

    async def one() -> Idle:
        async with turns:
            _, idle = await loop.create_connection(Idle, "127.0.0.1", port)
            await idle.acknowledged
            return idle

    return list(await asyncio.gather(*(one() for _ in range(count))))


async def _close(idle: list[Idle]) -> None:
    for one in idle:
        assert one.transport
        one.transport.close()
    await asyncio.sleep(2)


async def _measure(server: Server, port: int) -> tuple[list[float], list[float], list[float]]:
    """Return kilobytes a socket, connects a second, and the server's CPU of one in ms, by round."""
    sizes, rates, costs = [], [], []
    await _close(await _open(port, AT_ONCE))  # imports and caches
    for _ in range(ROUNDS):
        before = server.memory_mb()
        began, used = time.perf_counter(), server.cpu_s()
        idle = await _open(port, SOCKETS)
        rates.append(SOCKETS / (time.perf_counter() - began))
        costs.append((server.cpu_s() - used) * 1000 / SOCKETS)
        await asyncio.sleep(1)
        sizes.append((server.memory_mb() - before) * 1000 / SOCKETS)
        await _close(idle)
    return sizes, rates, costs


def main() -> None:
    """Measure, print a table, and end with 1 where a goal is not met."""
    port = free_port()
    folder = Path(tempfile.mkdtemp(prefix="polyphony-bench-"))
    with running(
        "gateway",
        ["gateway", "serve", "--port", str(port)],
        port,
        "/health/live",
        {
            "POLYPHONY_DATA_DIR": str(folder),
            "POLYPHONY_STOP_DELAY_S": "0",
            "POLYPHONY_STOP_WINDOW_S": "0",
            "POLYPHONY_TRANSPORT_MAX_SOCKETS_PER_ADDRESS": "100000",
        },
    ) as server:
        sizes, rates, costs = asyncio.run(_measure(server, port))
    # Later rounds find memory that the first has left: what a socket costs is what that took.
    size, rate = max(sizes), max(rates)
    table = Table(title=f"{SOCKETS} idle sockets, {ROUNDS} rounds", title_justify="left")
    table.add_column("measure")
    for column in ("rounds", "result", "goal"):
        table.add_column(column, justify="right")
    table.add_row("kB a socket", _list(sizes), f"{size:.1f}", f"≤ {MAX_KB:.0f}")
    table.add_row("connects a second", _list(rates), f"{rate:.0f}", f"≥ {MIN_CONNECTS_PER_S:.0f}")
    # On a machine that is busy with other things, this says what the server could do.
    table.add_row("server CPU a connect, ms", _list(costs), f"{min(costs):.2f}", "-")
    Console().print(table)
    if size > MAX_KB or rate < MIN_CONNECTS_PER_S:
        sys.exit(1)


def _list(values: list[float]) -> str:
    return ", ".join(f"{one:.2f}" for one in values)


if __name__ == "__main__":
    main()
