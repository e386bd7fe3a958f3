"""Apps of third parties, as people read of them."""

from collections.abc import Sequence

from datasources.loaders.apps import AppsOfUser, AuthorizedAppsOfUser
from datasources.records.apps import AppRecord, AuthorizedApp
from resolvers.context import RequestContext
from resolvers.first_party import in_person


async def own_apps(context: RequestContext) -> Sequence[AppRecord]:
    """Return the apps that the caller registered, the oldest first (`apps`).

    Raises:
        Unauthenticated, Forbidden: nobody is signed in, or something acts for them.
    """
    return await context.loaders.of(AppsOfUser).load(in_person(context)) or ()


async def authorized_apps(context: RequestContext) -> Sequence[AuthorizedApp]:
    """Return the apps that act for the caller, the first let in first (`app_consents`).

    Raises:
        Unauthenticated, Forbidden: nobody is signed in, or something acts for them.
    """
    return await context.loaders.of(AuthorizedAppsOfUser).load(in_person(context)) or ()
