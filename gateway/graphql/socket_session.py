"""One socket that speaks graphql-transport-ws, from its first message to its close."""

import asyncio
from dataclasses import dataclass, replace
from typing import Any

import structlog
from starlette.requests import HTTPConnection
from starlette.types import Message as Event
from starlette.types import Receive, Send

from auth.principal import ANONYMOUS
from gateway.context import build_context
from gateway.graphql import frames
from gateway.graphql.flood import TokenBucket
from gateway.graphql.frames import Closing, Complete, Init, Ping, Pong, Subscribe
from gateway.graphql.pipeline import Pipeline
from gateway.graphql.request import BadRequest, parse_request
from gateway.graphql.rights import Rights, rights_of
from gateway.graphql.rights_watch import RightsWatch
from gateway.graphql.send_queue import SendQueue
from gateway.graphql.settings import TransportSettings
from gateway.graphql.socket_credentials import renewed_rights, rights_at_init
from gateway.graphql.socket_operations import Operations
from gateway.graphql.sockets import Sockets
from gateway.live_metrics import count_dropped
from gateway.server.draining import Draining
from resolvers.context import RequestContext

log = structlog.get_logger(__name__)

MESSAGES_PER_S = 50
MESSAGES_AT_ONCE = 250
"""A client that comes back subscribes to all it had, at once."""

_CLOSE_WITHIN_S = 10.0
_TOO_SLOW = "You read too slowly"


@dataclass(frozen=True, slots=True)
class Shared:
    """What all sockets of a process have in common."""

    pipeline: Pipeline
    settings: TransportSettings
    draining: Draining
    sockets: Sockets
    watch: RightsWatch


