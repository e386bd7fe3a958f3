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
