"""Passkeys of accounts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class PasskeyRecord:
    """A row of `passkeys`. `credential_id` is the authenticator's name for it, unique.

    `sign_count` is how often the authenticator says that it signed; many always say 0.
    """

    id: UUID
    user_id: UUID
    credential_id: bytes = field(repr=False)
    public_key: bytes = field(repr=False)
    sign_count: int
    transports: Sequence[str]
    name: str
    backed_up: bool
    created_at: datetime
    last_used_at: datetime | None
