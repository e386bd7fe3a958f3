"""What operations give, as clients see it: data, and errors that are coded, masked and logged."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import structlog
from graphql import ExecutionResult, GraphQLError, GraphQLFormattedError

from datasources.errors import StoreError
from schema.errors import ErrorCode, coded, is_internal

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Result:
    """The answer to an operation, or to one event of a subscription.

    `executed` says that it was run: only then the response has `data`, though it may be null.
    `cursor` is where a subscription goes on behind it. One that is `pushed` is never skipped: it is
    sent after the others, and who is too far behind loses the connection.
    """

    data: Any = None
    errors: Sequence[GraphQLFormattedError] = ()
    extensions: dict[str, Any] | None = None
    executed: bool = True
    cursor: str | None = None
    pushed: bool = False
    encoded: list[bytes] = field(default_factory=list, compare=False, repr=False)

    @property
    def code(self) -> str | None:
        """The code of the first error."""
        if not self.errors:
            return None
        return str(self.errors[0].get("extensions", {}).get("code"))

    def response(self) -> dict[str, Any]:
        """Return the response as an object, with those members that the specification asks for."""
        response: dict[str, Any] = {"data": self.data} if self.executed else {}
        if self.errors:
            response["errors"] = self.errors
        if self.extensions:
            response["extensions"] = self.extensions
        return response


def encode(result: Result) -> bytes:
    """Return the JSON of a result's response, which is made once."""
    if not result.encoded:
        result.encoded.append(encode_json(result.response()))
    return result.encoded[0]


def encode_json(value: object) -> bytes:
    """Return the bytes of a JSON value; halves of characters, which no UTF-8 has, become "?"."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:  # numbers of more than 64 bits, too
        return json.dumps(value, ensure_ascii=False).encode(errors="replace")


def shown(outcome: ExecutionResult, request_id: str) -> Result:
    """Return the result of what was run; defects and stores that failed go to the log."""
    if not outcome.errors:
        return Result(outcome.data)
    return Result(outcome.data, _formatted(outcome.errors, request_id, validated=True))


def request_failed(errors: list[GraphQLError], request_id: str, *, validated: bool) -> Result:
    """Return the result of an operation that is not run, for what is wrong with it."""
    return Result(errors=_formatted(errors, request_id, validated=validated), executed=False)


def failed(error: Exception, request_id: str) -> Result:
    """Return the result of an operation that a refusal, a store or a defect has ended."""
    wrapped = error if isinstance(error, GraphQLError) else GraphQLError("", cause=error)
    return Result(errors=_formatted([wrapped], request_id, validated=True), executed=False)


def refused(code: ErrorCode, message: str, **extensions: str) -> Result:
    """Return the result of an operation that a transport does not run."""
    error: GraphQLFormattedError = {
        "message": message,
        "extensions": {"code": code.value, **extensions},
    }
    return Result(errors=[error], executed=False)


def timed_out(*, begun: bool) -> Result:
    """Return the result of an operation whose time was over; `begun`: it may have done its work."""
    message = "This took longer than it may."
    if begun:
        message += " The change is finished all the same: ask for its outcome."
    return refused(ErrorCode.TIMEOUT, message)


def _formatted(
    errors: list[GraphQLError], request_id: str, *, validated: bool
) -> list[GraphQLFormattedError]:
    pairs = [(error, coded(error, request_id, validated=validated)) for error in errors]
    log_errors(pairs)
    return [client.formatted for _, client in pairs]


def log_errors(pairs: list[tuple[GraphQLError, GraphQLError]]) -> None:
    """Log defects with their stacks, and each store that failed once, however often it did.

    The pairs are errors and what clients get of them.
    """
    down: Counter[str] = Counter()
    for error, client in pairs:
        cause = error.cause
        if isinstance(cause, StoreError):
            down[str(cause)] += 1
        elif is_internal(client):
            log.error(
                "resolver failed",
                path=error.path,
                error=type(cause or error).__name__,
                exc_info=cause if isinstance(cause, BaseException) else None,
            )
    for store, fields in down.items():
        log.warning("store failed", store=store, fields=fields)
