"""Refusals as answers: the executor would raise an exception that a resolver returns."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from resolvers.errors import Refusal
from schema.views import view

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Refused:
    """Holds a refusal that is part of a mutation's result."""

    refusal: Refusal


def refusal_view(record: type[Refusal], *, description: str) -> Callable[[type[T]], type[T]]:
    """Make a class the GraphQL type that shows a refusal of this class, and of no other."""

    def decorate(cls: type[T]) -> type[T]:
        cls.is_type_of = staticmethod(  # type: ignore[attr-defined]  # what Strawberry looks for
            lambda obj, _info: type(obj) is Refused and type(obj.refusal) is record
        )
        return view(record, description=description)(cls)

    return decorate


def read(name: str) -> Callable[[Any], object]:
    """Return the reader of an attribute of the refusal."""
    return lambda refused: getattr(refused.refusal, name)
