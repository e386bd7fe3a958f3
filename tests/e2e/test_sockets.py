"""The gateway's own sockets and streams, by a client's library over the network."""

import json
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.plugins.server import DemoProcess, demo_data, running_demo

OURS = Subprotocol("graphql-transport-ws")
DEADLINE_S = 60
QUICK = {"POLYPHONY_STOP_DELAY_S": "0", "POLYPHONY_STOP_WINDOW_S": "1"}
ADA = '{ user(handle: "ada") { id } }'
PLAYING = """subscription ($ids: [ID!]!) {
  nowPlaying(userIds: $ids) { __typename ... on NowPlayingChanged { userId } }
}"""
SIGN_IN = """mutation ($login: String!, $password: String!) {
  signIn(input: {login: $login, password: $password, session: TOKENS}) {
    ... on SignedIn { user { id } tokens { accessToken } }
  }
}"""
PLAYED = """subscription ($ids: [ID!]!) {
  nowPlaying(userIds: $ids) { ... on NowPlayingChanged { nowPlaying { track { id } } } }
}"""
TRACK = '{ search(query: "a", types: [TRACK], first: 1) { nodes { ... on Track { id } } } }'
PLAY = "mutation ($track: ID!) { setNowPlaying(input: {trackId: $track}) { __typename } }"


@pytest.fixture(scope="module")
def demo() -> Iterator[DemoProcess]:
    """A demo that stops at once."""
    with demo_data() as folder, running_demo(folder, environment=QUICK) as one:
        yield one


@pytest.fixture(scope="module")
def url(demo: DemoProcess) -> str:
    """The address of its endpoint."""
    return demo.address()


@contextmanager
def opened(url: str, **options: Any) -> Iterator[ClientConnection]:
    """Yield an accepted socket."""
    address = url.replace("http", "ws", 1)
    given = {"subprotocols": [OURS], "proxy": None, "compression": None, **options}
    with connect(address, open_timeout=DEADLINE_S, **given) as client:
        yield client


@contextmanager
def initialised(url: str, **payload: str) -> Iterator[ClientConnection]:
    """Yield a socket that may subscribe."""
    with opened(url) as client:
        send(client, type="connection_init", payload=payload)
        assert hear(client) == {"type": "connection_ack"}
        yield client


def send(client: ClientConnection, **message: Any) -> None:
    client.send(json.dumps(message))


def hear(client: ClientConnection) -> Any:
    text = client.recv(DEADLINE_S)
    assert isinstance(text, str)
    return json.loads(text)


def ask(client: ClientConnection, id_: str, query: str, **variables: Any) -> None:
    payload = {"query": query, "variables": variables}
    send(client, type="subscribe", id=id_, payload=payload)


def close_code(client: ClientConnection) -> int | None:
    """Return the code that the server closes with, whatever it says before."""
    try:
        while True:
            client.recv(DEADLINE_S)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None


def ada(url: str) -> str:
    answer = httpx2.post(url, json={"query": ADA}).json()
    found: str = answer["data"]["user"]["id"]
    return found


def test_queries_errors_and_subscriptions_at_once(url: str) -> None:
    person = ada(url)
    with initialised(url) as client:
        assert client.subprotocol == OURS
        ask(client, "live", PLAYING, ids=[person])
        first = hear(client)
        assert (first["type"], first["id"]) == ("next", "live")
        assert first["payload"]["data"]["nowPlaying"]["userId"] == person
        ask(client, "bad", "{ nothing }")
        bad = hear(client)
        assert (bad["type"], bad["id"]) == ("error", "bad")
        ask(client, "good", ADA)
        good = {"type": "next", "id": "good", "payload": {"data": {"user": {"id": person}}}}
        assert hear(client) == good
        assert hear(client) == {"type": "complete", "id": "good"}
        send(client, type="complete", id="live")
        send(client, type="ping")
        assert hear(client) == {"type": "pong"}


