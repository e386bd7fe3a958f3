"""A TCP proxy for clients on the road: connections break, stand still, or lead to nowhere."""

import asyncio
import random
from asyncio import StreamReader, StreamWriter
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field


@dataclass(eq=False)
class _Connection:
    """Bytes pass while they flow; a black hole takes them, and says nothing of it."""

    writers: tuple[StreamWriter, StreamWriter]
    flowing: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.flowing.set()

    def drop(self) -> None:
        for one in self.writers:
            one.transport.abort()


class RoughProxy:
    """Passes bytes on, each connection by itself; `met` counts what became of them."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._connections: set[_Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.port = 0
        self.met: Counter[str] = Counter()

    async def start(self) -> None:
        """Listen on a port of its own."""

        def serve(reader: StreamReader, writer: StreamWriter) -> None:
            task = asyncio.create_task(self._serve(reader, writer))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        self._server = await asyncio.start_server(serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """End everything."""
        if self._server is not None:
            self._server.close()
        tasks = tuple(self._tasks)
        for one in tasks:
            one.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def disturb(self, dice: random.Random) -> None:
        """Let something happen to one of the connections that stand, whichever."""
        flowing = [one for one in self._connections if one.flowing.is_set()]
        if not flowing:
            return
        one = dice.choice(flowing)
        what = dice.choices(("dropped", "delayed", "blackholed"), (2, 2, 1))[0]
        self.met[what] += 1
        if what == "dropped":
            one.drop()
            return
        one.flowing.clear()
        if what == "delayed":
            asyncio.get_running_loop().call_later(dice.uniform(0.1, 2.0), one.flowing.set)

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        try:
            up_reader, up_writer = await asyncio.open_connection(*self._target)
        except OSError:
            writer.close()
            return
        one = _Connection((writer, up_writer))
        self._connections.add(one)
        try:
            async with asyncio.TaskGroup() as ways:
                ways.create_task(_pass_on(reader, up_writer, one))
                ways.create_task(_pass_on(up_reader, writer, one))
        finally:
            self._connections.discard(one)
            for each in one.writers:
                each.close()


async def _pass_on(reader: StreamReader, writer: StreamWriter, one: _Connection) -> None:
    with suppress(OSError):
        while chunk := await reader.read(65536):
            await one.flowing.wait()
            writer.write(chunk)
            await writer.drain()
    await one.flowing.wait()  # the end, too, does not come through
    writer.close()


@asynccontextmanager
async def rough_proxy_to(host: str, port: int) -> AsyncIterator[RoughProxy]:
    """Yield a running proxy, and end it."""
    proxy = RoughProxy(host, port)
    await proxy.start()
    try:
        yield proxy
    finally:
        await proxy.stop()
