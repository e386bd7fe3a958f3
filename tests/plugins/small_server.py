"""The small application as a process, and clients that speak to it byte by byte."""

import json
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parents[2]
DEADLINE_S = 60  # reached only by a server that hangs


@dataclass(frozen=True, slots=True)
class Small:
    """A server that runs: its port, its process, and the file with what it says."""

    port: int
    process: "subprocess.Popen[bytes]"
    output: Path
    errors: Path
    clients: ExitStack

    def connection(self) -> HTTPConnection:
        """Return a connection that will be kept."""
        made = HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE_S)
        made.connect()
        self.clients.callback(made.close)
        return made

    def raw(self, *, receive_buffer: int | None = None) -> socket.socket:
        """Return a connected socket; a small buffer makes a peer that takes little."""
        made = self.clients.enter_context(socket.socket())
        if receive_buffer is not None:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        made.settimeout(DEADLINE_S)
        made.connect(("127.0.0.1", self.port))
        return made

    def signal(self, one: signal.Signals) -> None:
        """Send a signal to the parent alone."""
        self.process.send_signal(one)

    def wait_until_it_refuses(self) -> None:
        """Return when nobody can connect any more: the stop has begun."""
        deadline = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
            except ConnectionError:
                return
            time.sleep(0.01)
        raise AssertionError("the listener does not close")

    def ended(self) -> int:
        """Return the exit status, once there is one."""
        return self.process.wait(DEADLINE_S)

    def begun(self) -> dict[int, int]:
        """Return how many requests each process began: said when its lifespan has ended."""
        lines = self.output.read_text().splitlines()[1:]
        return {one["pid"]: one["begun"] for one in map(json.loads, lines)}

    def pids(self) -> "list[psutil.Process]":
        """Return the parent and those of its workers that have an application."""
        parent = psutil.Process(self.process.pid)
        workers = [one for one in parent.children() if "spawn_main" in " ".join(one.cmdline())]
        return [*workers, parent]

    def memory_mb(self) -> float:
        """Return the resident memory of the process, in megabytes of a million bytes."""
        return float(psutil.Process(self.process.pid).memory_info().rss / 1e6)


@contextmanager
def small_server(**options: Any) -> Iterator[Small]:
    """Run the small application; `stop__window_s=1` is its option `stop.window_s=1`."""
    given = [f"{name.replace('__', '.')}={value}" for name, value in options.items()]
    with tempfile.TemporaryDirectory() as folder, ExitStack() as clients:
        output, errors = Path(folder) / "output", Path(folder) / "errors"
        with output.open("wb") as out, errors.open("wb") as err:
            process = subprocess.Popen(  # noqa: S603  our own command
                [sys.executable, "-m", "tests.factories.small_server", *given],
                cwd=ROOT, stdout=out, stderr=err,
            )  # fmt: skip
        one = Small(0, process, output, errors, clients)
        try:
            deadline = time.monotonic() + DEADLINE_S
            while not (said := output.read_text()).endswith("\n"):
                assert process.poll() is None, errors.read_text()
                assert time.monotonic() < deadline
                time.sleep(0.01)
            one = replace(one, port=int(said))
            _ask(one.connection(), "/quick")  # it listens before it answers
            yield one
        finally:
            if process.poll() is None:
                for each in one.pids():
                    each.kill()
                process.wait()


def _ask(connection: HTTPConnection, path: str) -> None:
    connection.request("GET", path)
    assert connection.getresponse().read()
    connection.close()
