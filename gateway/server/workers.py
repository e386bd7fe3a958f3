"""Several processes on the same port, each with our server."""

import socket
from collections.abc import Sequence

import structlog
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import multiprocess

from gateway.server.config import ServerConfig
from gateway.server.server import Server

log = structlog.get_logger(__name__)

_SLACK_S = 15.0
"""What a worker's stop may take beyond its own time-outs: the stores' end."""


class Worker(multiprocess.Process):
    """A process of uvicorn's supervisor that runs our server."""

    @property
    def server(self) -> Server:
        """The server, made in the worker at the first look."""
        if not isinstance(self._server, Server):
            assert isinstance(self.config, ServerConfig)  # noqa: S101  as the supervisor was given
            self._server = Server(self.config)
        return self._server


class Workers(multiprocess.Multiprocess):
    """uvicorn's supervisor: it replaces workers that died, and passes a stop on.

    Each worker stops as a single server does, all of them at the same time.
    """

    def __init__(self, config: ServerConfig, sockets: Sequence[socket.socket]) -> None:
        # The supervisor finds the class of its processes there, and has no other place for it.
        vars(multiprocess)["Process"] = Worker
        super().__init__(config, list(sockets))
        self.longest_stop_s = config.stop.delay_s + config.stop.timeout_s + _SLACK_S

    def terminate_all(self) -> None:
        """Tell all to stop. The parent's own listeners close: the last worker's close counts."""
        for one in self.sockets:
            one.close()
        super().terminate_all()

    def join_all(self) -> None:
        """Wait for all; one that hangs is killed."""
        for one in self.processes:
            one.process.join(self.longest_stop_s)
            if one.process.exitcode is None:
                log.error("a worker hangs and is killed", pid=one.pid)
                one.process.kill()
                one.process.join()

    @property
    def failed_to_start(self) -> bool:
        """Whether it ended because a worker could not start."""
        return any(one.exitcode == STARTUP_FAILURE for one in self.processes)
