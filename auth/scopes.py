"""Scopes: what a credential may be used for. Roles and anonymity are sets of them."""

from collections.abc import Mapping
from enum import StrEnum

from datasources.records.accounts import Role
from datasources.records.external_ids import EntityKind


class Scope(StrEnum):
    """One permission, as it stands in `@requiresScopes` and in tokens."""

    CATALOG_READ = "catalog:read"
    PLAYLISTS_READ = "playlists:read"
    PLAYLISTS_WRITE = "playlists:write"
    LIBRARY_READ = "library:read"
    LIBRARY_WRITE = "library:write"
    LISTENS_READ = "listens:read"
    LISTENS_WRITE = "listens:write"
    RECOMMENDATIONS_READ = "recommendations:read"
    ACCOUNT_MANAGE = "account:manage"
    KEYS_MANAGE = "keys:manage"
    ADMIN = "admin"


PUBLIC_SCOPES = frozenset(
    {
        Scope.CATALOG_READ,
        Scope.PLAYLISTS_READ,
        Scope.LISTENS_READ,
        Scope.RECOMMENDATIONS_READ,
    }
)
"""What anybody may do without a credential: read what is public."""

PERSONAL_SCOPES = frozenset(Scope) - {Scope.ADMIN}
"""What a person who signed in may do."""

APP_SCOPES = PERSONAL_SCOPES - {Scope.ACCOUNT_MANAGE, Scope.KEYS_MANAGE}
"""What a person may let a third party's app do: not how they sign in, nor making more keys."""


class OpenIdScope(StrEnum):
    """What an app may learn of a person at `/oauth/userinfo`, and in ID tokens."""

    OPENID = "openid"
    PROFILE = "profile"
    EMAIL = "email"
    OFFLINE_ACCESS = "offline_access"
    """Says that it acts while the person is away; every app is renewed by refresh tokens."""


SCOPES_OF_APPS = frozenset(one.value for one in (*APP_SCOPES, *OpenIdScope))
"""All that an app may ask for, as words."""

SCOPES_OF_OWN = frozenset(one.value for one in PUBLIC_SCOPES)
"""What an app may do for itself, without a person: read what is public, as words."""

SCOPES_OF_ROLE: Mapping[Role, frozenset[Scope]] = {
    Role.LISTENER: PERSONAL_SCOPES,
    Role.CURATOR: PERSONAL_SCOPES,
    Role.ADMIN: frozenset(Scope),
}

SCOPE_OF_KIND: Mapping[EntityKind, Scope | None] = {
    EntityKind.TRACK: Scope.CATALOG_READ,
    EntityKind.ALBUM: Scope.CATALOG_READ,
    EntityKind.ARTIST: Scope.CATALOG_READ,
    EntityKind.PLAYLIST: Scope.PLAYLISTS_READ,
    EntityKind.USER: None,
}
"""What an entity of each kind needs, wherever one comes from; what people show of themselves is
for everybody, and what is more has scopes of its own."""
