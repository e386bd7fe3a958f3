"""`/account/export`: everything that is held about whoever asks, streamed as one JSON document."""

from collections.abc import AsyncIterator, Mapping
from http import HTTPStatus

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from auth.principal import Principal
from auth.scopes import Scope as AuthScope
from datasources.errors import StoreError
from gateway.authentication import Refused, authenticate
from gateway.context import build_context
from resolvers.context import RequestContext
from resolvers.errors import RateLimited, Refusal
from resolvers.export import PATH, count_export, export
from schema.errors import ErrorCode, code_of

log = structlog.get_logger(__name__)

_FROM_OURS = frozenset({"same-origin", "none"})
_HEADERS = {
    "Content-Disposition": 'attachment; filename="polyphony.json"',
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}


class Document(StreamingResponse):
    """A document that is made while it is sent; where a store fails, it ends in the middle.

    Nothing says that it was the end, so that the server cuts the connection and clients see it.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        except StoreError as error:
            log.warning("export cut off", store=error.store)


async def send_export(request: Request) -> Response:
    """Answer with the document, or say why there is none."""
    try:
        principal = await _allowed(request)
        if request.method == "HEAD":
            return Response(media_type="application/json", headers=_HEADERS)
        return await document(build_context(request, principal))
    except Refused as refused:
        return _error(refused.status, refused.message, refused.extensions, refused.headers)
    except RateLimited as limited:
        headers = {"Retry-After": str(limited.retry_after_s)}
        status = HTTPStatus.TOO_MANY_REQUESTS
        return _error(status, limited.message, {"code": code_of(limited)}, headers)
    except Refusal as refusal:
        return _error(HTTPStatus.CONFLICT, refusal.message, {"code": code_of(refusal)})
    except StoreError as error:
        log.warning("store failed", store=error.store)
        message = f"The {error.store} service does not answer. Try again later."
        extensions = {"code": ErrorCode.SERVICE_UNAVAILABLE, "service": error.store}
        return _error(HTTPStatus.SERVICE_UNAVAILABLE, message, extensions)


async def _allowed(request: Request) -> Principal:
    """Return who asks, where they may have what is held about them.

    Raises:
        Refused: they may not, or nobody can tell.
    """
    principal = await authenticate(request)
    if principal.user_id is None:
        raise Refused(HTTPStatus.UNAUTHORIZED, ErrorCode.UNAUTHENTICATED, "Sign in first.")
    if AuthScope.ACCOUNT_MANAGE not in principal.scopes:
        message = f"This needs the scope {AuthScope.ACCOUNT_MANAGE}."
        raise Refused(HTTPStatus.FORBIDDEN, ErrorCode.FORBIDDEN, message)
    # A link on another site brings the session's cookie along, one on a sibling host, too. No
    # header: no browser; "none": somebody typed the address.
    if request.headers.get("sec-fetch-site", "none") not in _FROM_OURS:
        raise Refused(HTTPStatus.FORBIDDEN, ErrorCode.FORBIDDEN, "Ask for it from our pages.")
    return principal


async def document(context: RequestContext, headers: Mapping[str, str] | None = None) -> Response:
    """Return the document of whoever asks, with more headers where they are given.

    Raises:
        RateLimited: it was asked for too often.
        Refusal, StoreError: it cannot be made.
    """
    await count_export(context)
    pieces = export(context)
    # With the first piece every store has answered; until then there can be another answer.
    first = await anext(pieces)

    async def whole() -> AsyncIterator[bytes]:
        yield first
        async for piece in pieces:
            yield piece

    return Document(whole(), media_type="application/json", headers={**_HEADERS, **(headers or {})})


def _error(
    status: HTTPStatus,
    message: str,
    extensions: Mapping[str, str],
    headers: Mapping[str, str] | None = None,
) -> Response:
    error = {"message": message, "extensions": dict(extensions)}
    no_store = {"Cache-Control": "no-store", **(headers or {})}
    return JSONResponse({"errors": [error]}, int(status), headers=no_store)


ROUTES = [Route(PATH, send_export, methods=["GET"])]
