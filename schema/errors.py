"""Errors as clients see them: a closed set of codes, and nothing that was not meant for them."""

import re
from collections.abc import Mapping
from enum import StrEnum

from graphql import FieldNode, GraphQLError, GraphQLSyntaxError

from datasources.errors import OutcomeUnknown, StoreError
from resolvers.errors import (
    BadCursor,
    BadUserInput,
    Forbidden,
    IdempotencyInProgress,
    IdempotencyKeyReused,
    InvalidInput,
    LimitExceeded,
    NotFound,
    Overloaded,
    PlaylistConflict,
    RateLimited,
    Refusal,
    Unauthenticated,
)


class ErrorCode(StrEnum):
    """`extensions.code` of an error; docs/clients.md says what each means."""

    GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    BAD_CURSOR = "BAD_CURSOR"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    CONFLICT = "CONFLICT"
    RATE_LIMITED = "RATE_LIMITED"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    TIMEOUT = "TIMEOUT"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    IDEMPOTENCY_IN_PROGRESS = "IDEMPOTENCY_IN_PROGRESS"
    OUTCOME_UNKNOWN = "OUTCOME_UNKNOWN"
    SERVICE_UNAVAILABLE = "SERVICE_UNAVAILABLE"
    INTERNAL = "INTERNAL"


def coded(error: GraphQLError, request_id: str, *, validated: bool) -> GraphQLError:
    """Return the error that the client gets in place of this one: coded, or masked.

    `validated` says whether the document had passed validation. A masked error names the request,
    beside whose id the log has the stack.
    """
    match error.cause:
        case BadCursor() as cause:
            return _with(error, str(cause), code=ErrorCode.BAD_CURSOR)
        case BadUserInput() as cause:
            return _with(error, str(cause), code=ErrorCode.BAD_USER_INPUT)
        case Refusal() as cause:
            return _with(error, str(cause), code=code_of(cause))
        case OutcomeUnknown(store=store):
            message = f"The {store} service was lost while it stored this: it may be done, or not."
            return _with(error, message, code=ErrorCode.OUTCOME_UNKNOWN, service=store)
        case StoreError(store=store):
            message = f"The {store} service does not answer; what does not need it is here."
            return _with(error, message, code=ErrorCode.SERVICE_UNAVAILABLE, service=store)
    if _is_of_request(error, validated=validated):
        code = _code_of_request(error, validated=validated)
        return _with(error, _without_values(error.message), code=code)
    message = "Something went wrong on our side. Please tell us the request id."
    return _with(error, message, code=ErrorCode.INTERNAL, requestId=request_id)


# How messages of graphql-core name what a client sent; nothing stands behind it. Values of enums
# and names are not among them.
_VALUE = re.compile(
    r"""
    (?P<before> cannot\ represent [^:]*? ) \ value: .*
    | ,\ but\ encountered\ error\ ' .*
    | (?P<mark> [,;.?] )\ [Ff]ound:\ .*
    | (?P<token> (?:found|Unexpected)\ (?:Name|String|BlockString|Int|Float) )\b .*
    """,
    re.VERBOSE | re.DOTALL,
)


def _without_values(message: str) -> str:
    """Return what is wrong with a request, without the value that is: it may be a secret.

    A password that is sent as a number, or beside where it belongs, would come back otherwise, to
    whoever keeps responses. The location and the path say which value is meant.
    """
    shown = _VALUE.sub(_kept, message)
    return shown if shown == message or shown.endswith("?") else f"{shown}."


def _kept(match: re.Match[str]) -> str:
    if match["before"]:
        return f"{match['before']} value"
    if match["mark"] == "?":  # of "Did you mean"
        return "?"
    return match["token"] or ""


def code_of(refusal: Refusal) -> ErrorCode:
    """Return the code of what a use case refuses."""
    return next(_CODES[kind] for kind in type(refusal).__mro__ if kind in _CODES)


_CODES: Mapping[type, ErrorCode] = {
    InvalidInput: ErrorCode.BAD_USER_INPUT,
    Unauthenticated: ErrorCode.UNAUTHENTICATED,
    Forbidden: ErrorCode.FORBIDDEN,
    NotFound: ErrorCode.NOT_FOUND,
    PlaylistConflict: ErrorCode.CONFLICT,
    LimitExceeded: ErrorCode.LIMIT_EXCEEDED,
    RateLimited: ErrorCode.RATE_LIMITED,
    IdempotencyKeyReused: ErrorCode.IDEMPOTENCY_KEY_REUSED,
    IdempotencyInProgress: ErrorCode.IDEMPOTENCY_IN_PROGRESS,
    Overloaded: ErrorCode.SERVICE_UNAVAILABLE,
}


def is_internal(error: GraphQLError) -> bool:
    """Whether an error was coded as a defect of ours."""
    return (error.extensions or {}).get("code") == ErrorCode.INTERNAL


def _is_of_request(error: GraphQLError, *, validated: bool) -> bool:
    """Whether the specification's algorithms found an error in the request, not in our answer.

    They name the value or variable that is wrong; where a field is named, we returned something
    that it may not have.
    """
    if not validated:
        return True
    if error.cause is not None and not isinstance(error.cause, GraphQLError):
        return False
    return not any(isinstance(node, FieldNode) for node in error.nodes or ())


def _code_of_request(error: GraphQLError, *, validated: bool) -> ErrorCode:
    if isinstance(error, GraphQLSyntaxError):
        return ErrorCode.GRAPHQL_PARSE_FAILED
    return ErrorCode.BAD_USER_INPUT if validated else ErrorCode.GRAPHQL_VALIDATION_FAILED


def _with(error: GraphQLError, message: str, **extensions: str) -> GraphQLError:
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=extensions,
    )
