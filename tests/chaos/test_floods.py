"""Hostile clients, many at once: they are dropped, cost little memory, and disturb nobody.

The short form runs with all tests, with short time-outs; `make soak` sets the numbers of the long
one, which has those of production.
"""

import json
import logging
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from tests.e2e.test_serve import ROOT, environment, run, serving
from tests.factories.floods import GIVEN_UP_S, KINDS
from tests.plugins.server import demo_data

log = logging.getLogger(__name__)

CLIENTS = int(os.environ.get("POLYPHONY_SOAK_FLOOD_CLIENTS", "20"))
LONG = "POLYPHONY_SOAK_FLOOD_CLIENTS" in os.environ
SHORT_TIMES = {
    "POLYPHONY_CONNECTION_HEAD_TIMEOUT_S": "1",
    "POLYPHONY_CONNECTION_STALL_TIMEOUT_S": "2",
}
MEMORY_MB = 100
DROPPED_WITHIN_S = 30
SLOWER_AT_MOST = 2
PROBES = 300 if LONG else 60
BODY = json.dumps({"query": "{ __typename }"})


@dataclass(frozen=True, slots=True)
class Gateway:
    """A gateway under attack."""

    port: int
    process: psutil.Process

    def memory_mb(self) -> float:
        return float(self.process.memory_info().rss / 1e6)


@dataclass(eq=False)  # threads are kept in sets
class Bystander(threading.Thread):
    """An honest client: it asks on, and notes how long answers take and the gateway's memory.

    It asks some hundred times at least: some floods are over within a second.
    """

    gateway: Gateway
    took_ms: list[float] = field(default_factory=list)
    most_mb: float = 0.0
    over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    def run(self) -> None:
        while not self.over.is_set() or len(self.took_ms) < PROBES:
            self.ask(PROBES // 10)

    def ask(self, times: int) -> None:
        connection = HTTPConnection("127.0.0.1", self.gateway.port, timeout=GIVEN_UP_S)
        for _ in range(times):
            began = time.perf_counter()
            connection.request("POST", "/graphql", BODY, {"Content-Type": "application/json"})
            response = connection.getresponse()
            assert response.status == 200
            assert response.read() == b'{"data":{"__typename":"Query"}}'
            self.took_ms.append((time.perf_counter() - began) * 1000)
            self.most_mb = max(self.most_mb, self.gateway.memory_mb())
            time.sleep(0.005)
        connection.close()

    def median_ms(self) -> float:
        return statistics.median(self.took_ms)


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with demo_data() as folder:
        env = environment(folder, **({} if LONG else SHORT_TIMES))
        migrated = run(env, "migrate")
        assert migrated.returncode == 0, migrated.stderr
        with serving(env, Path(folder) / "log") as (url, process):
            port = urlsplit(url).port
            assert port
            yield Gateway(port, psutil.Process(process.pid))


def attack(gateway: Gateway, kind: str, count: int) -> tuple[int, int, float]:
    """Return how many were dropped, how many not, and the seconds that the last one took."""
    done = subprocess.run(  # noqa: S603  our own command
        [sys.executable, "-m", "tests.factories.floods", kind, str(gateway.port), str(count)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    dropped, left, slowest_s = json.loads(done.stdout)
    return dropped, left, slowest_s


@pytest.mark.parametrize("kind", KINDS)
def test_a_flood_ends_and_disturbs_nobody(gateway: Gateway, kind: str) -> None:
    before = Bystander(gateway)
    before.ask(PROBES)
    idle_mb = gateway.memory_mb()
    during = Bystander(gateway)
    during.start()
    dropped, left, slowest_s = attack(gateway, kind, CLIENTS)
    during.over.set()
    during.join()
    log.info(
        "%s: %d dropped, the last after %.1f s; %.0f MB more; median %.1f ms, before %.1f",
        *(kind, dropped, slowest_s, during.most_mb - idle_mb),
        *(during.median_ms(), before.median_ms()),
    )
    assert (dropped, left) == (CLIENTS, 0)
    assert slowest_s <= DROPPED_WITHIN_S
    assert during.most_mb - idle_mb <= MEMORY_MB
    if LONG:  # elsewhere the machine has other things to do, too
        assert during.median_ms() <= SLOWER_AT_MOST * before.median_ms()
