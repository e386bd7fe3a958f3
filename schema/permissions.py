"""Who may use a field, as it stands in the schema."""

from dataclasses import dataclass

from strawberry.federation.schema_directives import RequiresScopes
from strawberry.schema_directive import Location, schema_directive

from auth.scopes import Scope


@schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="public",
    description="Anybody may use this, signed in or not: it is meant so, and not forgotten.",
)
class Public:
    """Marks what needs no permission where everything else does."""


@dataclass(frozen=True, slots=True)
class Access:
    """The directives of a field that say who may use it."""

    directives: tuple[object, ...] = ()


OF_ITS_TYPE = Access()
"""A field asks for no more than the type that it belongs to."""

ANYBODY = Access((Public(),))


def needs(*scopes: Scope) -> Access:
    """Return the access of callers that have all of these scopes."""
    listed = sorted(scope.value for scope in scopes)
    return Access((RequiresScopes(scopes=[listed]),))


CATALOG = needs(Scope.CATALOG_READ)
PLAYLISTS = needs(Scope.PLAYLISTS_READ)
PLAYLISTS_WRITE = needs(Scope.PLAYLISTS_WRITE)
LISTENS = needs(Scope.LISTENS_READ)
LISTENS_WRITE = needs(Scope.LISTENS_WRITE)
LIBRARY = needs(Scope.LIBRARY_READ)
LIBRARY_WRITE = needs(Scope.LIBRARY_WRITE)
RECOMMENDATIONS = needs(Scope.RECOMMENDATIONS_READ)
ACCOUNT = needs(Scope.ACCOUNT_MANAGE)
KEYS = needs(Scope.KEYS_MANAGE)
ADMIN = needs(Scope.ADMIN)
