"""Work that is done after the answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A row of `jobs` that was taken; `attempts` counts this one, too."""

    id: UUID
    kind: str
    payload: Mapping[str, Any]
    attempts: int
