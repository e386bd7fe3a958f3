"""Requests to addresses that a configuration, a provider or a third party names.

Whoever names an address must not reach what only we reach: our own machine, our network, the
cloud's metadata. So a name is resolved here, each of its addresses has to be a public one, and the
connection goes to that very address; nothing is followed on to another one.
"""

import asyncio
import socket
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from ssl import SSLContext
from typing import Any

import httpx2

from auth.strict_json import read_json

MAX_BYTES = 256 * 1024
TIMEOUT_S = 5.0

_NAT64 = ip_network("64:ff9b::/96")
_SITE_LOCAL = ip_network("fec0::/10")  # the older private addresses, which pass for global ones
_LAST_32_BITS = 0xFFFF_FFFF
_PORTS = {"http": 80, "https": 443}
_MAX_PORT = 65_535
_OK = 200


class OutgoingError(Exception):
    """There is no answer that can be used. The reason is for logs and names no secret."""


class Outgoing:
    """How this process asks others. It opens nothing until it is used.

    `loopback` lets it reach this machine, by plain HTTP, too: for development. `private` lets it
    reach private addresses, by HTTPS, for an operator's own provider: never for a third party's.
    """

    def __init__(
        self, *, loopback: bool = False, private: bool = False, timeout_s: float = TIMEOUT_S
    ) -> None:
        self._loopback = loopback
        self._private = private
        self._timeout_s = timeout_s
        self._tls = _tls()

    def transport(self) -> httpx2.AsyncBaseTransport:
        """Return what a client of `httpx2` or Authlib is to be given: it does all that is below.

        Pass `trust_env=False` with it: a proxy would do the resolving.
        """
        return _Guarded(self)

    def client(self) -> httpx2.AsyncClient:
        """Return a client whose requests are guarded; close it after use.

        Its requests raise OutgoingError, or `httpx2.InvalidURL` where there is nothing to ask.
        Answers are read whole, and redirects are answers.
        """
        return httpx2.AsyncClient(transport=self.transport(), trust_env=False)

    async def fetch_json(
        self, url: str, *, headers: Mapping[str, str] | None = None, max_bytes: int = MAX_BYTES
    ) -> Any:
        """Return the JSON at an address: a GET that has to be answered with 200.

        Raises:
            OutgoingError: the address is not to be asked, or there is no such answer.
        """
        sent = {"Accept": "application/json", **(headers or {})}
        try:
            request = httpx2.Request("GET", url, headers=sent)
        except httpx2.InvalidURL as error:
            raise OutgoingError("this is no address") from error
        response = await self.send(request)
        if response.status_code != _OK:
            raise OutgoingError(f"status {response.status_code}")
        if len(response.content) > max_bytes:
            raise OutgoingError("too long")
        try:
            return read_json(response.content)
        except ValueError as error:
            raise OutgoingError("no JSON") from error

    async def send(self, request: httpx2.Request) -> httpx2.Response:
        """Answer one request of a client, with the body, within the time and the size there are.

        Raises:
            OutgoingError: there is no such answer.
        """
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._sent(request)
        except TimeoutError:
            raise OutgoingError("took too long") from None
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, UnicodeError) as error:
            raise OutgoingError(type(error).__name__) from error

    async def _sent(self, request: httpx2.Request) -> httpx2.Response:
        addresses = await self._addresses(request.url)
        # Packed answers can be a thousand times as long as they seem.
        request.headers["Accept-Encoding"] = "identity"
        *others, last = addresses
        for address in others:
            with suppress(httpx2.ConnectError, httpx2.ConnectTimeout):
                return await self._sent_to(request, address)
        return await self._sent_to(request, last)

    async def _sent_to(self, request: httpx2.Request, address: str) -> httpx2.Response:
        to_address = httpx2.Request(
            request.method,
            request.url.copy_with(host=address),
            headers=request.headers,  # with the Host that was asked for
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": request.url.host},
        )
        async with httpx2.AsyncHTTPTransport(verify=self._tls, trust_env=False) as wire:
            answer = await wire.handle_async_request(to_address)
            try:
                return await _read(request, answer)
            finally:
                await answer.aclose()

    async def _addresses(self, url: httpx2.URL) -> list[str]:
        """Return the addresses of a URL's host, once each, where all of them may be reached."""
        plain = url.scheme == "http" and self._loopback
        if (url.scheme != "https" and not plain) or url.userinfo or not url.host:
            raise OutgoingError("this address is not asked")
        port = url.port or _PORTS[url.scheme]
        if port > _MAX_PORT:
            raise OutgoingError("this address is not asked")
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(url.host, port, type=socket.SOCK_STREAM)
        addresses = dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found)
        if not all(self._may_reach(address, plain=plain) for address in addresses):
            raise OutgoingError("this address is not asked")
        return list(addresses)

    def _may_reach(self, text: str, *, plain: bool) -> bool:
        address = _plain(ip_address(text.partition("%")[0]))
        if self._loopback and address.is_loopback:
            return True
        if plain:
            return False
        if self._private and address.is_private and not _nowhere(address):
            return True
        return address.is_global and not _nowhere(address)


@cache
def _tls() -> SSLContext:
    """Return what checks certificates: made once, for it takes many milliseconds."""
    return httpx2.create_ssl_context()


class _Guarded(httpx2.AsyncBaseTransport):
    def __init__(self, outgoing: Outgoing) -> None:
        self._outgoing = outgoing

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        return await self._outgoing.send(request)


async def _read(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
    if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise OutgoingError("packed")
    body = bytearray()
    async for chunk in answer.aiter_raw():
        body += chunk
        if len(body) > MAX_BYTES:
            raise OutgoingError("too long")
    return httpx2.Response(
        answer.status_code, headers=answer.headers, content=bytes(body), request=request
    )


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address that an IPv6 one leads to, or the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & _LAST_32_BITS)
    return address.ipv4_mapped or address.sixtofour or address


def _nowhere(address: IPv4Address | IPv6Address) -> bool:
    """Whether nobody's server can be there; link-local addresses are those of metadata."""
    return (
        address.is_multicast
        or address.is_unspecified
        or address.is_link_local
        or address in _SITE_LOCAL
        or address.is_reserved
        or address.is_loopback
    )
