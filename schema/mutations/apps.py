"""Mutations of apps: by who makes them, and by who lets them in."""

from typing import Annotated
from uuid import UUID

import strawberry
from strawberry.types import Info

from resolvers import app_commands, app_consents
from resolvers.context import RequestContext
from schema.commands import command
from schema.idempotency import Once
from schema.inputs.apps import RegisterAppInput, UpdateAppInput
from schema.payloads.apps import (
    DeleteAppResult,
    RegisterAppResult,
    RotateAppSecretResult,
    UpdateAppResult,
    WithdrawConsentResult,
)
from schema.permissions import ACCOUNT, KEYS

Context = Info[RequestContext, None]
_Id = Annotated[strawberry.ID, strawberry.argument(description="The id of the app.")]


@strawberry.type
class AppMutations:
    """Apps of third parties."""

    @command(
        "Register an app. Its secret is shown once: `Idempotency-Key` is refused.",
        access=KEYS,
        result=RegisterAppResult,
        once=Once.REFUSED,
    )
    async def register_app(
        self,
        info: Context,
        input: Annotated[RegisterAppInput, strawberry.argument(description="The app.")],  # noqa: A002  the graph's name
    ) -> app_commands.AppRegistered:
        """Register an app."""
        return await app_commands.register_app(info.context, input.values())

    @command(
        "Change what is said of an app. Tokens lose what it may no longer ask for when they are"
        " renewed.",
        access=KEYS,
        result=UpdateAppResult,
        once=Once.REFUSED,
    )
    async def update_app(
        self,
        info: Context,
        id: _Id,  # noqa: A002  the graph's name
        input: Annotated[UpdateAppInput, strawberry.argument(description="The changes.")],  # noqa: A002  the graph's name
    ) -> app_commands.AppUpdated:
        """Change an app."""
        return await app_commands.update_app(info.context, _uuid(id), input.changes())

    @command(
        "Give an app a new secret. The one before it stays good for a while, where that is asked"
        " for; one that was replaced before ends.",
        access=KEYS,
        result=RotateAppSecretResult,
        once=Once.REFUSED,
    )
    async def rotate_app_secret(
        self,
        info: Context,
        id: _Id,  # noqa: A002  the graph's name
        overlap_s: Annotated[
            int,
            strawberry.argument(
                description="How long the old one stays good, in seconds: a week at the most."
            ),
        ] = 0,
    ) -> app_commands.AppSecretRotated:
        """Rotate a secret."""
        return await app_commands.rotate_app_secret(info.context, _uuid(id), overlap_s)

    @command(
        "Delete an app. All its tokens die, and what people agreed to is forgotten.",
        access=KEYS,
        result=DeleteAppResult,
        once=Once.REFUSED,
    )
    async def delete_app(
        self,
        info: Context,
        id: _Id,  # noqa: A002  the graph's name
    ) -> app_commands.AppDeleted:
        """Delete an app."""
        return await app_commands.delete_app(info.context, _uuid(id))

    @command(
        "Take back what an app may do for the viewer. Its tokens are void within five seconds.",
        access=ACCOUNT,
        result=WithdrawConsentResult,
        once=Once.REFUSED,
    )
    async def withdraw_consent(self, info: Context, app_id: _Id) -> app_consents.ConsentWithdrawn:
        """Take back a consent."""
        return await app_consents.withdraw_consent(info.context, _uuid(app_id))


def _uuid(id_: strawberry.ID) -> UUID | None:
    """Return the id that was meant; None for what cannot be one: it is nobody's."""
    try:
        return UUID(id_)
    except ValueError:
        return None
