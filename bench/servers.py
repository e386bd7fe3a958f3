"""Servers as processes of their own, started for a benchmark and stopped after it."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import psutil

from bench.setup import ROOT

_START_S = 60.0
_STOP_S = 15.0


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs: where it answers, and its process."""

    name: str
    address: str
    process: psutil.Process

    def memory_mb(self) -> float:
        """Return the resident memory of the process, in megabytes of a million bytes."""
        return float(self.process.memory_info().rss / 1e6)

    def cpu_s(self) -> float:
        """Return the processor seconds that the process has used."""
        times = self.process.cpu_times()
        return float(times.user + times.system)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    name: str,
    arguments: Sequence[str],
    port: int,
    ready: str,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """Start a Python module and yield it once the path `ready` answers; stop it at the end."""
    address = f"http://127.0.0.1:{port}"
    log_path = Path(tempfile.mkstemp(prefix="polyphony-bench-", suffix=".log")[1])
    with log_path.open("wb") as log:
        process = subprocess.Popen(  # noqa: S603  our own command
            [sys.executable, "-m", *arguments],
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait(process, address + ready, log_path)
        yield Server(name, address, psutil.Process(process.pid))
    finally:
        process.terminate()
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log_path.unlink()


def _wait(process: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            if httpx2.get(url, timeout=5).status_code < httpx2.codes.INTERNAL_SERVER_ERROR:
                return
        except httpx2.TransportError:
            pass
        time.sleep(0.1)
    raise RuntimeError(f"{url} does not answer: {log.read_text()[-2000:]}")
