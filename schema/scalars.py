"""Scalars beyond those of the specification."""

from typing import NewType

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
    )
}
