"""Mutations that end an account, and that hand over what it holds."""

from typing import Annotated

import strawberry
from strawberry.types import Info

from resolvers import account_deletion, export
from resolvers.context import RequestContext
from schema.commands import command
from schema.idempotency import Once
from schema.payloads.deletion import DeleteAccountResult, ExportMyDataResult
from schema.permissions import ACCOUNT


@strawberry.type
class DeletionMutations:
    """One's data: taken along, and removed."""

    @command(
        "Delete the viewer's account, and all that is personal with it. There is no way back.",
        access=ACCOUNT,
        result=DeleteAccountResult,
        once=Once.REFUSED,
    )
    async def delete_account(
        self,
        info: Info[RequestContext, None],
        password: Annotated[
            str | None,
            strawberry.argument(
                description=(
                    "The viewer's password; null for an account without one, lately signed in."
                )
            ),
        ] = None,
    ) -> account_deletion.AccountDeleted:
        """Delete the viewer's account."""
        return await account_deletion.delete_account(info.context, password)

    @command(
        "Ask for everything that is held about the viewer.",
        access=ACCOUNT,
        result=ExportMyDataResult,
        once=Once.REFUSED,
    )
    async def export_my_data(self, info: Info[RequestContext, None]) -> export.DataExport:
        """Say where the viewer's data is."""
        return await export.export_my_data(info.context)
