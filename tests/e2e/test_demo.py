import signal
import socket
import time
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.plugins.server import demo_data, postgres_of, running_demo

QUESTION = """
{
  user(handle: "ADA") {
    displayName
    recentListens(first: 3) { nodes { track { title } } }
    playlists(first: 50) { totalCount nodes { items(first: 20) { nodes { track { title } } } } }
  }
  search(query: "beyonde", first: 1) { nodes { ... on Artist { name } } }
}
"""


def ask(address: str) -> dict[str, Any]:
    answer = httpx2.post(address, json={"query": QUESTION}, timeout=60)
    assert answer.status_code == httpx2.codes.OK, answer.text
    body: dict[str, dict[str, Any]] = answer.json()
    assert "errors" not in body, body
    return body["data"]


def test_somebody_plays_whenever_one_asks(server_url: str) -> None:
    """As the demo says at its start. Between two tracks there are some seconds of silence."""
    query = '{ user(handle: "emeka") { nowPlaying { track { title } } } }'
    for _ in range(30):
        answer = httpx2.post(server_url, json={"query": query}, timeout=60).json()
        if answer["data"]["user"]["nowPlaying"]:
            return
        time.sleep(1)
    pytest.fail("they were silent for half a minute")


def test_it_answers_about_the_sample(server_url: str) -> None:
    data = ask(server_url)
    ada = data["user"]
    assert ada["displayName"] == "Ada Quillfeather"
    assert len(ada["recentListens"]["nodes"]) == 3
    playlists = ada["playlists"]["nodes"]
    assert len(playlists) >= 20
    assert data["search"] == {"nodes": [{"name": "Beyondé"}]}


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_port_in_use_is_one_line(address: str, tmp_path: Path) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    found = socket.getaddrinfo("localhost", None, type=socket.SOCK_STREAM)
    if address not in {where[0] for *_, where in found}:
        pytest.skip(f"{address} is not this machine's localhost")
    other = socket.create_server((address, 0), family=family)
    with other:
        port = other.getsockname()[1]
        data_dir = tmp_path / "data"
        with running_demo(data_dir, "--port", str(port)) as demo:
            assert demo.process.wait(60) == 1
            lines = demo.stderr.read_text().splitlines()
            assert lines == [
                f"Port {port} is in use. Choose another one: PORT={port + 1} make demo"
            ]
            assert demo.stdout.read_text() == ""
        assert not data_dir.exists()


def test_ctrl_c_leaves_nothing_and_two_share_their_data() -> None:
    elsewhere = {"POLYPHONY_POSTGRES_URL": "postgresql+asyncpg://nobody@nowhere.invalid/none"}
    with demo_data() as data_dir, running_demo(data_dir) as first:
        before = ask(first.address())
        assert postgres_of(data_dir)
        with running_demo(data_dir, environment=elsewhere) as second:
            after = ask(second.address())
            assert "POLYPHONY_POSTGRES_URL" in second.stderr.read_text()
            assert first.stop(signal.SIGINT) == 0, first.stderr.read_text()
            assert first.stderr.read_text() == ""
            assert ask(second.address()) == after
            assert second.stop(signal.SIGTERM) == 0, second.stderr.read_text()
        assert not postgres_of(data_dir)
    assert before["user"]["playlists"] == after["user"]["playlists"]


def test_a_signal_while_it_fills_leaves_nothing() -> None:
    with demo_data() as data_dir, running_demo(data_dir) as demo:
        while not (data_dir / "demo" / "postgres").exists():
            assert demo.process.poll() is None, demo.stderr.read_text()
        assert demo.stop(signal.SIGINT) == 0, demo.stderr.read_text()


def test_a_file_that_is_not_there_is_one_line() -> None:
    with demo_data() as data_dir:
        missing = data_dir / "missing.csv"
        with running_demo(data_dir, "--port", "0", "--catalogue", str(missing)) as demo:
            assert demo.process.wait(120) == 2
            assert len(demo.stderr.read_text().splitlines()) == 1
            assert "missing.csv" in demo.stderr.read_text()