class SocketSession:
    """Receives in one task, and answers in others. An accepted socket; `run` ends with it."""

    def __init__(
        self, connection: HTTPConnection, receive: Receive, send: Send, shared: Shared
    ) -> None:
        self.connection = connection
        self.address = connection.client.host if connection.client else ""
        self.rights = rights_of(ANONYMOUS, None)
        self._receive = receive
        self._send = send
        self._shared = shared
        self._life = asyncio.timeout(None)
        self._closing: Closing | None = None
        self._initialised = self._acknowledged = self._over = False
        self._left = "by the client"
        self._leaving: asyncio.Task[None] | None = None
        settings, clock = shared.settings, shared.sockets.clock
        self._opened_at = self._heard_at = self._pinged_at = clock()
        self._bucket = TokenBucket(MESSAGES_PER_S, MESSAGES_AT_ONCE, self._opened_at)
        self._queue = SendQueue(self._send_text, clock)
        self.operations = Operations(
            shared.pipeline,
            self._context,
            self,
            timeout_s=settings.timeout_s,
            limit=settings.max_operations_per_socket,
        )

    async def run(self) -> None:
        """Serve the socket until either side closes it."""
        self._shared.sockets.add(self)
        try:
            async with self._life:
                await self._converse()
        except Closing as closing:
            self._closing = self._closing or closing
        except Exception as error:
            if not (isinstance(error, TimeoutError) and self._life.expired()):  # by `close`
                log.exception("socket failed")
                self._closing = Closing(frames.INTERNAL, "Something went wrong on our side")
        finally:
            self._over = True
            self._shared.watch.remove(self)
            self._shared.sockets.remove(self)
            self.operations.end()
        await self._say_goodbye()

    def close(self, closing: Closing) -> None:
        """Close the socket, from another task than its own; the first reason counts."""
        if self._closing is None and not self._over:
            self._closing = closing
            self._life.reschedule(0)

    # --- for the registries -----------------------------------------------------------------------

    def tick(self, now: float) -> None:
        """Close a socket that is late, dead or does not read; ping a silent one."""
        settings = self._shared.settings
        if not self._acknowledged and now - self._opened_at > settings.init_timeout_s:
            closing = Closing(frames.INIT_TIMEOUT, "Connection initialisation timeout")
            self.close(closing)
        elif self._queue.behind(now):
            self._give_up(_TOO_SLOW)
        elif now - self._heard_at > 2 * settings.ping_interval_s:
            self._give_up("You do not answer pings")
        elif (
            self._acknowledged
            and now - max(self._heard_at, self._pinged_at) > settings.ping_interval_s
        ):
            self._pinged_at = now
            self.put(frames.PING)

    async def leave(self) -> None:
        """Begin nothing any more, answer queries and mutations that run, and close with 1012."""
        if self._leaving is None:
            self._leaving = asyncio.create_task(self._leave())
        await self._leaving

    async def _leave(self) -> None:
        await self.operations.answered()
        self.close(Closing(frames.RESTART, "The server restarts: come back"))

    def end_rights(self, *, known: bool) -> None:
        """Close: the credential is over, or nobody can tell."""
        if known:
            self.close(Closing(frames.FORBIDDEN, "This session or token is over"))
        else:
            self.close(Closing(frames.TRY_AGAIN, "Nobody can tell whether your session lasts"))

    # --- for the operations -----------------------------------------------------------------------

    def put(self, frame: bytes) -> None:
        """Let a frame be sent after the others; close where the client is too far behind."""
        if self._closing is None and not self._over and not self._queue.put(frame):
            self._give_up(_TOO_SLOW)

    def _give_up(self, reason: str) -> None:
        if self._closing is None:
            count_dropped(self.connection)
        self._queue.drop()
        self.close(Closing(frames.TRY_AGAIN, reason))

    async def room(self) -> None:
        """Return once the client takes what is sent."""
        await self._queue.room()

    def _context(self, request_id: str) -> RequestContext:
        context = build_context(self.connection, self.rights.principal)
        # A socket has no response that could set a cookie: nothing may be begun that needs one.
        client = replace(context.client, preflight=False)
        return replace(context, request_id=request_id, client=client)

    # --- what is received -------------------------------------------------------------------------

    async def _converse(self) -> None:
        while (event := await self._receive())["type"] != "websocket.disconnect":
            await self._take(event)
        if event.get("code") != frames.LOST:
            return
        self._left = event.get("reason") or "the connection was lost"
        if event.get("reason") and self._closing is None:  # the server has dropped it
            count_dropped(self.connection)

    async def _take(self, event: Event) -> None:
        now = self._heard_at = self._shared.sockets.clock()
        if not self._bucket.take(now):
            raise Closing(frames.POLICY, f"More than {MESSAGES_PER_S} messages a second")
        match frames.parse_message(event.get("text"), self._shared.settings.max_message_bytes):
            case Init(payload):
                await self._initialise(payload)
            case Ping(payload):
                self.put(frames.pong_frame(renewed=await self._renew(payload)))
            case Subscribe(operation_id, payload):
                self._subscribe(operation_id, payload)
            case Complete(operation_id):
                self.operations.complete(operation_id)
            case Pong():
                pass

    async def _initialise(self, payload: Any) -> None:
        if self._initialised:
            raise Closing(frames.TOO_MANY_INITS, "Too many initialisation requests")
        self._initialised = True
        rights = await rights_at_init(self.connection, payload)
        self._shared.sockets.identify(self, rights.principal)
        self._hold(rights)
        self._acknowledged = True
        self.put(frames.ACK)

    async def _renew(self, payload: Any) -> bool | None:
        if not self._acknowledged:
            return None
        try:
            rights = await renewed_rights(self.connection, payload, self.rights)
        except Closing as closing:
            if closing.code != frames.TRY_AGAIN:
                raise
            return False
        if rights is None:
            return None
        self._hold(rights)
        return True

    def _hold(self, rights: Rights) -> None:
        self.rights.renew(rights)
        state = self.connection.state
        self._shared.watch.add(self, state.identity, state.stores)

    def _subscribe(self, operation_id: str, payload: Any) -> None:
        if not self._acknowledged:
            raise Closing(frames.UNAUTHORIZED, "Unauthorized")
        if operation_id in self.operations:
            reason = f"Subscriber for {operation_id} already exists"
            raise Closing(frames.SUBSCRIBER_EXISTS, reason)
        try:
            request = parse_request(payload)
        except BadRequest as bad:
            raise Closing(frames.BAD_MESSAGE, str(bad)) from None
        if self._shared.draining.begun:
            # Not begun: the client asks for it again when it comes back, at once.
            if self._leaving is None:
                self._leaving = asyncio.create_task(self._leave())
        else:
            self.operations.start(operation_id, request)

    # --- what is sent -----------------------------------------------------------------------------

    async def _send_text(self, text: str) -> None:
        await self._send({"type": "websocket.send", "text": text})

    async def _say_goodbye(self) -> None:
        """Send what is left, and the close frame where it was us who closed."""
        closing = self._closing
        if closing is not None:
            try:
                async with asyncio.timeout(_CLOSE_WITHIN_S):
                    await self._queue.sent()
                    await self._send(
                        {
                            "type": "websocket.close",
                            "code": closing.code,
                            "reason": closing.reason,
                        }
                    )
            except (TimeoutError, OSError, RuntimeError):
                pass  # it does not read, or is gone: the server drops it
        self._queue.drop()
        log.info(
            "socket closed",
            code=closing.code if closing else None,
            reason=closing.reason if closing else self._left,
        )
