"""Use cases of people who are signed in."""

from uuid import UUID

from resolvers.context import RequestContext
from resolvers.errors import Unauthenticated


def signed_in(context: RequestContext) -> UUID:
    """Return the id of the person who asks.

    Raises:
        Unauthenticated: nobody is signed in.
    """
    if context.principal.user_id is None:
        raise Unauthenticated("Sign in first.")
    return context.principal.user_id
