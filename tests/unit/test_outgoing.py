import asyncio
import socket
from typing import Any

import httpx2
import pytest

from auth.outgoing import Outgoing, OutgoingError


class _Names:
    """Resolves names without asking anybody."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
        self.addresses = addresses
        monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", self._getaddrinfo)

    async def _getaddrinfo(self, _: str, port: int, **__: Any) -> list[Any]:
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in self.addresses
        ]


class _Wire:
    """Stands in for the connection: remembers to where, and answers."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **answer: Any) -> None:
        self.requests: list[httpx2.Request] = []
        self.answer = {"status_code": 200, "content": b"{}", **answer}
        self.unreachable: set[str] = set()
        monkeypatch.setattr(httpx2.AsyncHTTPTransport, "handle_async_request", self._handle)

    async def _handle(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        if request.url.host in self.unreachable:
            raise httpx2.ConnectError("refused")
        content = httpx2.ByteStream(self.answer["content"])
        return httpx2.Response(
            self.answer["status_code"], headers=self.answer.get("headers"), stream=content
        )


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.9.1", "0.1.2.3", "10.1.2.3", "172.16.0.1", "192.168.1.1",
        "169.254.169.254", "100.64.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
        "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fec0::1", "feff::1", "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::", "2002:a00:1::1",
    ],
)  # fmt: skip
async def test_no_address_but_a_public_one_is_asked(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    wire = _Wire(monkeypatch)
    _Names(monkeypatch, "8.8.8.8", address)
    with pytest.raises(OutgoingError, match="this address is not asked"):
        await Outgoing().fetch_json("https://names.example/keys")
    assert wire.requests == []


@pytest.mark.parametrize(
    "url",
    [
        "http://names.example/", "ftp://names.example/", "file:///etc/passwd", "//names.example/",
        "https://", "https://user:pass@names.example/", "https://user@names.example/", "",
        "gopher://names.example/", "https://[::1", "https://names.example:99999/",
    ],
)  # fmt: skip
async def test_no_address_but_one_of_https_is_asked(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    wire = _Wire(monkeypatch)
    _Names(monkeypatch, "8.8.8.8")
    with pytest.raises(OutgoingError):
        await Outgoing().fetch_json(url)
    assert wire.requests == []


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/", "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://2130706433/",
        "https://0x7f.1/", "https://127.1/", "https://0/", "https://localhost/",
        "https://017700000001/", "https://127.0.0.1./",
    ],
)  # fmt: skip
async def test_no_other_way_to_write_this_machine_leads_there(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    """The machine's own resolver reads these: it is asked for none that needs the network."""
    wire = _Wire(monkeypatch)
    with pytest.raises(OutgoingError):
        await Outgoing().fetch_json(url)
    assert wire.requests == []


async def test_the_connection_goes_to_the_address_that_was_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wire = _Wire(monkeypatch)
    names = _Names(monkeypatch, "8.8.8.8")
    assert await Outgoing().fetch_json("https://names.example:8443/keys?a=b") == {}
    [request] = wire.requests
    assert str(request.url) == "https://8.8.8.8:8443/keys?a=b"
    assert request.headers["Host"] == "names.example:8443"
    assert request.extensions["sni_hostname"] == "names.example"
    names.addresses = ("10.0.0.1",)  # the name says something else now
    with pytest.raises(OutgoingError):
        await Outgoing().fetch_json("https://names.example:8443/keys")


async def test_another_address_of_the_host_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = _Wire(monkeypatch)
    wire.unreachable = {"2001:4860:4860::8888"}
    _Names(monkeypatch, "2001:4860:4860::8888", "8.8.8.8")
    assert await Outgoing().fetch_json("https://names.example/") == {}
    assert [one.url.host for one in wire.requests] == ["2001:4860:4860::8888", "8.8.8.8"]
    wire.unreachable = {"2001:4860:4860::8888", "8.8.8.8"}
    with pytest.raises(OutgoingError, match="ConnectError"):
        await Outgoing().fetch_json("https://names.example/")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"status_code": 302, "headers": {"Location": "https://10.0.0.1/"}}, "status 302"),
        ({"status_code": 500}, "status 500"),
        ({"content": b"<html>"}, "no JSON"),
        ({"content": b'{"a": 1, "a": 2}'}, "no JSON"),
        ({"content": b'{"a": NaN}'}, "no JSON"),
        ({"content": b'{"a": "\xff"}'}, "no JSON"),
        ({"content": b"[" * 100_000}, "no JSON"),
        ({"content": b'"' + b"a" * 300_000 + b'"'}, "too long"),
        ({"headers": {"Content-Encoding": "gzip"}, "content": b"\x1f\x8b"}, "packed"),
    ],
)
async def test_nothing_else_than_a_short_plain_answer_is_read(
    monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any], reason: str
) -> None:
    wire = _Wire(monkeypatch, **answer)
    _Names(monkeypatch, "8.8.8.8")
    with pytest.raises(OutgoingError, match=reason):
        await Outgoing().fetch_json("https://names.example/")
    assert len(wire.requests) == 1


async def test_a_host_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: object) -> httpx2.Response:
        return await asyncio.Future()

    _Names(monkeypatch, "8.8.8.8")
    monkeypatch.setattr(httpx2.AsyncHTTPTransport, "handle_async_request", never)
    with pytest.raises(OutgoingError, match="took too long"):
        await Outgoing(timeout_s=0.01).fetch_json("https://names.example/")


@pytest.mark.parametrize(
    ("options", "address", "url", "asked"),
    [
        ({"loopback": True}, "127.0.0.1", "http://names.example/", True),
        ({"loopback": True}, "127.0.0.1", "https://names.example/", True),
        ({"loopback": True}, "8.8.8.8", "http://names.example/", False),
        ({"loopback": True}, "10.0.0.1", "https://names.example/", False),
        ({"private": True}, "10.0.0.1", "https://names.example/", True),
        ({"private": True}, "10.0.0.1", "http://names.example/", False),
        ({"private": True}, "127.0.0.1", "https://names.example/", False),
        ({"private": True}, "169.254.169.254", "https://names.example/", False),
    ],
)
async def test_what_may_be_reached_can_be_widened(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, bool], address: str, url: str, asked: bool
) -> None:
    wire = _Wire(monkeypatch)
    _Names(monkeypatch, address)
    if asked:
        assert await Outgoing(**options).fetch_json(url) == {}
    else:
        with pytest.raises(OutgoingError):
            await Outgoing(**options).fetch_json(url)
    assert len(wire.requests) == asked
