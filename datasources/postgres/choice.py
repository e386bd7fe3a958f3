"""A text column that holds one of a fixed set of words, read as our enum."""

from enum import StrEnum
from typing import TypeVar

from sqlalchemy import Dialect, Text
from sqlalchemy.types import TypeDecorator

E = TypeVar("E", bound=StrEnum)


class Choice(TypeDecorator[E]):
    """Text in the table, guarded by a check constraint there; a member of `choices` here."""

    impl = Text
    cache_ok = True

    def __init__(self, choices: type[E]) -> None:
        super().__init__()
        self.choices = choices
        self._members = {member.value: member for member in choices}

    def process_bind_param(self, value: E | None, dialect: Dialect) -> str | None:  # noqa: ARG002  the method's shape is SQLAlchemy's
        """Return what the column holds."""
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> E | None:  # noqa: ARG002  the method's shape is SQLAlchemy's
        """Return the member that the column names."""
        return None if value is None else self._members[value]
