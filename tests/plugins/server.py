"""The demo as a process of its own, for tests that are its clients."""

import os
import re
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
import pytest

ROOT = Path(__file__).parents[2]
_DEADLINE_S = 120  # reached only by a demo that hangs
_ADDRESS = re.compile(r"http://\S+/graphql")


@dataclass(frozen=True, slots=True)
class DemoProcess:
    """A demo that runs, its folder of data, and files with what it says."""

    process: "subprocess.Popen[bytes]"
    data_dir: Path
    stdout: Path
    stderr: Path

    def address(self) -> str:
        """Return the address that it prints, once it does."""
        deadline = time.monotonic() + _DEADLINE_S
        while not (found := _ADDRESS.search(self.stdout.read_text())):
            assert self.process.poll() is None, self.stderr.read_text()
            assert time.monotonic() < deadline, "the demo prints no address"
            time.sleep(0.02)
        return found[0]

    def stop(self, by: signal.Signals) -> int:
        """Send a signal to this process alone, and return its exit code."""
        self.process.send_signal(by)
        return self.process.wait(_DEADLINE_S)


@contextmanager
def demo_data() -> Iterator[Path]:
    """Yield a folder for data; at the end no PostgreSQL may run in it."""
    # Not one of pytest's own: they are private, and a PostgreSQL that root starts is another user.
    folder = Path(tempfile.mkdtemp(prefix="polyphony-demo-"))
    try:
        yield folder
        assert not postgres_of(folder), "a PostgreSQL was left behind"
    finally:
        for left in postgres_of(folder):
            left.kill()
        shutil.rmtree(folder)


@contextmanager
def running_demo(
    data_dir: Path, *arguments: str, environment: Mapping[str, str] | None = None
) -> Iterator[DemoProcess]:
    """Start a demo on a free port, and make sure that it has ended afterwards."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("POLYPHONY_")}
    ours |= {"POLYPHONY_DATA_DIR": str(data_dir), **(environment or {})}
    logs = Path(tempfile.mkdtemp(prefix="polyphony-logs-"))
    stdout, stderr = logs / "stdout", logs / "stderr"
    with stdout.open("wb") as out, stderr.open("wb") as err:
        process = subprocess.Popen(  # noqa: S603  our own command
            [sys.executable, "-m", "gateway", "demo", *(arguments or ("--port", "0"))],
            cwd=ROOT,
            env=ours,
            stdout=out,
            stderr=err,
        )
    try:
        yield DemoProcess(process, data_dir, stdout, stderr)
    finally:
        if process.poll() is None:  # a test has failed: no PostgreSQL may stay all the same
            process.terminate()
            process.wait(_DEADLINE_S)
        shutil.rmtree(logs)


def postgres_of(data_dir: Path) -> "list[psutil.Process]":
    """Return the PostgreSQL processes that keep their data below a folder."""
    found = []
    for process in psutil.process_iter(["name", "cmdline"]):
        command = process.info["cmdline"] or ()
        if process.info["name"] == "postgres" and any(str(data_dir) in word for word in command):
            found.append(process)
    return found


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """The address of the GraphQL endpoint of a demo that runs for all tests."""
    with demo_data() as data_dir, running_demo(data_dir) as demo:
        address = demo.address()
        health = httpx2.get(address.replace("/graphql", "/health/ready"), timeout=_DEADLINE_S)
        assert health.status_code == httpx2.codes.OK, health.text
        yield address
        assert demo.stop(signal.SIGTERM) == 0, demo.stderr.read_text()
