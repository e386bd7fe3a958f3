"""Gives each request an id, a line in the log, and an answer when the application fails."""

import re
from time import perf_counter
from uuid import uuid4

import structlog
from graphql import GraphQLError
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from auth.api_key_text import without_keys
from schema.errors import coded

log = structlog.get_logger("gateway.requests")

_QUIET = "/health/"
# Each programme that a link passes may encode it once more.
_QUESTION_MARK = re.compile(r"\?|%(?:25)*3F", re.IGNORECASE)

_LEFT = 499
"""In the log: the client has left before there was an answer."""


class RequestLog:
    """ASGI middleware: `X-Request-Id` on each response, the same id in each line of the log.

    It stands outside everything else. What fails is logged here, once, and goes no further.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, under a new id."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            await self._answer(scope, receive, send, request_id)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        started = perf_counter()
        status = _LEFT

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-Id"] = request_id
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        except Exception:
            status = 500 if status == _LEFT else status
            log.exception("request failed", path=_path(scope))
        finally:
            if not scope["path"].startswith(_QUIET):
                log.info(
                    "request",
                    method=scope["method"],
                    path=_path(scope),
                    status=status,
                    ms=round((perf_counter() - started) * 1000, 1),
                )


def _path(scope: Scope) -> str:
    """Return the path without what some mail programme has made a part of it: "%3Ftoken=…"."""
    return without_keys(_QUESTION_MARK.split(scope["path"], maxsplit=1)[0])


async def internal_error(request: Request, error: Exception) -> Response:
    """Return what a client gets for a defect: no more than the id of its request."""
    shown = coded(GraphQLError("", cause=error), request.state.request_id, validated=True)
    return JSONResponse({"errors": [shown.formatted]}, status_code=500)
