"""Work that is done after the answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID


class JobKind(StrEnum):
    """What there is to do."""

    SEND_MAIL = "send_mail"
    DELETE_ACCOUNT = "delete_account"
    FORGET_SESSIONS = "forget_sessions"


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A row of `jobs` that was taken; `attempts` counts this one, too."""

    id: UUID
    kind: str
    payload: Mapping[str, Any]
    attempts: int
