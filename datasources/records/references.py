"""References to entities of any kind."""

from dataclasses import dataclass
from uuid import UUID

from datasources.records.external_ids import EntityKind


@dataclass(frozen=True, slots=True)
class EntityRef:
    """Which entity: its kind and id."""

    kind: EntityKind
    id: UUID
