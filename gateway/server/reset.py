"""Ends connections of peers that do not take what is sent to them."""

import asyncio
import socket
import struct

_LINGER_0 = struct.pack("ii", 1, 0)


def reset(transport: asyncio.Transport) -> None:
    """End a connection that is not lost yet; what was not sent is thrown away, by the system, too.

    A mere close leaves the system with it, and the peer without any news, as long as it likes.
    """
    one = transport.get_extra_info("socket")
    if one is not None:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_0)
    transport.abort()
