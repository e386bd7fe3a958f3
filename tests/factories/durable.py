"""Stores and a gateway of a test's own, durable, that may be killed without harm to others."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import psutil

from tests.e2e.test_serve import ROOT, STARTS_WITHIN_S, free_port
from tests.factories.redis_server import RedisServer, redis_server

SERVICES = Path(
    os.environ.get("POLYPHONY_SERVICES", ROOT.parent / "shared" / "services" / "services.py")
)
"""The script that starts stores; it may run more than once, each with a folder and ports."""


@dataclass(frozen=True, slots=True)
class DurableStores:
    """A PostgreSQL and a Redis that keep what they acknowledge."""

    environment: Mapping[str, str]
    postgres_url: str
    redis: RedisServer

    @property
    def redis_url(self) -> str:
        """The address of Redis."""
        return self.redis.url

    def start_postgres(self) -> None:
        """Start it where it does not run, and wait until it answers."""
        self._run("up")

    def kill_postgres(self) -> None:
        """End all processes of this PostgreSQL at once, as a loss of power does."""
        self._run("kill")

    def pause_postgres(self) -> None:
        """Let it hang: it keeps its connections, and answers nobody."""
        self._run("pause")

    def resume_postgres(self) -> None:
        """Let it go on."""
        self._run("resume")

    def stop_postgres(self) -> None:
        """End it in good order."""
        self._run("down")

    def _run(self, verb: str) -> None:
        subprocess.run(  # noqa: S603  a script beside the checkout
            [sys.executable, str(SERVICES), verb, "postgres"],
            env=dict(self.environment), check=True, capture_output=True, timeout=120,
        )  # fmt: skip


@contextmanager
def durable_stores() -> Iterator[DurableStores]:
    """Yield stores that run, and remove them at the end."""
    folder = Path(tempfile.mkdtemp(prefix="polyphony-durable-"))
    postgres = free_port()
    environment = os.environ | {
        "POLYPHONY_SERVICES_DIR": str(folder),
        "POLYPHONY_SERVICES_DURABLE": "1",
        "POLYPHONY_POSTGRES_PORT": str(postgres),
    }
    url = f"postgresql+asyncpg://polyphony:polyphony@127.0.0.1:{postgres}/polyphony"
    with redis_server() as redis:
        stores = DurableStores(environment, url, redis)
        try:
            stores.start_postgres()
            yield stores
        finally:
            stores.stop_postgres()
            shutil.rmtree(folder)


class Gateway:
    """A gateway as a process, or several, on the same port each time that it starts."""

    def __init__(self, environment: Mapping[str, str], log: Path, *options: str) -> None:
        self._environment = dict(environment)
        self._log = log
        self._options = options
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [sys.executable, "-m", "gateway", "serve", "--port", str(self._port)]
        command += self._options
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603  our own command
                command, cwd=ROOT, env=self._environment, stdout=output, stderr=output
            )
        deadline = time.monotonic() + STARTS_WITHIN_S
        while True:
            assert self._process.poll() is None, self._log.read_text()
            try:
                httpx2.get(f"{self.url}/health/live")
            except httpx2.TransportError:
                assert time.monotonic() < deadline, self._log.read_text()
                time.sleep(0.05)
            else:
                return

    def kill(self) -> None:
        """End it at once, in the midst of whatever it does."""
        self._end(signal.SIGKILL)

    def workers(self) -> "list[psutil.Process]":
        """Return its workers that run."""
        assert self._process is not None
        children = psutil.Process(self._process.pid).children()
        alive = [one for one in children if one.status() != psutil.STATUS_ZOMBIE]
        return [one for one in alive if "spawn_main" in " ".join(one.cmdline())]

    def stop(self) -> None:
        """End it in good order, if it runs."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(how)
            self._process.wait(60)
