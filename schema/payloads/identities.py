"""Results of changes to linked accounts."""

from typing import Annotated

import strawberry

from resolvers import identities
from schema.payloads.errors import Forbidden, NotFound, RateLimited, WrongCredentials
from schema.views import computed, view


@view(
    identities.IdentityUnlinked,
    told_apart=True,
    description="The account elsewhere does not sign in any more. Sessions that it began go on.",
)
class IdentityUnlinked:
    """A view over `IdentityUnlinked`."""

    id: strawberry.ID = computed(lambda unlinked: str(unlinked.id), "The id that it had.")


UnlinkIdentityResult = Annotated[
    IdentityUnlinked | WrongCredentials | RateLimited | NotFound | Forbidden,
    strawberry.union("UnlinkIdentityResult", description="What `unlinkIdentity` answers."),
]
