"""Who is calling."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from auth.scopes import PUBLIC_SCOPES, SCOPES_OF_ROLE, Scope
from datasources.records.accounts import Role
from datasources.records.api_keys import ApiKeyPlan


class PrincipalKind(StrEnum):
    """What a caller showed."""

    ANONYMOUS = "ANONYMOUS"
    USER = "USER"
    APP = "APP"
    API_KEY = "API_KEY"
    SERVICE = "SERVICE"


class SessionKind(StrEnum):
    """How a signed-in client keeps its session."""

    COOKIE = "COOKIE"
    TOKENS = "TOKENS"


@dataclass(frozen=True, slots=True)
class SessionRef:
    """The session that a person calls from; `id` is no secret: see `Account.sessions`."""

    kind: SessionKind
    id: str


@dataclass(frozen=True, slots=True)
class KeyRef:
    """The API key that a caller showed, whose it is, and how much it may be used."""

    id: UUID
    owner_id: UUID
    plan: ApiKeyPlan


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller of one operation, resolved once from its credential.

    `user_id` is the person acted for: None for nobody, for a publishable key, and for a service.
    `scopes` bound what the credential may be used for; what a person may see beyond is the policy's
    business. `authenticated_at` is when the person last proved who they are. `service` is the name
    that our configuration gives a service. `app_id` names a third party's app, which acts for a
    person with what these consented to, or for nobody but itself.
    """

    kind: PrincipalKind = PrincipalKind.ANONYMOUS
    user_id: UUID | None = None
    role: Role | None = None
    scopes: frozenset[Scope] = PUBLIC_SCOPES
    session: SessionRef | None = None
    authenticated_at: datetime | None = None
    key: KeyRef | None = None
    service: str | None = None
    app_id: UUID | None = None


ANONYMOUS = Principal()


def person(
    user_id: UUID,
    role: Role = Role.LISTENER,
    session: SessionRef | None = None,
    authenticated_at: datetime | None = None,
) -> Principal:
    """Return the principal of a person who signed in, with all scopes of their role."""
    return Principal(
        PrincipalKind.USER, user_id, role, SCOPES_OF_ROLE[role], session, authenticated_at
    )
