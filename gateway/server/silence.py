"""How long the peer of a connection may acknowledge nothing before the system drops it."""

import asyncio
import socket
from collections.abc import MutableMapping
from functools import partial
from typing import Any

_EXTENSION = "polyphony.silence"


def limit_silence(one: socket.socket, seconds: float) -> None:
    """Drop a connection whose peer takes nothing of what is sent for so long; Linux alone can."""
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(seconds * 1000))


def offer_limit(scope: MutableMapping[str, Any], transport: asyncio.Transport) -> None:
    """Let an application limit the silence on the connection of a request."""
    scope.setdefault("extensions", {})[_EXTENSION] = partial(_limit, transport)


def limit_silence_of(scope: MutableMapping[str, Any], seconds: float) -> None:
    """Limit the silence on the connection of a request, where the server offers that.

    For good: close it with the answer.
    """
    limit = scope.get("extensions", {}).get(_EXTENSION)
    if limit is not None:
        limit(seconds)


def _limit(transport: asyncio.Transport, seconds: float) -> None:
    one = transport.get_extra_info("socket")
    if one is not None and not transport.is_closing():  # else it may be another's by now
        limit_silence(one, seconds)
