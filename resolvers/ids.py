"""Global ids: opaque to clients, a kind and a UUID to us."""

from base64 import urlsafe_b64encode
from uuid import UUID

from datasources.records.external_ids import EntityKind

MAX_IDS = 100

_TYPE_NAMES = {kind: kind.value.capitalize() for kind in EntityKind}
_KINDS = {name: kind for kind, name in _TYPE_NAMES.items()}


def global_id(type_name: str, entity_id: UUID) -> str:
    """Return the opaque id of an entity: its GraphQL type and UUID."""
    return urlsafe_b64encode(f"{type_name}:{entity_id}".encode()).decode().rstrip("=")
