"""Lets pages of others read answers that came with an API key of theirs (CORS), and no others.

No cookie ever comes along: they get no `Access-Control-Allow-Credentials`.
"""

from collections.abc import Collection

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from auth.api_key_text import MARK
from auth.identity import Identity

_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST",
    # Not those that show a request to be of a page of ours.
    "Access-Control-Allow-Headers": "Authorization, Content-Type, X-API-Key",
    "Access-Control-Max-Age": "600",
}
_READABLE = "Retry-After, X-Request-Id"


class CrossOrigin:
    """An endpoint that browsers let pages use whose origin a key of theirs names.

    `configured` are the origins that the operator names. What they may do is decided further in:
    anybody can put them on a key, which must not take their sessions from them.
    """

    def __init__(self, app: ASGIApp, configured: Collection[str] = ()) -> None:
        self.app = app
        self.configured = configured

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = Headers(scope=scope) if scope["type"] == "http" else Headers()
        origin = headers.get("origin")
        if origin is None or origin in self.configured or not _is_known(scope, origin):
            await self.app(scope, receive, send)
            return
        shown = {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}
        if scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
            await Response(status_code=204, headers=shown | _PREFLIGHT)(scope, receive, send)
            return
        if not _has_key(headers):
            await self.app(scope, receive, send)
            return

        async def send_readable(message: Message) -> None:
            if message["type"] == "http.response.start":
                sent = MutableHeaders(scope=message)
                sent["Access-Control-Allow-Origin"] = origin
                # Starlette's middleware says so to every origin, where any is configured.
                del sent["Access-Control-Allow-Credentials"]
                sent["Access-Control-Expose-Headers"] = _READABLE
                sent.add_vary_header("Origin")
            await send(message)

        await self.app(scope, receive, send_readable)


def _is_known(scope: Scope, origin: str) -> bool:
    identity: Identity = scope["state"]["identity"]
    return origin in identity.page_origins


def _has_key(headers: Headers) -> bool:
    token = headers.get("authorization", "").partition(" ")[2].strip()
    return "x-api-key" in headers or token.startswith(MARK)
