"""Requests that HTTP itself refuses: with a status, and headers that say what would do."""

from collections.abc import Mapping
from http import HTTPStatus

from gateway.authentication import Refused
from schema.errors import ErrorCode

METHODS = "GET, HEAD, POST, OPTIONS"
MEDIA_TYPE = "application/json"


class HttpRefusal(Refused):
    """A request that is not run, and the headers of its answer."""

    def __init__(
        self,
        status: HTTPStatus,
        message: str,
        headers: Mapping[str, str] | None = None,
        code: ErrorCode = ErrorCode.BAD_USER_INPUT,
    ) -> None:
        super().__init__(status, code, message)
        self._headers = dict(headers or {})

    @property
    def headers(self) -> dict[str, str]:
        """What the answer says beside its status."""
        return self._headers


def bad_request(message: str) -> HttpRefusal:
    """Return the refusal of a request that makes no sense."""
    return HttpRefusal(HTTPStatus.BAD_REQUEST, message)


def method_not_allowed(message: str, allow: str) -> HttpRefusal:
    """Return the refusal of a method."""
    return HttpRefusal(HTTPStatus.METHOD_NOT_ALLOWED, message, {"Allow": allow})


def not_acceptable(message: str) -> HttpRefusal:
    """Return the refusal of a request whose answer would be of no use to its client."""
    return HttpRefusal(HTTPStatus.NOT_ACCEPTABLE, message)


def unsupported(message: str, **headers: str) -> HttpRefusal:
    """Return the refusal of a body that is of another kind."""
    said = {"Accept-Post": MEDIA_TYPE, **headers}
    # The body is not read: what follows on this connection would be taken for a request.
    return HttpRefusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, message, {**said, "Connection": "close"})


def too_large(max_bytes: int) -> HttpRefusal:
    """Return the refusal of a body that is longer than it may be, and has not been read."""
    message = f"The body of a request has {max_bytes} bytes at most."
    return HttpRefusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, message, {"Connection": "close"})


def too_slow() -> HttpRefusal:
    """Return the refusal of a body that does not come."""
    message = "The body of the request did not come in time."
    return HttpRefusal(HTTPStatus.REQUEST_TIMEOUT, message, {"Connection": "close"})
