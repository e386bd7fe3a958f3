"""One page of a keyset-ordered list, the request for one, and the cursors in between."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from uuid import UUID

if TYPE_CHECKING:
    from datasources.loaders.batch import Batch

T = TypeVar("T")

KeyPart = str | int | UUID
"""What a list is ordered by. Integers fit PostgreSQL's `bigint`; text sorts by code point."""

Key = tuple[KeyPart, ...]

_BIGINT = 2**63
_MAX_CURSOR_CHARS = 1024


@dataclass(frozen=True, slots=True)
class Keyset:
    """The order of one list: its name, the types of its key, and its one direction.

    The name goes into each cursor, so that a cursor of another list is refused.
    """

    name: str
    types: tuple[type[str] | type[int] | type[UUID], ...]
    descending: bool = False

    def encode(self, key: Key) -> str:
        """Return the opaque cursor of the item with this key."""
        parts = [part.hex if isinstance(part, UUID) else part for part in key]
        text = json.dumps([self.name, *parts], separators=(",", ":"), ensure_ascii=False)
        return urlsafe_b64encode(text.encode()).decode().rstrip("=")

    def decode(self, cursor: str) -> Key | None:
        """Return the key in a cursor, or None where it was not made by `encode` of this keyset."""
        if len(cursor) > _MAX_CURSOR_CHARS:
            return None
        try:
            text = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
            name, *parts = json.loads(text)
            key = tuple(_part(kind, part) for kind, part in zip(self.types, parts, strict=True))
            genuine = name == self.name and self.encode(key) == cursor
        except (Base64Error, ValueError, TypeError, RecursionError):
            return None
        return key if genuine else None


def _part(kind: type[str] | type[int] | type[UUID], value: object) -> KeyPart:
    if kind is UUID:
        if not isinstance(value, str):
            raise TypeError
        return UUID(hex=value)
    if type(value) is not kind:
        raise TypeError
    if isinstance(value, int) and not -_BIGINT <= value < _BIGINT:
        raise ValueError
    if isinstance(value, str) and "\0" in value:  # PostgreSQL holds no NUL in text
        raise ValueError
    return value


@dataclass(frozen=True, slots=True)
class PageRequest:
    """The first (or, `backward`, the last) `limit` items strictly between two keys."""

    limit: int
    after: Key | None = None
    before: Key | None = None
    backward: bool = False


@dataclass(frozen=True, slots=True)
class Edge(Generic[T]):
    """One item of a page, and where it stands in the list."""

    node: T
    key: Key
    keyset: Keyset

    @property
    def cursor(self) -> str:
        """The opaque position of the item."""
        return self.keyset.encode(self.key)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Items in the list's order, whichever way the page was read.

    `total` is the number of items in the whole list, or the loader that counts those of `parent`,
    which is asked only when the number is selected.
    """

    edges: tuple[Edge[T], ...] = ()
    has_next: bool = False
    has_previous: bool = False
    total: "int | Batch[Any, int] | None" = None
    parent: Hashable = None

    @property
    def nodes(self) -> list[T]:
        """The items without their edges."""
        return [edge.node for edge in self.edges]

    @property
    def start_cursor(self) -> str | None:
        """The cursor of the first item, None for an empty page."""
        return self.edges[0].cursor if self.edges else None

    @property
    def end_cursor(self) -> str | None:
        """The cursor of the last item, None for an empty page."""
        return self.edges[-1].cursor if self.edges else None
