"""Sessions: what a store keeps of them, and how their owner sees them."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from datasources.records.accounts import Role


@dataclass(frozen=True, slots=True)
class ProviderSession:
    """The session at an OpenID provider that one of ours began with.

    `sid` is the provider's name for it, if it has one; `id_token` is sealed, in base64, and says
    there whose session is to be ended.
    """

    issuer: str
    sid: str | None
    id_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """A browser's session, as Redis keeps it under the hash of its id."""

    user_id: UUID
    role: Role
    created_at: datetime
    authenticated_at: datetime
    device: str
    address: str
    provider: ProviderSession | None = None


@dataclass(frozen=True, slots=True)
class ListedSession:
    """A session among all those of a person: in a cookie, or in `tokens`.

    Its id opens nothing: the hash of a cookie's, or the id of a family of tokens.
    """

    id: str
    tokens: bool
    device: str
    address: str
    created_at: datetime
    last_used_at: datetime
