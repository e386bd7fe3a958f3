"""The viewer's apps: those they made, and those they let in."""

from collections.abc import Sequence

import strawberry
from strawberry.types import Info

from datasources.records.apps import AppRecord
from datasources.records.apps import AuthorizedApp as AuthorizedAppRecord
from resolvers import apps
from resolvers.context import RequestContext
from schema.permissions import ACCOUNT, KEYS
from schema.types.app import App, AuthorizedApp

Context = Info[RequestContext, None]


@strawberry.type
class AppQueries:
    """Apps of third parties."""

    @strawberry.field(
        description="The apps that the viewer registered, the oldest first.",
        graphql_type=list[App] | None,
        directives=KEYS.directives,
    )
    async def apps(self, info: Context) -> Sequence[AppRecord]:
        """Return the viewer's own."""
        return await apps.own_apps(info.context)

    @strawberry.field(
        description="The apps of others that act for the viewer, the first let in first.",
        graphql_type=list[AuthorizedApp] | None,
        directives=ACCOUNT.directives,
    )
    async def authorized_apps(self, info: Context) -> Sequence[AuthorizedAppRecord]:
        """Return those that were let in."""
        return await apps.authorized_apps(info.context)
