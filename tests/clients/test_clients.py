"""The clients that docs/clients.md shows, as it sets them up: a restart, and Redis that is away."""

import json
import sys
from contextlib import suppress
from typing import Any

import pytest
from fasteners import InterProcessLock

from tests.clients.node import HERE, node
from tests.clients.restart import RESTARTED, visits
from tests.e2e.browsers import chromium
from tests.factories.redis_server import PROGRAM

JAVASCRIPT = ["graphql-ws", "graphql-sse", "apollo", "urql", "relay"]
PYTHON = ["gql"]
BROWSER = ["EventSource"]
every_client = pytest.mark.parametrize("client", [*JAVASCRIPT, *PYTHON])


def command(client: str) -> list[str]:
    if client in PYTHON:
        return [sys.executable, "-W", "error", "-m", "tests.clients.visits.gql_visit"]
    if client in BROWSER:
        return [node(), str(HERE / "visits/events.mjs"), chromium()]
    return [node(), str(HERE / "visits/visit.mjs"), client]


def commands() -> dict[str, list[str]]:
    """Return those of all clients that this machine has the programs for."""
    found = {}
    for client in [*JAVASCRIPT, *PYTHON, *BROWSER]:
        with suppress(pytest.skip.Exception):
            found[client] = command(client)
    return found


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> dict[str, Any]:
    """What the clients have seen. One restart is for all of them, and for all workers of a run."""
    folder = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        folder = folder.parent
    kept = folder / "clients.json"
    with InterProcessLock(kept.with_suffix(".lock")):
        if not kept.exists():
            kept.write_text(json.dumps(visits(commands(), tmp_path_factory.mktemp("clients"))))
        everything: dict[str, Any] = json.loads(kept.read_text())
        return everything


@pytest.fixture
def visit(seen: dict[str, Any], client: str) -> dict[str, Any]:
    """What one of them has seen."""
    command(client)  # or there is no Node here, or no Chromium
    one: dict[str, Any] = seen[client]
    assert "ready" in one, one
    return one


@every_client
def test_queries_mutations_and_errors(visit: dict[str, Any], client: str) -> None:
    ready = visit["ready"]
    assert ready["handle"] == "ada"
    assert ready["playlists"] == 2
    assert ready["played"] == "NowPlayingSet"
    # Relay has no place for the code of a field that is null.
    field = "Error: Relay: Unexpected response payload - check server logs for details."
    assert ready["field"] == (field if client == "relay" else ["BAD_USER_INPUT"])
    assert ready["request"] == ready["subscription"] == ["BAD_USER_INPUT"]


@every_client
def test_a_subscription_comes_back_after_a_restart(visit: dict[str, Any]) -> None:
    assert visit.get("back") == {"handle": "ada"}, visit
    assert visit["stderr"] == ""


@pytest.mark.parametrize("client", [*JAVASCRIPT, *PYTHON, *BROWSER])
def test_what_was_changed_meanwhile_comes_once(visit: dict[str, Any], seen: dict[str, Any]) -> None:
    assert visit.get("changes") == seen["versions"], visit


@every_client
def test_it_does_not_where_no_cursor_is_asked_for(
    visit: dict[str, Any], seen: dict[str, Any]
) -> None:
    """What was told comes again each time: so what the clients do with the cursor is needed."""
    versions = seen["versions"]
    until_redis_went = versions[:RESTARTED] if PROGRAM else []
    assert visit.get("placeless") == [versions[0], *until_redis_went, *versions], visit
