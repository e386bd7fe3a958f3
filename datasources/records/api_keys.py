"""API keys: what they are for, their secrets without the secrets, and how they are used."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID


class ApiKeyKind(StrEnum):
    """Where a key may be kept."""

    SECRET = "SECRET"  # noqa: S105  a kind of key, and no secret
    PUBLISHABLE = "PUBLISHABLE"


class ApiKeyPlan(StrEnum):
    """How much a key may be used; the numbers are settings."""

    FREE = "FREE"
    PRO = "PRO"
    PARTNER = "PARTNER"


@dataclass(frozen=True, slots=True)
class ApiKeySecretRecord:
    """A row of `api_key_secrets`, without the hash: one text with which a key is used.

    `prefix` is how it begins, for people to recognise it. `expires_at` is set once another secret
    has taken its place.
    """

    prefix: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class ApiKeyRecord:
    """A row of `api_keys` with its secrets, the newest first.

    `allowed_addresses` are networks in CIDR notation; none of them, or of the origins, allows all.
    """

    id: UUID
    user_id: UUID
    name: str
    kind: ApiKeyKind
    plan: ApiKeyPlan
    scopes: Sequence[str]
    allowed_addresses: Sequence[str]
    allowed_origins: Sequence[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    secrets: Sequence[ApiKeySecretRecord] = ()

    @property
    def prefix(self) -> str:
        """How the newest secret begins."""
        return self.secrets[0].prefix if self.secrets else ""

    @property
    def last_used_at(self) -> datetime | None:
        """When any of its secrets was last used, to the minute; None for never."""
        used = [one.last_used_at for one in self.secrets if one.last_used_at is not None]
        return max(used, default=None)


@dataclass(frozen=True, slots=True)
class FoundApiKey:
    """What must be known of a key to let a request pass, found by the hash of one secret.

    `expires_at` is the earlier one of the key's and the secret's; `disabled` says that its owner's
    account is closed.
    """

    id: UUID
    user_id: UUID
    kind: ApiKeyKind
    plan: ApiKeyPlan
    scopes: Sequence[str]
    allowed_addresses: Sequence[str]
    allowed_origins: Sequence[str]
    expires_at: datetime | None
    revoked_at: datetime | None
    disabled: bool


@dataclass(frozen=True, slots=True)
class DayOfUse:
    """How often a key was used on one day (UTC): operations, and root fields by their names."""

    day: date
    operations: int = 0
    fields: Mapping[str, int] = field(default_factory=dict)
