"""The answers of the HTTP edge: their bytes, status and headers."""

from collections.abc import Mapping
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from gateway.authentication import Refused
from gateway.cookies import forget_session, keep_session
from gateway.graphql.compression import compressed
from gateway.graphql.negotiation import JSON, accepted
from gateway.graphql.results import Result, encode, refused
from gateway.graphql.settings import TransportSettings
from resolvers.context import RequestContext
from schema.errors import ErrorCode

_STATUS: Mapping[str | None, HTTPStatus] = {
    ErrorCode.UNAUTHENTICATED: HTTPStatus.UNAUTHORIZED,
    ErrorCode.FORBIDDEN: HTTPStatus.FORBIDDEN,
    ErrorCode.TIMEOUT: HTTPStatus.GATEWAY_TIMEOUT,
    ErrorCode.SERVICE_UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorCode.INTERNAL: HTTPStatus.INTERNAL_SERVER_ERROR,
}

# Answers depend on who asks, and may hold tokens.
HEADERS = {
    "Cache-Control": "no-store",
    "Vary": "Accept, Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
}


def json_response(
    request: Request,
    result: Result,
    media_type: str,
    settings: TransportSettings,
    *,
    may_compress: bool = False,
) -> Response:
    """Return the answer that holds a result, with the status that it has in this form."""
    body, headers = encode(result), HEADERS
    if may_compress and len(body) >= settings.min_compressed_bytes:
        body, coding = compressed(request.headers, body)
        headers = {**headers, **coding}
    return Response(body, int(_status_of(result, media_type)), headers, media_type)


def _status_of(result: Result, media_type: str) -> HTTPStatus:
    """Return the status of an answer: `application/json` knows none for what the client did."""
    if result.executed:
        return HTTPStatus.OK
    status = _STATUS.get(result.code, HTTPStatus.BAD_REQUEST)
    ours = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return status if ours or media_type != JSON else HTTPStatus.OK


def refusal_response(request: Request, refusal: Refused) -> Response:
    """Return the answer to a request that is not run."""
    extensions = dict(refusal.extensions)
    code = ErrorCode(extensions.pop("code"))
    try:
        media_type = accepted(request.headers).json_or_any
    except Refused:  # it is what is refused, or not the only thing that is wrong
        media_type = JSON
    response = Response(
        encode(refused(code, refusal.message, **extensions)),
        int(refusal.status),
        {**HEADERS, **refusal.headers},
        media_type,
    )
    if refusal.dead_cookie:
        forget_session(response)
    return response


def keep_session_of(response: Response, context: RequestContext) -> None:
    """Let the browser keep or forget what the operation in this context said."""
    keep_session(response, context.reply, context.identity.settings.session_lifetime_s)


def server_timing(**seconds: float) -> str:
    """Return the value of `Server-Timing`: milliseconds by name."""
    return ", ".join(f"{name};dur={spent * 1000:.2f}" for name, spent in seconds.items())
