"""Scalars beyond those of the specification."""

from datetime import date, datetime
from typing import NewType
from uuid import UUID

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

BigInt = NewType("BigInt", int)

_EXACT = 2**53 - 1


def _whole(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _EXACT:
        return value
    raise GraphQLError(f"BigInt is a whole number up to {_EXACT}.")


SCALARS: dict[object, ScalarDefinition] = {
    BigInt: strawberry.scalar(
        name="BigInt",
        description="A whole number beyond 32 bits, up to 2^53 - 1: exact as a JSON number.",
        serialize=_whole,
        parse_value=_whole,
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description="A moment in ISO 8601, with its offset from UTC.",
        serialize=datetime.isoformat,
        parse_value=datetime.fromisoformat,
    ),
    date: strawberry.scalar(
        name="Date",
        description="A day in ISO 8601: year, month and day.",
        serialize=date.isoformat,
        parse_value=date.fromisoformat,
    ),
    UUID: strawberry.scalar(
        name="UUID",
        description="A universally unique identifier in its usual form (RFC 9562).",
        serialize=str,
        parse_value=UUID,
    ),
}
