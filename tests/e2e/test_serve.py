"""`python -m gateway serve` as a process."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.plugins.databases import URLS

ROOT = Path(__file__).parents[2]
STARTS_WITHIN_S = 60


def environment(tmp_path: Path, **settings: str) -> dict[str, str]:
    """The environment without settings of the caller's, and with these."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("POLYPHONY_")}
    ours = {"POLYPHONY_DATA_DIR": str(tmp_path), "POLYPHONY_STOP_DELAY_S": "0"}
    return clean | ours | settings


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@contextmanager
def serving(
    env: dict[str, str],
    log: Path,
    *options: str,
    port: int | None = None,
    module: str = "gateway",
) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """Yield the address of a server that answers, and its process; end it where it still runs."""
    port = port or free_port()
    command = [sys.executable, "-m", module, "serve", "--port", str(port), *options]
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603  our own command
            command, cwd=ROOT, env=env, stdout=output, stderr=output
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(url, process, log)
        yield url, process
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(30)


def _wait(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            httpx2.get(f"{url}/health/live")
        except httpx2.TransportError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(log.read_text())


def post(url: str, query: str) -> dict[str, object]:
    answer: dict[str, object] = httpx2.post(f"{url}/graphql", json={"query": query}).json()
    return answer


def run(env: dict[str, str], *command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # noqa: S603  our own command
        [sys.executable, "-m", "gateway", *command],
        cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def test_it_serves_and_stops_on_sigterm(tmp_path: Path) -> None:
    env = environment(tmp_path)
    assert run(env, "migrate").returncode == 0
    log = tmp_path / "log"
    with serving(env, log) as (url, process):
        ready = httpx2.get(f"{url}/health/ready").json()
        assert ready["status"] == "ok"
        assert set(ready["stores"]) == {"postgres", "mongo", "redis"}
        assert post(url, "{ genres { slug } }") == {"data": {"genres": []}}
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert not (tmp_path / "postgres" / "postmaster.pid").exists()


def test_unexpected_errors_are_masked_and_logged_under_the_request_id(tmp_path: Path) -> None:
    """Without tables every look-up is a defect: the client learns no more than an id."""
    log = tmp_path / "log"
    with serving(environment(tmp_path), log) as (url, _):
        answer = json.dumps(post(url, '{ user(handle: "ada") { handle } }'))
    assert "users" not in answer
    error = json.loads(answer)["errors"][0]
    assert error["extensions"]["code"] == "INTERNAL"
    text = log.read_text()
    assert error["extensions"]["requestId"] in text
    assert 'relation "users" does not exist' in text
    assert "Traceback" in text


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_port_in_use_is_said_in_one_line(address: str, tmp_path: Path) -> None:
    found = socket.getaddrinfo("localhost", None, type=socket.SOCK_STREAM)
    if address not in {where[0] for *_, where in found}:
        pytest.skip(f"{address} is not this machine's localhost")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, 0), family=family) as taken:
        port = str(taken.getsockname()[1])
        done = run(environment(tmp_path), "serve", "--host", "localhost", "--port", port)
    assert done.returncode == 1
    assert done.stderr == f"Port {port} is in use: choose another with --port.\n"


@pytest.mark.parametrize("host", ["nosuch.invalid", "a..b"])
def test_a_host_that_is_not_found_is_said_in_one_line(host: str, tmp_path: Path) -> None:
    done = run(environment(tmp_path), "serve", "--host", host, "--port", str(free_port()))
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert host in line
    assert "in use" not in line


def test_an_address_that_cannot_be_is_said_in_one_line(tmp_path: Path) -> None:
    env = environment(tmp_path, POLYPHONY_MONGO_URL="mongodb://user:hunter2@host:99999/x")
    done = run(env, "serve", "--port", str(free_port()))
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("POLYPHONY_MONGO_URL: Port must be")
    assert "hunter2" not in line


def test_workers_do_not_share_embedded_stores(tmp_path: Path) -> None:
    done = run(environment(tmp_path), "serve", "--workers", "2")
    assert done.returncode == 2
    assert "embedded mongo and redis" in done.stderr


def test_production_has_no_embedded_stores(tmp_path: Path) -> None:
    done = run(environment(tmp_path, POLYPHONY_ENV="production"), "serve")
    assert done.returncode == 2
    assert "POLYPHONY_POSTGRES_URL" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not all(URLS.values()), reason="production needs real stores")
def test_production_shows_less_and_logs_json(tmp_path: Path) -> None:
    stores = {f"POLYPHONY_{store.upper()}_URL": url or "" for store, url in URLS.items()}
    env = environment(
        tmp_path,
        POLYPHONY_ENV="production",
        POLYPHONY_PUBLIC_URL="https://music.example",
        POLYPHONY_AUTH_KEY_ENCRYPTION_KEY=b64encode(bytes(32)).decode(),
        POLYPHONY_MAIL_URL="smtp://127.0.0.1:9",
        **stores,
    )
    log = tmp_path / "log"
    with serving(env, log, "--workers", "2") as (url, process):
        refused = json.dumps(post(url, "{ __schema { types { name } } }"))
        assert "GRAPHQL_VALIDATION_FAILED" in refused
        misspelt = json.dumps(post(url, "{ genre { slug } }"))
        assert "Did you mean" not in misspelt
        page = httpx2.get(f"{url}/graphql", headers={"Accept": "text/html"})
        assert page.status_code == 406
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert {"event", "level", "timestamp"} <= set(lines[0])
    assert any(line["event"] == "request" and line["request_id"] for line in lines)
