"""uvicorn's HTTP protocol with limits: size and time of the head, and peers that stand still."""

import asyncio
from typing import Any, cast

from uvicorn._types import ASGI3Application
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)
from uvicorn.server import ServerState

from gateway.server.progress import Progress
from gateway.server.reset import reset
from gateway.server.settings import ConnectionSettings
from gateway.server.silence import offer_limit

RESET_AFTER_S = 2.0
"""How long the last bytes may take once a connection is closed by the server's stop."""

_MAX_PIPELINED = 16
_MAX_HEADERS = 200
_SLICE_BYTES = 4096
_FIRST_BYTES_WITHIN_S = 1.0
_COLON_SPACE_CRLF = 4


class Excess(Exception):
    """Too much of something: the parser stops, and the connection ends."""


class GuardedHttp(HttpToolsProtocol):
    """One connection. The server calls `sweep` every second.

    httptools keeps whatever a head, the framing of a chunked body, or its trailer brings until it
    is complete: what counts is how much has come since the last piece of body.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.limits: ConnectionSettings = getattr(config, "connection", ConnectionSettings())
        self.headers = []
        self.upgraded = False
        self._unread = False
        self._answering: RequestResponseCycle | None = None
        self.head_open = True
        self._new_until: float | None = self.loop.time() + _FIRST_BYTES_WITHIN_S
        self._head_since: float | None = self.loop.time()
        self._undelivered = 0
        self._too_large = False
        self._body_bytes: int | None = None
        self._receiving = Progress()
        self._sending = Progress()

    def data_received(self, data: bytes) -> None:
        """Parse what has come by pieces, and count: objects of small headers are large."""
        if self.head_open:
            self._head_begins()
        if len(data) <= _SLICE_BYTES:
            self._parse(data)
            return
        for start in range(0, len(data), _SLICE_BYTES):
            self._parse(data[start : start + _SLICE_BYTES])
            if self.transport.is_closing() or self.upgraded:
                return

    def _parse(self, data: bytes) -> None:
        self._undelivered += len(data)
        super().data_received(data)
        if self.upgraded or self.transport.is_closing():
            return
        if self._undelivered > self.limits.max_head_bytes or len(self.headers) > _MAX_HEADERS:
            self._too_large = self.head_open
            self.send_400_response("Too much that is no body.")

    def on_message_begin(self) -> None:
        """Begin a head: it may come in the same piece as the end of another request."""
        self._head_begins()
        super().on_message_begin()

    def _head_begins(self) -> None:
        if self._head_since is None:
            self._head_since = self.loop.time()

    def on_headers_complete(self) -> None:
        """Begin the request, unless its head was too long or too many wait before it.

        Raises:
            Excess: the parser passes it on as its own error, which `send_400_response` answers.
        """
        if len(self.headers) > _MAX_HEADERS or (
            self._undelivered > self.limits.max_head_bytes
            and self._head_bytes() > self.limits.max_head_bytes
        ):
            self._too_large = True
            raise Excess
        if len(self.pipeline) >= _MAX_PIPELINED:
            raise Excess
        self.head_open = False
        self._new_until = self._head_since = None
        self._undelivered = 0
        self._body_bytes = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Pass a piece of the body on."""
        self._undelivered = 0
        if self._body_bytes is not None:
            self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Wait for the next head."""
        self.head_open = True
        self._undelivered = 0
        self._body_bytes = None
        super().on_message_complete()

    def _head_bytes(self) -> int:
        """Return how long the head was. Many heads, and bodies, may have come at once."""
        named = sum(len(name) + len(value) + _COLON_SPACE_CRLF for name, value in self.headers)
        return len(self.url) + named

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be read (400) or is too long (431), and close the connection."""
        if self.cycle is not None and not self.cycle.response_complete:
            self._reset()  # an answer in the midst of another one says nothing
        elif self._too_large:
            self.transport.write(
                STATUS_LINE[431] + b"content-length: 0\r\nconnection: close\r\n\r\n"
            )
            self.transport.close()
        else:
            super().send_400_response(msg)

    def handle_websocket_upgrade(self) -> None:
        """Hand over to the WebSocket protocol, and hold nothing any more."""
        self.upgraded = True
        super().handle_websocket_upgrade()
        self.parser = None  # type: ignore[assignment]  # as uvicorn does: ends a circle

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._answering = cycle
        offer_limit(cast("dict[str, Any]", cycle.scope), self.transport)
        super()._start_asgi_task(cycle, app)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the request that is being answered; uvicorn tells the one that came last."""
        self.pipeline.clear()
        if self._answering is not None and not self._answering.response_complete:
            self._answering.disconnected = True
            self._answering.message_event.set()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Go on to the next request, but not before the peer has read most of this answer."""
        if self.flow.write_paused and not self.transport.is_closing():
            self._unread = True
            self.flow.pause_reading()
        else:
            super().on_response_complete()

    def resume_writing(self) -> None:
        """Note that the peer has read."""
        self._sending.moved()
        super().resume_writing()
        if self._unread:
            self._unread = False
            super().on_response_complete()

    def sweep(self, now: float) -> None:
        """Drop the peer if its head is late, or if it hardly sends its body or reads our answer."""
        late = self._head_since is not None and now - self._head_since > self.limits.head_timeout_s
        to_come = None if self._body_bytes is None or self.flow.read_paused else -self._body_bytes
        to_go = self.transport.get_write_buffer_size() or None
        limit_s = self.limits.stall_timeout_s
        # Both are asked each time: they remember.
        starving = self._receiving.stalled(to_come, now, limit_s)
        stuck = self._sending.stalled(to_go, now, limit_s)
        if late or starving or stuck:
            self._reset()

    @property
    def in_a_head(self) -> bool:
        """Whether a request has begun to arrive that the application does not know of yet."""
        if self._head_since is None:
            return False
        if self._new_until is None or self._undelivered:
            return True
        return self.loop.time() < self._new_until

    def close_after_answer(self) -> None:
        """Do not keep the connection once the answer under way is sent."""
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.keep_alive = False

    def shutdown(self) -> None:
        """Close; a peer that does not take the last bytes is dropped."""
        super().shutdown()
        self.loop.call_later(RESET_AFTER_S, self._reset)

    def _reset(self) -> None:
        if self in self.connections:  # else its descriptor may be another connection's by now
            reset(self.transport)
