"""Connections have limits of their own, whatever the application does."""

import os
import socket
import struct
import time
from collections.abc import Iterator

import pytest

from tests.plugins.small_server import DEADLINE_S, Small, small_server

HEAD = b"GET /quick HTTP/1.1\r\nHost: x\r\n"
UPGRADE = (
    b"GET /socket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
MASK = b"\0\0\0\0"
PING = b"\x89\x80" + MASK
PONG = b"\x8a\x80" + MASK
TEXT_BEGINS = b"\x01\x80" + MASK
CRUMB = b"\x00\x80" + MASK
POLICY_VIOLATION = 1008


@pytest.fixture(scope="module")
def server() -> Iterator[Small]:
    """With short time-outs: a test waits for them, and for nothing else."""
    with small_server(
        connection__head_timeout_s=1, connection__stall_timeout_s=1, stop__delay_s=0
    ) as one:
        yield one


@pytest.fixture(scope="module")
def patient() -> Iterator[Small]:
    """With time-outs that no test reaches."""
    with small_server(
        connection__head_timeout_s=600, connection__stall_timeout_s=600, stop__delay_s=0
    ) as one:
        yield one


def sent(server: Small, *pieces: bytes) -> bytes:
    """Return all that comes until the server ends the connection."""
    return rest(server.raw(), *pieces)


def rest(client: socket.socket, *pieces: bytes) -> bytes:
    received = b""
    try:
        for piece in pieces:
            client.sendall(piece)
        while piece := client.recv(65536):
            received += piece
    except ConnectionError:
        pass
    return received


def dropped(client: socket.socket, drip: bytes) -> bool:
    """Return whether the connection ends, noticed by writing alone."""
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        try:
            client.sendall(drip)
        except ConnectionError:
            return True
        time.sleep(0.05)
    return False


def works(server: Small) -> bool:
    return sent(server, HEAD + b"Connection: close\r\n\r\n").startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("value", [32_000, 32_768, 40_000, 200_000, 10_000_000])
def test_a_long_head_is_answered_with_431(patient: Small, value: int) -> None:
    """Whether it comes at once or by pieces, whole or not."""
    head = HEAD + b"Connection: close\r\nCookie: " + b"x" * value + b"\r\n\r\n"
    expected = b"HTTP/1.1 200 " if value == 32_000 else b"HTTP/1.1 431 "
    pieces = [head[start : start + 10_000] for start in range(0, len(head), 10_000)]
    for answer in (sent(patient, head), sent(patient, *pieces)):
        # Who sends on after the answer may get no more than the end.
        assert answer.startswith(expected) or (value > 40_000 and answer == b"")


def test_a_long_address_and_many_headers_are_heads_too(patient: Small) -> None:
    address = b"GET /quick?" + b"x" * 33_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n"
    assert sent(patient, address).startswith(b"HTTP/1.1 431 ")
    headers = HEAD + b"A: b\r\n" * 7_000 + b"\r\n"
    assert sent(patient, headers).startswith(b"HTTP/1.1 431 ")


def test_a_body_may_be_longer_than_a_head(patient: Small) -> None:
    body = b"x" * 900_000
    head = b"POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 900000\r\n\r\n"
    assert sent(patient, head + body).endswith(b'"bytes":900000}')
    chunked = (
        b"POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"1\r\nx\r\n" * 50_000
        + b"0\r\n\r\n"
    )
    assert sent(patient, chunked).endswith(b'"bytes":50000}')


@pytest.mark.parametrize(
    "flood",
    [b"0\r\n" + b"A: b\r\n" * 100_000, b"0\r\nA: " + b"b" * 600_000, b"1;" + b"x" * 600_000],
)
def test_what_comes_with_a_body_and_is_none_is_bounded(patient: Small, flood: bytes) -> None:
    """Trailers, and extensions of chunks."""
    head = b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n"
    assert sent(patient, head, flood) == b""


def test_requests_that_wait_for_others_are_few(patient: Small) -> None:
    assert sent(patient, (HEAD + b"\r\n") * 10_000) == b""
    few = sent(patient, (HEAD + b"\r\n") * 10 + HEAD + b"Connection: close\r\n\r\n")
    assert few.count(b"HTTP/1.1 200 ") == 11


def test_a_head_that_is_slow_is_dropped(server: Small) -> None:
    began = time.monotonic()
    assert sent(server, HEAD) == b""
    assert sent(server) == b"", "nor one that never begins"
    again = HEAD + b"\r\n" + b"GET /qui"
    assert sent(server, again).count(b"HTTP/1.1") == 1, "nor the second one"
    assert time.monotonic() - began > 3


@pytest.mark.parametrize("path", [b"/echo", b"/nowhere"])
def test_a_body_that_is_slow_is_dropped(server: Small, path: bytes) -> None:
    """Also when it is answered already: it would go on for ever."""
    client = server.raw()
    head = b"POST " + path + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"
    client.sendall(head)
    assert dropped(client, b"x")


def test_who_does_not_read_is_dropped(server: Small) -> None:
    client = server.raw(receive_buffer=4096)
    client.sendall(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
    assert dropped(client, b"\r\n")


@pytest.mark.parametrize(
    "flood",
    [PING * 200, PING * 100_000, PONG * 1000, TEXT_BEGINS + CRUMB * 100_000],
    ids=["pings", "many pings", "pongs", "crumbs"],
)
def test_floods_of_small_frames_end_the_socket(patient: Small, flood: bytes) -> None:
    client = patient.raw()
    client.sendall(UPGRADE + b"\r\n")
    assert client.recv(65536).startswith(b"HTTP/1.1 101 ")
    answer = rest(client, flood)
    # Who sends on after the close frame may get no more than the end.
    close = struct.pack("!H", POLICY_VIOLATION)
    assert close in answer or len(flood) > 10_000
    assert works(patient)


@pytest.mark.parametrize(
    "head",
    [
        UPGRADE + b"Cookie: " + b"x" * 9000 + b"\r\n\r\n",
        UPGRADE + b"A: b\r\n" * 200 + b"\r\n",
        UPGRADE.replace(b"/socket", b"/\xff\xfe") + b"\r\n",
        UPGRADE.replace(b"/socket", b"/%ff%fe?\xc3\xa4") + b"\r\n",
        UPGRADE.replace(b"dGhlIHNhbXBsZSBub25jZQ==", b"short") + b"\r\n",
        UPGRADE.replace(b"GET", b"POST") + b"\r\n",
        UPGRADE + b"B\xc3\xa4: \xff\r\n\r\n",
    ],
)
def test_a_handshake_that_is_none_ends(patient: Small, head: bytes) -> None:
    answer = sent(patient, head)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 4")
    assert works(patient)


def test_noise_ends(patient: Small) -> None:
    for _ in range(50):
        assert sent(patient, os.urandom(2000) + b"\r\n\r\n").startswith((b"HTTP/1.1 400 ", b""))
    assert works(patient)
