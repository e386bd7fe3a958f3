"""Declares mutations: who may use one, and how what it refuses becomes part of its result."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar, get_args

from strawberry import federation
from strawberry.types import Info

from resolvers.errors import Forbidden, Refusal, Unauthenticated, WrongCredentials
from schema.permissions import Access
from schema.refusals import Refused
from schema.views import record_of

P = ParamSpec("P")
R = TypeVar("R")


def command(
    description: str, *, access: Access, result: Any
) -> Callable[[Callable[P, Awaitable[R]]], Any]:
    """Declare a mutation whose result is a union of what it gives and the errors to expect.

    An error that the use case raises is the result, where the union has a type for it; any other
    is an error of the field.
    """

    def decorate(resolver: Callable[P, Awaitable[R]]) -> Any:
        expected = _refusals_in(result)

        @wraps(resolver)
        async def answer(*args: P.args, **kwargs: P.kwargs) -> R | Refused:
            try:
                return await resolver(*args, **kwargs)
            except expected as refusal:
                return Refused(refusal)

        return federation.mutation(
            resolver=answer,
            description=description,
            directives=access.directives,
            graphql_type=result | None,
        )

    return decorate


def _note(refusal: Refusal, info: object) -> None:
    """Note what is denied for the audit log; wrong passwords have entries of their own."""
    denied = isinstance(refusal, Forbidden | Unauthenticated)
    if denied and not isinstance(refusal, WrongCredentials) and isinstance(info, Info):
        info.context.reply.denied.add(f"Mutation.{info.field_name}")


def _refusals_in(result: Any) -> tuple[type[Refusal], ...]:
    """Return the refusals among the members of `Annotated[A | B, strawberry.union(…)]`."""
    members = (record_of(member) for member in get_args(get_args(result)[0]))
    return tuple(record for record in members if issubclass(record, Refusal))
