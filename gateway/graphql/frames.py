"""Messages of graphql-transport-ws: one frame to one typed message, and what we send as bytes."""

from collections.abc import Mapping
from dataclasses import dataclass

import orjson

SUBPROTOCOL = "graphql-transport-ws"

BAD_MESSAGE = 4400
UNAUTHORIZED = 4401
FORBIDDEN = 4403
NO_SUBPROTOCOL = 4406
INIT_TIMEOUT = 4408
SUBSCRIBER_EXISTS = 4409
TOO_MANY_INITS = 4429
INTERNAL = 4500
LOST = 1006  # never sent: there was no close frame
POLICY = 1008
TOO_BIG = 1009
RESTART = 1012
TRY_AGAIN = 1013
"""Clients come back by themselves after 1012, 1013, 4403 and 4408, and not after the others."""

MAX_ID_CHARS = 256  # it comes back with each event
_MAX_REASON_BYTES = 123  # a longer one is no close frame (RFC 6455, 5.5)

ACK = b'{"type":"connection_ack"}'
PING = b'{"type":"ping"}'
PONG = b'{"type":"pong"}'


class Closing(Exception):
    """The socket is to be closed, with this code and reason; the reason is cut to what fits."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        whole = reason.encode(errors="replace")
        self.reason = whole[:_MAX_REASON_BYTES].decode(errors="ignore")


@dataclass(frozen=True, slots=True)
class Init:
    """The first message; its payload may hold a credential."""

    payload: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Ping:
    """To be answered; its payload may hold a new credential."""

    payload: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Pong:
    """A sign of life."""


@dataclass(frozen=True, slots=True)
class Subscribe:
    """An operation; the payload is a request as in the body of a POST."""

    id: str
    payload: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Complete:
    """The client wants no more of an operation."""

    id: str


Message = Init | Ping | Pong | Subscribe | Complete


def parse_message(text: str | None, max_bytes: int) -> Message:
    """Return the message of one frame; None stands for a binary frame.

    Raises:
        Closing: 4400 for what is no message of a client, 1009 for one of more than `max_bytes`.
    """
    value = _decoded(text, max_bytes)
    match value.get("type"):
        case "connection_init":
            return Init(_payload(value))
        case "ping":
            return Ping(_payload(value))
        case "pong":
            _payload(value)
            return Pong()
        case "subscribe":
            payload = value.get("payload")
            if not isinstance(payload, dict):
                raise Closing(BAD_MESSAGE, "The payload of `subscribe` is an object")
            return Subscribe(_id(value), payload)
        case "complete":
            return Complete(_id(value))
        case str():
            raise Closing(BAD_MESSAGE, "A client sends no message of this type")
        case _:
            raise Closing(BAD_MESSAGE, "A message has a `type`, a string")


def next_frame(operation_id: str, payload: bytes) -> bytes:
    """Return a result of an operation; the payload is JSON already."""
    return b'{"type":"next","id":%b,"payload":%b}' % (orjson.dumps(operation_id), payload)


def error_frame(operation_id: str, errors: bytes) -> bytes:
    """Return the end of an operation that failed; `errors` is a JSON list already."""
    return b'{"type":"error","id":%b,"payload":%b}' % (orjson.dumps(operation_id), errors)


def complete_frame(operation_id: str) -> bytes:
    """Return the end of an operation."""
    return b'{"type":"complete","id":%b}' % orjson.dumps(operation_id)


def pong_frame(*, renewed: bool | None) -> bytes:
    """Return the answer to a ping; `renewed` says how it went where it carried a credential."""
    return (
        PONG if renewed is None else orjson.dumps({"type": "pong", "payload": {"renewed": renewed}})
    )


def _decoded(text: str | None, max_bytes: int) -> Mapping[str, object]:
    if text is None:
        raise Closing(BAD_MESSAGE, "Only text frames are taken")
    # A character has at least one byte, and four at most: short texts need no counting.
    if len(text) * 4 > max_bytes and len(text.encode(errors="replace")) > max_bytes:
        raise Closing(TOO_BIG, f"A message has {max_bytes} bytes at most")
    try:
        value = orjson.loads(text)
    except (ValueError, RecursionError):
        raise Closing(BAD_MESSAGE, "The message is no JSON") from None
    if not isinstance(value, dict):
        raise Closing(BAD_MESSAGE, "A message is a JSON object")
    return value


def _payload(message: Mapping[str, object]) -> Mapping[str, object]:
    payload = message.get("payload")
    if payload is None:
        return {}
    if not isinstance(payload, dict):
        raise Closing(BAD_MESSAGE, "A payload is an object")
    return payload


def _id(message: Mapping[str, object]) -> str:
    id_ = message.get("id")
    if not isinstance(id_, str) or not 0 < len(id_) <= MAX_ID_CHARS:
        raise Closing(BAD_MESSAGE, f"The `id` is a string of 1 to {MAX_ID_CHARS} characters")
    return id_
