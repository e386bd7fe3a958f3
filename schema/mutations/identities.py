"""The mutation of linked accounts. Linking one is done in a browser, at `/account/identities`."""

from typing import Annotated
from uuid import UUID

import strawberry
from strawberry.types import Info

from resolvers import identities
from resolvers.context import RequestContext
from schema.commands import command
from schema.idempotency import Once
from schema.payloads.identities import UnlinkIdentityResult
from schema.permissions import ACCOUNT


@strawberry.type
class IdentityMutations:
    """Accounts elsewhere that sign in here."""

    @command(
        "Unlink an account elsewhere; where nothing else leads into the viewer's, it stays.",
        access=ACCOUNT,
        result=UnlinkIdentityResult,
        once=Once.REFUSED,
    )
    async def unlink_identity(
        self,
        info: Info[RequestContext, None],
        id: Annotated[  # noqa: A002  the graph's name
            strawberry.ID, strawberry.argument(description="The id of the linked identity.")
        ],
        password: Annotated[
            str | None,
            strawberry.argument(
                description="The viewer's password; null for an account without one."
            ),
        ] = None,
    ) -> identities.IdentityUnlinked:
        """Unlink an identity."""
        return await identities.unlink_identity(info.context, _uuid(id), password)


def _uuid(id_: strawberry.ID) -> UUID | None:
    """Return the id that was meant; None for what cannot be one: it is nobody's."""
    try:
        return UUID(id_)
    except ValueError:
        return None
