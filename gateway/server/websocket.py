"""uvicorn's WebSocket protocol with limits: floods of small frames, and peers that never read."""

import asyncio
from typing import Any

from uvicorn._types import ASGIReceiveEvent, ASGISendEvent
from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.frames import CloseCode, Frame

from gateway.server.http import RESET_AFTER_S
from gateway.server.progress import Progress
from gateway.server.reset import reset
from gateway.server.settings import ConnectionSettings

CONTROL_FRAMES_PER_S = 50
_BURST = 100
_MAX_FRAGMENTS = 1024
_MAX_UNREAD_BYTES = 65_536
_MAX_AFTER_CLOSE_BYTES = 65_536
_SLICE_BYTES = 1024


class GuardedWebSocket(WebSocketsSansIOProtocol):
    """One socket. The server calls `sweep` every second.

    Who sends more control frames than 50 a second, sustained, is closed with 1008. Who does not
    read or answer pings is dropped without a close frame: 1011 would tell its client for good not
    to come back. The application is told 1006 wherever no close frame came, and the reason where it
    was us who dropped the peer.
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
        self._held = b""
        self._after_close = 0
        self._control_frames = 0.0
        self._counted_at = 0.0

    def data_received(self, data: bytes) -> None:
        """Take frames in, as far as the application wants them."""
        if self.close_sent:
            self._after_close += len(data)
            if self._after_close > _MAX_AFTER_CLOSE_BYTES:
                self._reset()
                return
        self._held += data
        self._parse()
        if not self.handshake_initiated:  # the head, whole by now, is none to this library
            self._reset()

    def _parse(self) -> None:
        """Parse what is held, by pieces, until a message waits for the application.

        So a flood in one read is noticed before it is worked off, and not kept as objects.
        """
        while self._held and not self.read_paused:
            if self.transport.is_closing() or self.conn.parser_exc is not None:
                self._held = b""
                return
            piece, self._held = self._held[:_SLICE_BYTES], self._held[_SLICE_BYTES:]
            super().data_received(piece)

    async def receive(self) -> ASGIReceiveEvent:
        """Return what came next, and go on with what is held."""
        message = await super().receive()
        self._parse()
        return message

    async def send(self, message: ASGISendEvent) -> None:
        """Send; after a close, look for the peer's answer to it."""
        await super().send(message)
        if self.close_sent:
            self._parse()

    def handle_ping(self) -> None:
        """Answer, unless the peer floods or leaves the answers unread."""
        if self._floods():
            return
        if self.transport.get_write_buffer_size() > _MAX_UNREAD_BYTES:
            self._drop("leaves answers to its pings unread")
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

    def send_receive_event_to_app(self) -> None:
        """Pass a message on, but for a text that is none: uvicorn would fill the log with it."""
        if self.curr_msg_data_type == "text":
            whole = b"".join(self.frames)
            self.frames = [whole]
            try:
                whole.decode()
            except UnicodeDecodeError:
                self.frames = []
                self._refuse("a text is not UTF-8", CloseCode.INVALID_DATA)
                return
        super().send_receive_event_to_app()

    def _refuse(self, reason: str, code: CloseCode = CloseCode.POLICY_VIOLATION) -> None:
        """Close, with 1008 unless said otherwise; drop the peer when it does not take that."""
        if self.close_sent:
            return
        self.conn.data_to_send()  # pongs that wait need not be sent
        self.conn.fail(code, reason)
        self.handle_parser_exception()
        self._reset_soon()

    def resume_writing(self) -> None:
        """Note that the peer has read."""
        self._sending.moved()
        super().resume_writing()

    def sweep(self, now: float) -> None:
        """Drop a peer that hardly reads."""
        to_go = self.transport.get_write_buffer_size() or None
        if self._sending.stalled(to_go, now, self.limits.stall_timeout_s):
            self._drop("hardly reads")

    def keepalive_timeout(self) -> None:
        """Drop a peer that answers no ping."""
        self.stop_keepalive()
        self._drop("answers no ping")

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the application that the connection is lost; what it was told first stands."""
        self._tell_lost()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Close with 1012; a peer that does not take it is dropped."""
        super().shutdown()
        self._reset_soon()

    def _drop(self, reason: str) -> None:
        self._tell_lost(reason)
        self._reset()

    def _tell_lost(self, reason: str = "") -> None:
        self.queue.put_nowait(
            {
                "type": "websocket.disconnect",
                "code": CloseCode.ABNORMAL_CLOSURE,
                "reason": reason,
            }
        )

    def _reset_soon(self) -> None:
        self.loop.call_later(RESET_AFTER_S, self._reset)

    def _reset(self) -> None:
        if self in self.connections:  # else its descriptor may be another connection's by now
            reset(self.transport)
