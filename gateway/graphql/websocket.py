"""GraphQL over WebSocket (graphql-transport-ws): who may open a socket, and then its session."""

from http import HTTPStatus
from uuid import uuid4

import structlog
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from auth.identity import Identity
from gateway.graphql.frames import NO_SUBPROTOCOL, SUBPROTOCOL
from gateway.graphql.origins import is_allowed, origin_of
from gateway.graphql.pipeline import Pipeline
from gateway.graphql.rights_watch import RightsWatch
from gateway.graphql.settings import TransportSettings
from gateway.graphql.socket_session import Shared, SocketSession
from gateway.graphql.sockets import Sockets
from gateway.server.draining import Draining

log = structlog.get_logger(__name__)


class SocketEdge:
    """ASGI application for sockets. One for a process: it counts them."""

    def __init__(
        self,
        pipeline: Pipeline,
        settings: TransportSettings,
        draining: Draining,
        watch: RightsWatch,
    ) -> None:
        self.sockets = Sockets(settings, draining)
        self._shared = Shared(pipeline, settings, draining, self.sockets, watch)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one socket.

        Before it is accepted a refusal is an answer of HTTP: 403 to pages of other sites, 503 where
        there are too many. What a client of ours may do wrong is told by a close frame.
        """
        request_id = uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._serve(scope, receive, send)
            except (WebSocketDisconnect, OSError):
                log.info("socket not opened")  # its client left before it was

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        websocket = WebSocket(scope, receive, send)
        refusal = self._refusal(websocket)
        if refusal is not None:
            await websocket.receive()
            await websocket.send_denial_response(refusal)
            return
        if SUBPROTOCOL not in scope["subprotocols"]:
            await websocket.accept()
            await websocket.close(NO_SUBPROTOCOL, f"Subprotocol not acceptable: {SUBPROTOCOL} is")
            return
        await websocket.accept(SUBPROTOCOL)
        await SocketSession(websocket, receive, send, self._shared).run()

    def _refusal(self, websocket: WebSocket) -> Response | None:
        identity: Identity = websocket.state.identity
        origin = origin_of(websocket)
        allowed = self._shared.settings.origins
        if origin is not None and not is_allowed(websocket, origin, identity.public_url, allowed):
            log.info("socket refused", origin=origin[:200])
            message = "Pages of this origin may open no sockets here.\n"
            return PlainTextResponse(message, HTTPStatus.FORBIDDEN)
        if self.sockets.full(websocket.client.host if websocket.client else ""):
            headers = {"Retry-After": "10"}
            return PlainTextResponse("Too many sockets.\n", HTTPStatus.SERVICE_UNAVAILABLE, headers)
        return None
