"""Reads what a request carries: a body of JSON, or the parameters of its address.

A body is refused as early as possible, and nothing that is wrong with one is more than a 400.
"""

import asyncio
import json
from collections.abc import Sequence

from starlette.requests import Request

from gateway.graphql.refusals import MEDIA_TYPE, bad_request, too_large, too_slow, unsupported
from gateway.graphql.request import BadRequest
from gateway.graphql.settings import TransportSettings

_CHARSETS = {"", "utf-8", "utf8"}
_PARAMETERS = ("query", "operationName", "variables", "extensions")
_MAX_DIGITS = 18  # of a Content-Length


def check_media_type(request: Request) -> None:
    """Let a POST pass that holds JSON: pages of other sites cannot send it without being asked.

    Raises:
        HttpRefusal: 415 for forms, plain text, multipart, no type at all, other charsets, and for
            compressed bodies.
    """
    media_type, *parameters = request.headers.get("content-type", "").split(";")
    if media_type.strip().lower() != MEDIA_TYPE:
        raise unsupported(f"Send the operation as `Content-Type: {MEDIA_TYPE}`.")
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        charset = value.strip().strip('"').lower()
        if name.strip().lower() == "charset" and charset not in _CHARSETS:
            raise unsupported("JSON is sent in UTF-8.")
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        message = "The body of a request is not compressed."
        raise unsupported(message, **{"Accept-Encoding": "identity"})


async def read_body(request: Request, settings: TransportSettings) -> bytes:
    """Return the body of a request.

    Raises:
        HttpRefusal: 413 as soon as it is known to be too long, 408 where it does not come.
        ClientDisconnect: the client has left.
    """
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:_MAX_DIGITS]) > settings.max_body_bytes:
        raise too_large(settings.max_body_bytes)
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(settings.body_timeout_s):
            async for part in request.stream():
                size += len(part)
                if size > settings.max_body_bytes:
                    raise too_large(settings.max_body_bytes)
                parts.append(part)
    except TimeoutError:
        raise too_slow() from None
    return b"".join(parts)


def decode(body: bytes) -> object:
    """Return the value that a body holds.

    Raises:
        BadRequest: it is not one JSON value in UTF-8, or an object has two members of one name, of
            which different readers would take different ones.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise BadRequest("The body is not UTF-8.") from None
    if text.startswith("\ufeff"):
        raise BadRequest("The body begins with a byte order mark, which JSON does not have.")
    return _value(text, "The body")


def request_of_address(request: Request) -> dict[str, object]:
    """Return what the parameters of an address ask for, in the form of a body.

    Raises:
        HttpRefusal: a parameter stands there twice.
        BadRequest: one is not the JSON that it should be.
    """
    found: dict[str, object] = {}
    for name in _PARAMETERS:
        values: Sequence[str] = request.query_params.getlist(name)
        if len(values) > 1:
            raise bad_request(f"`{name}` stands in the address twice.")
        if values and (values[0] or name == "query"):
            as_text = name in {"query", "operationName"}
            found[name] = values[0] if as_text else _value(values[0], f"`{name}`")
    return found


def _value(text: str, what: str) -> object:
    try:
        return _DECODER.decode(text)
    except (ValueError, RecursionError):  # too many digits, too deeply nested
        raise BadRequest(f"{what} is not JSON, or not any that we read.") from None


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise BadRequest("An object has two members of the same name.")
    return members


def _no_constant(_: str) -> object:
    raise BadRequest("NaN and Infinity are no JSON.")


_DECODER = json.JSONDecoder(object_pairs_hook=_members, parse_constant=_no_constant)
