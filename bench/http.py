"""The reference queries over HTTP: the gateway on real stores against plain Strawberry.

Rounds alternate between the two servers, so that what else the machine does meets both.
"""

import json
import statistics
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from rich.console import Console
from rich.table import Table

from bench.queries import BIG, OWNER, SMALL
from bench.servers import Server, free_port, running
from bench.setup import Setup

WARM_UP = 3


@dataclass(frozen=True, slots=True)
class Work:
    """A query with its variables, and how often a round asks it."""

    name: str
    query: str
    variables: dict[str, object]
    times: int


@dataclass(frozen=True, slots=True)
class Cost:
    """What one answer cost, in milliseconds."""

    wall: float
    cpu: float


def run(setup: Setup, url: str, rounds: int, console: Console) -> bool:
    """Print what both servers cost, as ratios, and the gateway's memory; return True.

    `url` is a database that holds the catalogue.
    """
    port = free_port()
    environment = {
        "POLYPHONY_ENV": "production",
        "POLYPHONY_POSTGRES_URL": url,
        "POLYPHONY_MONGO_URL": setup.mongo,
        "POLYPHONY_REDIS_URL": setup.redis,
    }
    serve = ["gateway", "serve", "--port", str(port)]
    with (
        tempfile.TemporaryDirectory() as folder,
        running("gateway", serve, port, "/health/ready", environment) as gateway,
        httpx2.Client(timeout=60) as client,
    ):
        idle_mb = gateway.memory_mb()
        works = _works(client, gateway)
        answers = {work.name: _ask(client, gateway, work) for work in works}
        path = Path(folder) / "answers.json"
        path.write_text(json.dumps(answers))
        plain_port = free_port()
        module = ["bench.plain", str(path), str(plain_port)]
        with running("plain", module, plain_port, "/graphql") as plain:
            for work in works:
                assert _ask(client, plain, work) == answers[work.name], "the answers differ"
            costs = _rounds(client, (gateway, plain), works, rounds)
        console.print(_table(works, costs, answers, rounds), "")
        console.print(
            f"Resident memory of the gateway: {idle_mb:.0f} MB idle,"
            f" {gateway.memory_mb():.0f} MB after the rounds.\n"
        )
    return True


def _works(client: httpx2.Client, gateway: Server) -> list[Work]:
    """Return both queries; the small one is of a track in a playlist of the big one."""
    big = Work("big", BIG, {"handle": OWNER, "playlists": 50}, times=4)
    playlists = _ask(client, gateway, big)["user"]["playlists"]["nodes"]
    assert len(playlists) == 50
    track_id = playlists[0]["items"]["nodes"][0]["track"]["id"]
    return [Work("small", SMALL, {"id": track_id}, times=40), big]


def _ask(client: httpx2.Client, server: Server, work: Work) -> dict[str, Any]:
    body = {"query": work.query, "variables": work.variables}
    answer = client.post(f"{server.address}/graphql", json=body).json()
    assert not answer.get("errors"), answer["errors"]
    data: dict[str, Any] = answer["data"]
    return data


def _rounds(
    client: httpx2.Client, servers: tuple[Server, ...], works: list[Work], rounds: int
) -> dict[tuple[str, str], list[Cost]]:
    """Return the costs of one answer by work and server, one for each round."""
    costs: dict[tuple[str, str], list[Cost]] = defaultdict(list)
    for number in range(rounds + WARM_UP):
        # Who goes first alternates, too.
        for server in servers if number % 2 else servers[::-1]:
            for work in works:
                cost = _round(client, server, work)
                if number >= WARM_UP:
                    costs[work.name, server.name].append(cost)
    return costs


def _round(client: httpx2.Client, server: Server, work: Work) -> Cost:
    content = json.dumps({"query": work.query, "variables": work.variables})
    headers = {"content-type": "application/json"}
    walls = []
    cpu = server.cpu_s()
    for _ in range(work.times):
        began = time.perf_counter()
        response = client.post(f"{server.address}/graphql", content=content, headers=headers)
        walls.append(time.perf_counter() - began)
        assert response.status_code == httpx2.codes.OK, response.text
    used = (server.cpu_s() - cpu) / work.times
    return Cost(statistics.median(walls) * 1000, used * 1000)


def _table(
    works: list[Work],
    costs: dict[tuple[str, str], list[Cost]],
    answers: dict[str, dict[str, Any]],
    rounds: int,
) -> Table:
    table = Table(
        title=f"Over HTTP, {rounds} alternating rounds: the gateway (real stores)"
        " against plain Strawberry (ready-made objects)",
        title_justify="left",
    )
    table.add_column("query")
    for column in ("answer, kB", "measure", "gateway, ms", "plain, ms", "gateway / plain"):
        table.add_column(column, justify="right")
    for work in works:
        size = len(json.dumps(answers[work.name], separators=(",", ":"), ensure_ascii=False)) / 1000
        pair = [costs[work.name, server] for server in ("gateway", "plain")]
        # The system counts CPU in steps of 10 ms: only the sum of many answers is exact.
        measures = {
            "latency, median": [statistics.median(one.wall for one in some) for some in pair],
            "server CPU, mean": [statistics.fmean(one.cpu for one in some) for some in pair],
        }
        for label, (ours, theirs) in measures.items():
            ratio = f"{ours / theirs:.2f}" if theirs else "-"
            table.add_row(work.name, f"{size:.1f}", label, f"{ours:.2f}", f"{theirs:.2f}", ratio)
    return table
