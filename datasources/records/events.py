"""What happened to a subject, as others are told."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class EventRecord:
    """A row of `outbox`. Of one topic and subject, `seq` grows by one from each to the next."""

    id: UUID
    topic: str
    subject_id: UUID
    seq: int
    payload: Mapping[str, Any]
