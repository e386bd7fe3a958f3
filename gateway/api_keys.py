"""`POST /keys/report`: ends an API key whose text somebody found where it should not be."""

from http import HTTPStatus

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from auth.strict_json import read_object
from datasources.errors import StoreError
from gateway.context import build_context
from resolvers.errors import InvalidInput, RateLimited
from resolvers.key_reports import report_api_key
from schema.errors import ErrorCode, code_of

_MAX_BODY_BYTES = 1024
_NO_STORE = {"Cache-Control": "no-store"}


async def report(request: Request) -> Response:
    """Take a report, `{"key": "pk_…"}`, from anybody: 204 whether there is such a key or not.

    400 for what is no key, 413 and 415 for a body of another kind, 429 for too many, 503 where
    PostgreSQL does not answer.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        return _error(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, ErrorCode.BAD_USER_INPUT, "Send JSON.")
    try:
        body = await _body(request)
    except ClientDisconnect:
        return Response(status_code=HTTPStatus.BAD_REQUEST)
    if body is None:
        status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        return _error(status, ErrorCode.BAD_USER_INPUT, "That is too long for a key.")
    try:
        await report_api_key(build_context(request), _key_in(body))
    except InvalidInput as refusal:
        return _error(HTTPStatus.BAD_REQUEST, code_of(refusal), refusal.message)
    except RateLimited as limited:
        answer = _error(HTTPStatus.TOO_MANY_REQUESTS, code_of(limited), limited.message)
        answer.headers["Retry-After"] = str(limited.retry_after_s)
        return answer
    except StoreError as error:
        message = f"The {error.store} service does not answer. Report the key again later."
        return _error(HTTPStatus.SERVICE_UNAVAILABLE, ErrorCode.SERVICE_UNAVAILABLE, message)
    return Response(status_code=HTTPStatus.NO_CONTENT, headers=_NO_STORE)


async def _body(request: Request) -> bytes | None:
    """Return the body; None for one that is too long, of which no more is read."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BODY_BYTES:
            return None
    return bytes(body)


def _key_in(body: bytes) -> str:
    """Return the text of the key.

    Raises:
        InvalidInput: there is none.
    """
    try:
        key = read_object(body).get("key")
    except ValueError:
        key = None
    if not isinstance(key, str):
        raise InvalidInput(("key",), 'The body is `{"key": "pk_…"}`.')
    return key


def _error(status: HTTPStatus, code: ErrorCode, message: str) -> JSONResponse:
    errors = [{"message": message, "extensions": {"code": code.value}}]
    return JSONResponse({"errors": errors}, int(status), headers=_NO_STORE)


ROUTES = [Route("/keys/report", report, methods=["POST"])]
