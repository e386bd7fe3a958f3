"""Sockets of a server, taken before it starts."""

import errno
import socket
from collections.abc import Sequence

from gateway.server.silence import limit_silence

_BACKLOG = 2048
_BUFFER_BYTES = 65_536
_STALL_TIMEOUT_S = 20.0
_AFTER_US_S = 5.0


class PortTaken(Exception):
    """Somebody else listens on the port."""


def listen_on(
    host: str, port: int, stall_timeout_s: float = _STALL_TIMEOUT_S
) -> list[socket.socket]:
    """Return sockets that listen on each address of a host ("localhost" has two, often).

    Taken before anything is prepared, so that nobody else gets the port meanwhile; clients that
    come early wait. Port 0 takes any that is free, the same on each address. The time-out is for
    peers that take nothing, seconds.

    Raises:
        PortTaken: somebody listens on one of the addresses.
        OSError: the host is not found or has no address here, or the port is not allowed.
    """
    sockets: list[socket.socket] = []
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except UnicodeError as error:  # "a..b", or a label that is too long
        raise OSError(str(error)) from error
    addresses = dict.fromkeys((family, str(where[0])) for family, *_, where in found)
    missing: OSError | None = None
    for family, address in addresses:
        try:
            taken = socket.create_server((address, port), family=family, backlog=_BACKLOG)
        except OSError as error:
            if error.errno not in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}:
                close_all(sockets)
                if error.errno == errno.EADDRINUSE:
                    raise PortTaken from error
                raise
            missing = error  # a machine without IPv6 may still name its address
            continue
        _limit(taken, stall_timeout_s)
        sockets.append(taken)
        port = taken.getsockname()[1]
    if missing is not None and not sockets:
        raise missing
    return sockets


def _limit(listener: socket.socket, stall_timeout_s: float) -> None:
    """Bound what the system keeps for peers that do not read, or flood; connections inherit it.

    Else it holds 4 MB for each, and a connection that is closed waits for its peer for ever. The
    server itself is to be first where it has noticed: it tells the peer, the system does not.
    """
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER_BYTES)
    limit_silence(listener, stall_timeout_s + _AFTER_US_S)


def close_all(sockets: Sequence[socket.socket]) -> None:
    """Close sockets that are not, or no longer, served."""
    for one in sockets:
        one.close()
