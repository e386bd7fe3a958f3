"""A Redis of a test's own, as a process that keeps what it acknowledges and may be killed."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from tests.e2e.test_serve import free_port

PROGRAM = shutil.which("redis-server")
STARTS_WITHIN_S = 30

needs_redis_server = pytest.mark.skipif(PROGRAM is None, reason="no redis-server on this machine")


class RedisServer:
    """Writes each command to the disk before it answers; on the same port each time it starts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"redis://127.0.0.1:{self._port}/0"

    def start(self) -> None:
        """Start it, and wait until it answers and has read what it keeps."""
        options = {"bind": "127.0.0.1", "port": str(self._port), "dir": str(self._folder)}
        options |= {"appendonly": "yes", "appendfsync": "always", "save": ""}
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603  our own command
                [PROGRAM or "redis-server", *words], stdout=log, stderr=log
            )
        deadline = time.monotonic() + STARTS_WITHIN_S
        while not self._answers():
            assert time.monotonic() < deadline, (self._folder / "log").read_text()
            time.sleep(0.02)

    def kill(self) -> None:
        """End it at once, if it runs."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @contextmanager
    def forgotten(self) -> Iterator[None]:
        """Die at the end of the block, and come back without what was written in it."""
        kept, copy = self._folder / "appendonlydir", self._folder / "copy"
        shutil.copytree(kept, copy)
        yield
        self.kill()
        shutil.rmtree(kept)
        copy.rename(kept)
        self.start()

    def flush(self) -> None:
        """Forget everything."""
        with redis.Redis.from_url(self.url) as client:
            client.flushall()

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url) as client:
                return bool(client.ping())
        except redis.ConnectionError:  # "loading" is one, too
            return False


@contextmanager
def redis_server() -> Iterator[RedisServer]:
    """Yield one that runs, and remove it at the end."""
    folder = Path(tempfile.mkdtemp(prefix="polyphony-redis-"))
    server = RedisServer(folder)
    try:
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder)
