"""A TCP proxy in front of a store, that can hang or die without harm to the store itself."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class Proxy:
    """Passes bytes on while it is up; `hang` holds them back, `die` cuts and refuses.

    A host that begins with "/" is the folder of PostgreSQL's sockets.
    """

    def __init__(self, host: str, port: int) -> None:
        self.target = (host, port)
        self.port = 0
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._server: asyncio.Server | None = None
        self._writers: set[StreamWriter] = set()
        self._last_words: bytes | None = None
        self._answered = False

    async def start(self) -> None:
        """Listen, on the same port again after `die`."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def hang(self) -> None:
        """Take connections and bytes, and pass nothing on."""
        self._flowing.clear()

    def resume(self) -> None:
        """Pass on again."""
        self._flowing.set()

    async def die(self) -> None:
        """Cut all connections and refuse new ones until `start`."""
        if self._server:
            self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.sleep(0)

    def cut_at(self, words: bytes, *, answered: bool) -> None:
        """Cut the connection, this one time, on which a client sends something.

        Where it is `answered`, the store gets it and does what it says, and its answer is lost.
        """
        self._last_words, self._answered = words, answered

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        try:
            store_reader, store_writer = await self._connect()
        except OSError:
            writer.close()
            return
        both = {writer, store_writer}
        self._writers |= both
        cut = asyncio.Event()
        try:
            await asyncio.gather(
                self._pass_on(reader, store_writer, cut, watch=True),
                self._pass_on(store_reader, writer, cut),
            )
        finally:
            self._writers -= both
            for one in both:
                one.close()

    async def _connect(self) -> tuple[StreamReader, StreamWriter]:
        host, port = self.target
        if host.startswith("/"):
            return await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        return await asyncio.open_connection(host, port)

    async def _pass_on(
        self, reader: StreamReader, writer: StreamWriter, cut: asyncio.Event, *, watch: bool = False
    ) -> None:
        with suppress(OSError):
            while chunk := await reader.read(65536):
                await self._flowing.wait()
                if watch and self._last_words and self._last_words in chunk:
                    self._last_words = None
                    cut.set()
                    if not self._answered:
                        break
                elif cut.is_set():
                    break
                writer.write(chunk)
                await writer.drain()
        with suppress(OSError):
            writer.close()


@asynccontextmanager
async def proxy_to(host: str, port: int) -> AsyncIterator[Proxy]:
    """Yield a running proxy, and end it."""
    proxy = Proxy(host, port)
    await proxy.start()
    try:
        yield proxy
    finally:
        proxy.resume()
        await proxy.die()
