"""Accounts at OpenID providers with which people sign in here."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class IdentityRecord:
    """A row of `identities`: what `issuer` calls `subject` is the person here.

    `email` is as the provider said it when it was linked; nobody is found by it.
    """

    id: UUID
    user_id: UUID
    issuer: str
    subject: str
    email: str | None
    linked_at: datetime
    last_used_at: datetime | None
