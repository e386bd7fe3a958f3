"""The reference queries over HTTP: the gateway on real stores against Strawberry's own view.

That view stands once before the gateway's own schema and stores, and once before ready-made
objects (plain), which stand behind the gateway's edge, too. Rounds alternate between the servers,
so that what else the machine does meets all.
"""

import base64
import json
import statistics
import tempfile
import time
from collections import defaultdict
from contextlib import AbstractContextManager
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
GOAL = 3.0
"""How many times less CPU the small query costs behind our edge than behind Strawberry's view."""

_SERVERS = ("gateway", "view", "edge", "plain")
_KEY = base64.b64encode(bytes(32)).decode()  # seals nothing here


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
    """Print what the servers cost, as ratios, and the gateway's memory; return whether it will do.

    `url` is a database that holds the catalogue.
    """
    port, view_port = free_port(), free_port()
    environment = {
        "POLYPHONY_ENV": "production",
        "POLYPHONY_PUBLIC_URL": "https://music.example",
        "POLYPHONY_AUTH_KEY_ENCRYPTION_KEY": _KEY,
        "POLYPHONY_MAIL_URL": "smtp://127.0.0.1:1",
        "POLYPHONY_POSTGRES_URL": url,
        "POLYPHONY_MONGO_URL": setup.mongo,
        "POLYPHONY_REDIS_URL": setup.redis,
    }
    serve = ["gateway", "serve", "--port", str(port)]
    with (
        tempfile.TemporaryDirectory() as folder,
        running("gateway", serve, port, "/health/ready", environment) as gateway,
        running(
            "view", ["bench.view", str(view_port)], view_port, "/health/ready", environment
        ) as view,
        httpx2.Client(timeout=60) as client,
    ):
        idle_mb = gateway.memory_mb()
        works = _works(client, gateway)
        answers = {work.name: _ask(client, gateway, work) for work in works}
        path = Path(folder) / "answers.json"
        path.write_text(json.dumps(answers))
        with _plain(path, "edge") as edge, _plain(path, "view") as plain:
            servers = (gateway, view, edge, plain)
            for work in works:
                for server in servers:
                    assert _ask(client, server, work) == answers[work.name], "the answers differ"
            costs = _rounds(client, servers, works, rounds)
        console.print(_table(works, costs, answers, rounds), "")
        console.print(
            f"Resident memory of the gateway: {idle_mb:.0f} MB idle,"
            f" {gateway.memory_mb():.0f} MB after the rounds.\n"
        )
    ours, theirs = (_cpu(costs["small", server]) for server in ("edge", "plain"))
    console.print(
        f"Small, ready-made: {theirs / ours:.1f} times less CPU behind the gateway's edge than"
        f" behind Strawberry's view (goal: {GOAL:.0f}).\n"
    )
    return theirs / ours >= GOAL


def _plain(answers: Path, before: str) -> AbstractContextManager[Server]:
    port = free_port()
    name = "plain" if before == "view" else "edge"
    return running(name, ["bench.plain", str(answers), str(port), before], port, "/graphql")


def _cpu(costs: list[Cost]) -> float:
    # The system counts CPU in steps of 10 ms: only the sum of many answers is exact.
    return statistics.fmean(one.cpu for one in costs)


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
        title=f"Over HTTP, {rounds} alternating rounds, in ms: the gateway, and the same behind"
        " Strawberry's view; then ready-made objects behind our edge, and behind that view (plain)",
        title_justify="left",
    )
    table.add_column("query")
    for column in ("answer, kB", "measure", *_SERVERS, "gateway / view", "edge / plain"):
        table.add_column(column, justify="right")
    for work in works:
        size = len(json.dumps(answers[work.name], separators=(",", ":"), ensure_ascii=False)) / 1000
        all_costs = [costs[work.name, server] for server in _SERVERS]
        measures = {
            "latency, median": [statistics.median(one.wall for one in some) for some in all_costs],
            "server CPU, mean": [_cpu(some) for some in all_costs],
        }
        for label, values in measures.items():
            pairs = zip(values[::2], values[1::2], strict=True)
            ratios = [f"{ours / theirs:.2f}" if theirs else "-" for ours, theirs in pairs]
            shown = [f"{value:.2f}" for value in values]
            table.add_row(work.name, f"{size:.1f}", label, *shown, *ratios)
    return table
