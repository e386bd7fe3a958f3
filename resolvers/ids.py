"""Global ids: opaque to clients, a type and a UUID to us."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

from datasources.records.external_ids import EntityKind
from datasources.records.references import EntityRef
from resolvers.errors import BadUserInput

T = TypeVar("T")

MAX_IDS = 100

_KINDS = {kind.value.capitalize(): kind for kind in EntityKind}


def global_id(type_name: str, entity_id: UUID) -> str:
    """Return the opaque id of an entity: the name of its type, and its UUID."""
    return urlsafe_b64encode(f"{type_name}:{entity_id}".encode()).decode().rstrip("=")


def parse_id(text: str) -> EntityRef:
    """Return what a global id names.

    Raises:
        BadUserInput: it was not made by `global_id` of an entity with a page of its own.
    """
    try:
        name, _, value = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().partition(":")
        ref = EntityRef(_KINDS[name], UUID(value))
    except (Base64Error, ValueError, KeyError):
        ref = None
    if ref is None or global_id(name, ref.id) != text:
        raise BadUserInput("This is not an id of this graph.")  # not which: it may be a secret
    return ref


def parse_id_of(kind: EntityKind, text: str) -> UUID:
    """Return the UUID in a global id of this kind.

    Raises:
        BadUserInput: it is no id, or one of another kind.
    """
    ref = parse_id(text)
    if ref.kind is not kind:
        raise BadUserInput(f"This is not the id of a {kind.value.capitalize()}.")
    return ref.id


def at_most_max_ids(ids: Sequence[T], name: str = "ids") -> Sequence[T]:
    """Return the ids, or what names entities, as they are.

    Raises:
        BadUserInput: there are more than 100.
    """
    if len(ids) > MAX_IDS:
        raise BadUserInput(f"`{name}` may hold {MAX_IDS} at most.")
    return ids
