"""Mutations of passkeys, and signing in with one."""

from typing import Annotated
from uuid import UUID

import strawberry
from strawberry.scalars import JSON
from strawberry.types import Info

from auth.principal import SessionKind
from resolvers import passkey_sign_in, passkeys
from resolvers.context import RequestContext
from resolvers.sessions import SignedIn
from schema.commands import command
from schema.idempotency import Once
from schema.payloads.passkeys import (
    AddPasskeyResult,
    PasskeyOptions,
    RemovePasskeyResult,
    RenamePasskeyResult,
    SignInWithPasskeyResult,
    StartPasskeyRegistrationResult,
)
from schema.permissions import ACCOUNT, ANYBODY

_Credential = Annotated[
    JSON,
    strawberry.argument(
        description="The browser's answer as its `toJSON` gives it, up to 16 KiB of JSON."
    ),
]
_Name = Annotated[
    str, strawberry.argument(description="What to call the passkey, up to 60 characters.")
]
_Id = Annotated[strawberry.ID, strawberry.argument(description="The id of the passkey.")]


@strawberry.type
class PasskeyMutations:
    """Passkeys: a way in without a password."""

    @command(
        "Begin to add a passkey to the viewer's account.",
        access=ACCOUNT,
        result=StartPasskeyRegistrationResult,
        once=Once.REFUSED,
    )
    async def start_passkey_registration(
        self,
        info: Info[RequestContext, None],
        password: Annotated[
            str | None,
            strawberry.argument(
                description="Needed where the viewer signed in more than ten minutes ago."
            ),
        ] = None,
    ) -> passkeys.PasskeyOptions:
        """Return what to ask the browser for."""
        return await passkeys.start_passkey_registration(info.context, password)

    @command(
        "Keep the passkey that the browser made.",
        access=ACCOUNT,
        result=AddPasskeyResult,
        once=Once.REFUSED,
    )
    async def add_passkey(
        self, info: Info[RequestContext, None], credential: _Credential, name: _Name
    ) -> passkeys.PasskeyAdded:
        """Add a passkey."""
        return await passkeys.add_passkey(info.context, credential, name)

    @command(
        "Begin to sign in with a passkey; nothing is asked of the caller.",
        access=ANYBODY,
        result=PasskeyOptions,
        once=Once.REFUSED,
    )
    async def start_passkey_sign_in(
        self, info: Info[RequestContext, None]
    ) -> passkeys.PasskeyOptions:
        """Return what to ask the browser for."""
        return await passkey_sign_in.start_passkey_sign_in(info.context)

    @command(
        "Sign in with a passkey. No second step follows.",
        access=ANYBODY,
        result=SignInWithPasskeyResult,
        once=Once.REFUSED,
    )
    async def sign_in_with_passkey(
        self,
        info: Info[RequestContext, None],
        credential: _Credential,
        session: Annotated[
            SessionKind, strawberry.argument(description="How the client keeps the session.")
        ],
    ) -> SignedIn:
        """Sign in."""
        return await passkey_sign_in.sign_in_with_passkey(info.context, credential, session)

    @command(
        "Give a passkey another name.",
        access=ACCOUNT,
        result=RenamePasskeyResult,
        once=Once.REFUSED,
    )
    async def rename_passkey(
        self,
        info: Info[RequestContext, None],
        id: _Id,  # noqa: A002  the graph's name
        name: _Name,
    ) -> passkeys.PasskeyRenamed:
        """Rename a passkey."""
        return await passkeys.rename_passkey(info.context, _uuid(id), name)

    @command(
        "Remove a passkey; the last one stays where no password leads into the account.",
        access=ACCOUNT,
        result=RemovePasskeyResult,
        once=Once.REFUSED,
    )
    async def remove_passkey(
        self,
        info: Info[RequestContext, None],
        id: _Id,  # noqa: A002  the graph's name
        password: Annotated[
            str | None,
            strawberry.argument(
                description="The viewer's password; null for an account without one."
            ),
        ] = None,
    ) -> passkeys.PasskeyRemoved:
        """Remove a passkey."""
        return await passkeys.remove_passkey(info.context, _uuid(id), password)


def _uuid(id_: strawberry.ID) -> UUID | None:
    """Return the id that was meant; None for what cannot be one: it is nobody's."""
    try:
        return UUID(id_)
    except ValueError:
        return None
