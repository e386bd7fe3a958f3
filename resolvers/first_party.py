"""What people do themselves, and neither a key, a service nor somebody else's app does for them."""

from uuid import UUID

from auth.principal import PrincipalKind
from resolvers.context import RequestContext
from resolvers.errors import Forbidden
from resolvers.signed_in import signed_in


def in_person(context: RequestContext) -> UUID:
    """Return the id of the person who asks, with a session or token of their own.

    Raises:
        Unauthenticated: nobody is signed in.
        Forbidden: something acts for them.
    """
    user_id = signed_in(context)
    principal = context.principal
    own = principal.kind is PrincipalKind.USER and principal.app_id is None
    if not own:
        raise Forbidden("Sign in yourself for this: nothing else may do it for you.")
    return user_id
