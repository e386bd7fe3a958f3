"""uvicorn's WebSocket protocol with limits: floods of small frames, and peers that never read."""

import asyncio
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.frames import CloseCode, Frame

from gateway.server.http import ABORT_AFTER_S
from gateway.server.progress import Progress
from gateway.server.settings import ConnectionSettings

CONTROL_FRAMES_PER_S = 50
_BURST = 100
_MAX_FRAGMENTS = 1024
_MAX_UNREAD_BYTES = 65_536
_SLICE_BYTES = 4096


class GuardedWebSocket(WebSocketsSansIOProtocol):
    """One socket. The server calls `sweep` every second.

    Who sends more control frames than 50 a second, sustained, is closed with 1008. Who does not
    read or answer pings is dropped without a close frame: 1011 would tell its client for good not
    to come back.
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
        self._sending = Progress()
        self._control_frames = 0.0
        self._counted_at = 0.0

    def data_received(self, data: bytes) -> None:
        """Read frames by pieces: a flood in one read is noticed before it is worked off."""
        for start in range(0, len(data), _SLICE_BYTES):
            if self.transport.is_closing() or self.conn.parser_exc is not None:
                return
            super().data_received(data[start : start + _SLICE_BYTES])
        if not self.handshake_initiated:  # the head, whole by now, is none to this library
            self.transport.abort()

    def handle_ping(self) -> None:
        """Answer, unless the peer floods or leaves the answers unread."""
        if self._floods():
            return
        if self.transport.get_write_buffer_size() > _MAX_UNREAD_BYTES:
            self.transport.abort()
            return
        super().handle_ping()

    def handle_pong(self, event: Frame) -> None:
        """Note that the peer lives."""
        if not self._floods():
            super().handle_pong(event)

    def handle_cont(self, event: Frame) -> None:
        """Add a fragment; a message is not made of crumbs."""
        if len(self.frames) >= _MAX_FRAGMENTS:
            self._refuse("too many fragments")
            return
        super().handle_cont(event)

    def _floods(self) -> bool:
        """Count a control frame; return whether the socket is closed for it, or was before."""
        if self.close_sent:
            return True
        now = self.loop.time()
        gone = (now - self._counted_at) * CONTROL_FRAMES_PER_S
        self._control_frames = max(0.0, self._control_frames - gone) + 1
        self._counted_at = now
        if self._control_frames <= _BURST:
            return False
        self._refuse("too many pings")
        return True

    def _refuse(self, reason: str) -> None:
        """Close with 1008, and drop the peer when it does not take that."""
        if self.close_sent:
            return
        self.conn.data_to_send()  # pongs that wait need not be sent
        self.conn.fail(CloseCode.POLICY_VIOLATION, reason)
        self.handle_parser_exception()
        self._abort_soon()

    def resume_writing(self) -> None:
        """Note that the peer has read."""
        self._sending.moved()
        super().resume_writing()

    def sweep(self, now: float) -> None:
        """Drop a peer that hardly reads."""
        to_go = self.transport.get_write_buffer_size() or None
        if self._sending.stalled(to_go, now, self.limits.stall_timeout_s):
            self.transport.abort()

    def keepalive_timeout(self) -> None:
        """Drop a peer that answers no ping."""
        self.stop_keepalive()
        self.transport.abort()

    def shutdown(self) -> None:
        """Close with 1012; a peer that does not take it is dropped."""
        super().shutdown()
        self._abort_soon()

    def _abort_soon(self) -> None:
        self.loop.call_later(ABORT_AFTER_S, self.transport.abort)
