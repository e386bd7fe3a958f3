"""Which access tokens are void before their time. Each process holds the list of late."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID


@dataclass(slots=True)
class Revocations:
    """Read again every few seconds, so that a token costs no store a question.

    Where PostgreSQL does not answer, the list stays as it was: tokens live for minutes.
    """

    families: frozenset[UUID] = frozenset()
    users: Mapping[UUID, datetime] = field(default_factory=dict)

    def void(self, user_id: UUID, family_id: UUID | None, issued_at: datetime) -> bool:
        """Return whether a token was revoked, alone or with all others of its person."""
        if family_id in self.families:
            return True
        since = self.users.get(user_id)
        return since is not None and issued_at <= since
