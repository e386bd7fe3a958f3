"""What the application answers while the server stops."""

from http import HTTPStatus

from starlette.datastructures import MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.server.draining import Draining

RETRY_AFTER_S = 2
"""By then a balancer looks elsewhere, or the next server listens."""


class Stopping:
    """ASGI middleware: once a stop has begun, requests and handshakes are answered with 503.

    Before, while it is only announced, connections are not kept: clients make their next one
    elsewhere, and hardly anybody is refused.
    """

    def __init__(self, app: ASGIApp, draining: Draining) -> None:
        self.app = app
        self.draining = draining

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "lifespan" or not self.draining.announced:
            await self.app(scope, receive, send)
        elif self.draining.begun:
            await _refusal()(scope, receive, send)
        else:
            await self.app(scope, receive, _closing(send))


def _refusal() -> JSONResponse:
    """Return a GraphQL response, also for sockets: Starlette denies their handshake with it."""
    error = {
        "message": "The server is stopping: try again.",
        "extensions": {"code": "SERVICE_UNAVAILABLE"},
    }
    return JSONResponse(
        {"errors": [error]},
        HTTPStatus.SERVICE_UNAVAILABLE,
        headers={"Retry-After": str(RETRY_AFTER_S), "Connection": "close"},
    )


def _closing(send: Send) -> Send:
    async def send_and_close(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message)["Connection"] = "close"
        await send(message)

    return send_and_close
