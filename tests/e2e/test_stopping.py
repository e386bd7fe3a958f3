"""The server stops, alone and with workers: nobody who has begun is lost."""

import json
import signal
import threading
import time
from collections import Counter
from http.client import HTTPConnection, HTTPException, HTTPResponse
from itertools import chain

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.plugins.small_server import DEADLINE_S, Small, small_server

LONG = 3600
BODY = b"0123456789"
CLIENTS = 8
alone_and_with_workers = pytest.mark.parametrize("workers", [1, 2])


def ask(connection: HTTPConnection, path: str = "/quick") -> tuple[HTTPResponse, bytes]:
    connection.request("GET", path)
    response = connection.getresponse()
    return response, response.read()


def hold(connection: HTTPConnection) -> None:
    """Begin a request whose body is not complete: it is under way until `finish`."""
    connection.putrequest("POST", "/echo")
    connection.putheader("Content-Length", str(len(BODY)))
    connection.endheaders()
    connection.send(BODY[:5])


def finish(connection: HTTPConnection) -> HTTPResponse:
    connection.send(BODY[5:])
    return connection.getresponse()


def kept(server: Small, workers: int, each: int) -> dict[int, list[HTTPConnection]]:
    """Return connections that were used and kept: so many to each worker."""
    found: dict[int, list[HTTPConnection]] = {}
    deadline = time.monotonic() + DEADLINE_S
    while sum(len(some) == each for some in found.values()) < workers:
        assert time.monotonic() < deadline, "a worker gets no connection"
        connection = server.connection()
        some = found.setdefault(json.loads(ask(connection)[1])["pid"], [])
        if len(some) < each:
            some.append(connection)
    return found


def open_socket(server: Small) -> ClientConnection:
    address = f"ws://127.0.0.1:{server.port}/socket"
    opened = server.clients.enter_context(connect(address, proxy=None, compression=None))
    opened.send("hello")
    assert opened.recv() == "hello"
    return opened


@alone_and_with_workers
def test_what_is_under_way_is_finished_and_what_is_new_refused(workers: int) -> None:
    with small_server(
        workers=workers,
        stop__delay_s=0,
        stop__window_s=0.2,
        connection__stall_timeout_s=LONG,
        connection__idle_timeout_s=LONG,
    ) as server:
        connections = kept(server, workers, each=2)
        for held, _ in connections.values():
            hold(held)
        sockets = [open_socket(server) for _ in range(5)]
        streaming = server.connection()
        streaming.request("GET", "/stream")
        stream = streaming.getresponse()

        server.signal(signal.SIGTERM)
        server.wait_until_it_refuses()
        for _, idle in connections.values():
            response, body = ask(idle)
            assert response.status == 503
            assert response.headers["Connection"] == "close"
            assert response.headers["Retry-After"] == "2"
            (error,) = json.loads(body)["errors"]
            assert error["extensions"] == {"code": "SERVICE_UNAVAILABLE"}
        for one in sockets:
            with pytest.raises(ConnectionClosed) as closed:
                one.recv()
            assert closed.value.rcvd
            assert closed.value.rcvd.code == 1012
        assert stream.read() == b"event: hello\n\nevent: bye\n\n"
        assert not server.begun(), "the lifespan has ended before the requests"
        for held, _ in connections.values():
            response = finish(held)
            assert response.status == 200
            assert response.headers["Connection"] == "close"
            assert json.loads(response.read())["bytes"] == len(BODY)
        assert server.ended() == 0
        assert set(server.begun()) == set(connections)


@alone_and_with_workers
def test_readiness_fails_before_anything_is_refused(workers: int) -> None:
    with small_server(workers=workers, stop__delay_s=LONG) as server:
        connections = kept(server, workers, each=2)
        server.signal(signal.SIGTERM)
        deadline = time.monotonic() + DEADLINE_S
        # Each worker gets its signal by itself.
        for asking, idle in connections.values():
            while ask(asking, "/ready")[0].status != 503:
                assert time.monotonic() < deadline
            assert_answered_once(idle)
        assert_answered_once(server.connection())
        open_socket(server).close()
        for pid in server.pids():
            pid.send_signal(signal.SIGINT)  # as Ctrl-C in a terminal does
        assert server.ended() == 0


def assert_answered_once(connection: HTTPConnection) -> None:
    response, _ = ask(connection)
    assert response.status == 200
    assert response.headers["Connection"] == "close"


@alone_and_with_workers
def test_idle_connections_hold_nothing_up(workers: int) -> None:
    with small_server(
        workers=workers, stop__delay_s=0, connection__idle_timeout_s=LONG, stop__timeout_s=LONG
    ) as server:
        connections = kept(server, workers, each=3)
        server.signal(signal.SIGTERM)
        assert server.ended() == 0
        for one in chain(*connections.values()):
            assert one.sock is not None
            assert one.sock.recv(1) == b""


@alone_and_with_workers
def test_what_takes_too_long_is_cut_off_before_the_stores_close(workers: int) -> None:
    with small_server(
        workers=workers, stop__delay_s=0, stop__timeout_s=0.2, connection__stall_timeout_s=LONG
    ) as server:
        connections = kept(server, workers, each=1)
        for (held,) in connections.values():
            hold(held)
        server.signal(signal.SIGTERM)
        assert server.ended() == 0
        assert set(server.begun()) == set(connections)
        assert server.errors.read_text().count("cut off when stopping") == workers


def test_a_second_ctrl_c_waits_for_nothing() -> None:
    with small_server(stop__timeout_s=LONG, connection__stall_timeout_s=LONG) as server:
        connection = server.connection()
        hold(connection)
        server.signal(signal.SIGINT)
        server.wait_until_it_refuses()
        server.signal(signal.SIGINT)
        assert server.ended() == 0


class Client(threading.Thread):
    """Asks again and again, until nobody listens any more."""

    def __init__(self, server: Small) -> None:
        super().__init__(daemon=True)
        self.server = server
        self.answered: Counter[str] = Counter()

    def run(self) -> None:
        connection = self.server.connection()
        while True:
            try:
                response, _ = ask(connection)
            except (OSError, HTTPException):
                pass  # no answer: the server says whether it had begun
            else:
                self.answered[str(response.status)] += 1
                if response.headers["Connection"] != "close":
                    continue
            try:
                connection = self.server.connection()
            except ConnectionError:
                return


@alone_and_with_workers
def test_each_request_that_was_begun_under_load_is_answered(workers: int) -> None:
    with small_server(workers=workers, stop__delay_s=0.3) as server:
        clients = [Client(server) for _ in range(CLIENTS)]
        for client in clients:
            client.start()
        while sum(client.answered["200"] for client in clients) < 500:
            time.sleep(0.01)
        server.signal(signal.SIGTERM)
        assert server.ended() == 0
        for client in clients:
            client.join(DEADLINE_S)
        answered = sum((client.answered for client in clients), Counter[str]())
        assert set(answered) <= {"200", "503"}
        ours = 1  # the first answer, of which `small_server` knows that it serves
        assert sum(server.begun().values()) == answered["200"] + ours