def test_what_is_played_comes_to_sockets_and_streams(demo: DemoProcess, url: str) -> None:
    """The listener of the demo plays a track; a socket and a stream hear of it."""
    password = re.search(r"^ *ada +(\S+)", demo.stdout.read_text(), re.MULTILINE)
    assert password
    variables = {"login": "ada", "password": password[1]}
    signed_in = httpx2.post(url, json={"query": SIGN_IN, "variables": variables}).json()
    token = signed_in["data"]["signIn"]["tokens"]["accessToken"]
    person = signed_in["data"]["signIn"]["user"]["id"]
    bearer = {"Authorization": f"Bearer {token}"}
    events = {**bearer, "Accept": "text/event-stream"}
    body = {"query": PLAYED, "variables": {"ids": [person]}}
    with (
        initialised(url, authorization=f"Bearer {token}") as client,
        httpx2.stream("POST", url, json=body, headers=events, timeout=DEADLINE_S) as stream,
    ):
        ask(client, "live", PLAYED, ids=[person])
        lines = stream.iter_lines()
        hear(client)
        assert next(line for line in lines if line.startswith("data:"))
        track = httpx2.post(url, json={"query": TRACK}).json()["data"]["search"]["nodes"][0]
        ask(client, "play", PLAY, track=track["id"])
        heard = {message["id"]: message for message in (hear(client), hear(client), hear(client))}
        assert set(heard) == {"live", "play"}
        said = next(line for line in lines if line.startswith("data:"))
        assert track["id"] in said


@pytest.mark.parametrize("offered", [None, [Subprotocol("graphql-ws")]])
def test_other_subprotocols(url: str, offered: list[Subprotocol] | None) -> None:
    with opened(url, subprotocols=offered) as client:
        assert client.subprotocol is None
        assert close_code(client) == 4406


def test_pages_of_other_sites(url: str) -> None:
    with pytest.raises(InvalidStatus) as refused, opened(url, origin="https://evil.example"):
        pass
    assert refused.value.response.status_code == 403


def test_our_own_page(url: str) -> None:
    origin = f"http://{urlsplit(url).netloc}"
    with opened(url, origin=origin) as client:
        send(client, type="ping")
        assert hear(client) == {"type": "pong"}


def test_no_compression_is_agreed_on(url: str) -> None:
    with opened(url, compression="deflate") as client:
        assert client.protocol.extensions == []


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (b"\x00\xff", 4400),
        ("{", 4400),
        ("x" * (1 << 20), 4400),
        ("x" * ((1 << 20) + 1), 1009),
        (["{", '"type":', '"unknown"', "}"], 4400),
    ],
    ids=["binary", "no JSON", "long", "too long", "fragments"],
)
def test_frames_that_are_none(url: str, frame: Any, code: int) -> None:
    with initialised(url) as client:
        client.send(frame)
        assert close_code(client) == code


def test_text_that_is_no_utf_8(url: str) -> None:
    with initialised(url) as client:
        client.send(b'{"type":"\xff"}', text=True)
        assert close_code(client) == 1007


def test_clients_that_vanish_leave_the_others_alone(url: str) -> None:
    person = ada(url)
    with initialised(url) as client:
        ask(client, "live", PLAYING, ids=[person])
        hear(client)
        for _ in range(5):
            with initialised(url) as other:
                ask(other, "live", PLAYING, ids=[person])
                other.socket.close()
        send(client, type="ping")
        assert hear(client) == {"type": "pong"}


def test_a_restart_loses_nobody() -> None:
    """A subscription hears that the server stops, and is there again on the next one."""
    with demo_data() as folder:
        with running_demo(folder, environment=QUICK) as demo:
            url = demo.address()
            person = ada(url)
            events = {"Accept": "text/event-stream"}
            body = {"query": PLAYING, "variables": {"ids": [person]}}
            with (
                initialised(url) as client,
                httpx2.stream("POST", url, json=body, headers=events, timeout=DEADLINE_S) as stream,
            ):
                ask(client, "live", PLAYING, ids=[person])
                hear(client)
                demo.process.send_signal(signal.SIGTERM)
                assert close_code(client) == 1012
                assert "event: complete" not in stream.read().decode()
            assert demo.process.wait(DEADLINE_S) == 0
        with (
            running_demo(folder, "--port", str(urlsplit(url).port), environment=QUICK) as again,
            initialised(again.address()) as client,
        ):
            ask(client, "live", PLAYING, ids=[person])
            assert hear(client)["payload"]["data"]["nowPlaying"]["userId"] == person
