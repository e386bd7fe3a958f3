"""Runs the server: in this process, or in several that share its sockets."""

import contextlib
import socket
from collections.abc import Sequence

from uvicorn.config import STARTUP_FAILURE

from gateway.server.config import ServerConfig
from gateway.server.server import Server
from gateway.server.workers import Workers

STOPPED = 0
START_FAILED = STARTUP_FAILURE


def run(config: ServerConfig, sockets: Sequence[socket.socket]) -> int:
    """Serve on sockets that listen already, until a signal; return the exit status.

    It is 0 after a stop by SIGTERM or Ctrl-C, also where answers had to be cut off, and 3 where
    the application did not start.
    """
    if config.workers > 1:
        workers = Workers(config, sockets)
        workers.run()
        return START_FAILED if workers.failed_to_start else STOPPED
    server = Server(config)
    with contextlib.suppress(KeyboardInterrupt):
        server.run(list(sockets))
    return STOPPED if server.started else START_FAILED
