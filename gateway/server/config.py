"""uvicorn's configuration, with our protocols and our limits."""

from collections.abc import Callable
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from gateway.server.http import GuardedHttp
from gateway.server.settings import ConnectionSettings, StopSettings
from gateway.server.websocket import GuardedWebSocket

MAX_MESSAGE_BYTES = 1 << 20
_PING_EVERY_S = 5.0
_PONG_WITHIN_S = 8.0
_LAST_GRACE_S = 3
"""For connections when all work is done: their last bytes, and the peers' answers to a close."""


class ServerConfig(uvicorn.Config):
    """uvicorn's configuration, with the limits that the protocols read from it.

    It is pickled for workers: the application is then named as "module:factory".
    """

    def __init__(
        self,
        app: str | Callable[[], ASGIApp],
        connection: ConnectionSettings,
        stop: StopSettings,
        *,
        max_message_bytes: int = MAX_MESSAGE_BYTES,
        **options: Any,
    ) -> None:
        self.connection = connection
        self.stop = stop
        super().__init__(
            app,
            factory=True,
            http=GuardedHttp,
            ws=GuardedWebSocket,
            # 26 kB for an idle socket instead of 60.
            ws_per_message_deflate=False,
            ws_max_size=max_message_bytes,
            # A dead peer is noticed within 13 s: who looks at a playlist is gone within 15.
            ws_ping_interval=_PING_EVERY_S,
            ws_ping_timeout=_PONG_WITHIN_S,
            timeout_keep_alive=connection.idle_timeout_s,
            timeout_graceful_shutdown=_LAST_GRACE_S,
            lifespan="on",
            log_config=None,
            # It has a line for each socket, with the query in its address; ours say what counts.
            log_level="warning",
            access_log=False,
            server_header=False,
            **options,
        )
