"""What has happened, for the record."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

DELETED_ACCOUNT = "deleteAccount"
"""The action whose subject has no account any more: their tokens are void by this entry."""


class AuditResult(StrEnum):
    """How it ended."""

    DONE = "DONE"
    DENIED = "DENIED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """A row of `audit_log`: who did what to whom, when, from where, and how it ended.

    `details` is what JSON holds; never a secret, a name or an address.
    """

    id: UUID
    at: datetime
    action: str
    result: AuditResult
    actor_kind: str
    actor_id: UUID | None = None
    subject_id: UUID | None = None
    address: str = ""
    user_agent: str = ""
    request_id: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries of the audit log: those that fit all that is given."""

    action: str | None = None
    actor_id: UUID | None = None
    subject_id: UUID | None = None
