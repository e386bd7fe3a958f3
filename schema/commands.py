"""Declares mutations: who may use one, and how what it refuses becomes part of its result."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar, get_args

from strawberry import federation
from strawberry.types import Info

from resolvers.errors import Forbidden, Refusal, Unauthenticated, WrongCredentials
from schema.idempotency import Once, keyed
from schema.permissions import Access
from schema.refusals import Refused
from schema.views import record_of

P = ParamSpec("P")
R = TypeVar("R")


def command(
    description: str, *, access: Access, result: Any, once: Once | None = None
) -> Callable[[Callable[P, Awaitable[R]]], Any]:
    """Declare a mutation whose result is a union of what it gives and the errors to expect.

    An error that the use case raises is the result, where the union has a type for it; any other
    is an error of the field. `once` says what it does with an `Idempotency-Key`: where nobody has
    said so, it is refused, and a guard fails.
    """

    def decorate(resolver: Callable[P, Awaitable[R]]) -> Any:
        expected = _refusals_in(result)

        @wraps(resolver)
        async def answer(*args: P.args, **kwargs: P.kwargs) -> R | Refused:
            # Fields run in their order: what was loaded for those before is not asked for again,
            # and what this one shows is what it left.
            _forget_loaded(kwargs.get("info"))
            try:
                with keyed(once, kwargs):
                    return await resolver(*args, **kwargs)
            except Refusal as refusal:
                _note(refusal, kwargs.get("info"))
                if isinstance(refusal, expected):
                    return Refused(refusal)
                raise
            finally:
                _forget_loaded(kwargs.get("info"))

        return federation.mutation(
            resolver=answer,
            description=description,
            directives=access.directives,
            graphql_type=result | None,
            metadata={"once": once},
        )

    return decorate


def _forget_loaded(info: object) -> None:
    """Let all that is read from now on be read from the stores."""
    if isinstance(info, Info):
        info.context.loaders.forget()


def _note(refusal: Refusal, info: object) -> None:
    """Note what is denied for the audit log; wrong passwords have entries of their own."""
    denied = isinstance(refusal, Forbidden | Unauthenticated)
    if denied and not isinstance(refusal, WrongCredentials) and isinstance(info, Info):
        info.context.reply.denied.add(f"Mutation.{info.field_name}")


def _refusals_in(result: Any) -> tuple[type[Refusal], ...]:
    """Return the refusals among the members of `Annotated[A | B, strawberry.union(…)]`."""
    union = next(iter(get_args(result)), None)  # a result that nothing is refused is no union
    members = (record_of(member) for member in get_args(union))
    return tuple(record for record in members if issubclass(record, Refusal))
