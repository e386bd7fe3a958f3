"""What a client asks for: one operation, read from a JSON value, whatever carried it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")


class BadRequest(Exception):
    """A request that is none; the message says why, and repeats nothing of it."""


@dataclass(frozen=True, slots=True)
class OperationRequest:
    """One operation as it was sent: nothing is parsed or checked but the types of its members."""

    query: str
    operation_name: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    extensions: Mapping[str, Any] = field(default_factory=dict)


def parse_request(value: object) -> OperationRequest:
    """Return the operation that a decoded JSON value asks for; members nobody knows are ignored.

    Raises:
        BadRequest: it is no object, has no `query`, or a member of the wrong type.
    """
    if not isinstance(value, dict):
        raise BadRequest("A request is a JSON object.")
    query = value.get("query")
    if query is None:
        raise BadRequest("`query` is missing: it holds the document.")
    if not isinstance(query, str):
        raise BadRequest("`query` is a string.")
    name = value.get("operationName")
    if name is not None and not isinstance(name, str):
        raise BadRequest("`operationName` is a string.")
    if name and not _NAME.fullmatch(name):
        raise BadRequest("`operationName` is no name.")
    # Some clients send an empty name for none.
    return OperationRequest(
        query, name or None, _object(value, "variables"), _object(value, "extensions")
    )


def _object(value: Mapping[str, object], member: str) -> Mapping[str, Any]:
    found = value.get(member)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise BadRequest(f"`{member}` is an object.")
    return found
