"""Mutations of sessions: refreshing tokens, and signing out."""

from typing import Annotated

import strawberry
from strawberry.types import Info

from resolvers import session_commands
from resolvers.context import RequestContext
from schema.commands import command
from schema.idempotency import Once
from schema.payloads.sessions import RefreshTokensResult, SignOutEverywhereResult, SignOutResult
from schema.permissions import ACCOUNT, ANYBODY

Context = Info[RequestContext, None]


@strawberry.type
class SessionMutations:
    """What becomes of sessions."""

    @command(
        "Exchange a refresh token, which is spent then, for new tokens.",
        access=ANYBODY,
        result=RefreshTokensResult,
        once=Once.REFUSED,
    )
    async def refresh_tokens(
        self,
        info: Context,
        refresh_token: Annotated[
            str, strawberry.argument(description="The refresh token that came last.")
        ],
    ) -> session_commands.TokensRefreshed:
        """Exchange a refresh token."""
        return await session_commands.refresh_tokens(info.context, refresh_token)

    @command(
        "End one session of the viewer's.", access=ACCOUNT, result=SignOutResult, once=Once.REFUSED
    )
    async def sign_out(
        self,
        info: Context,
        session_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(
                description="Which, as `Account.sessions` lists them; this one, where it is absent."
            ),
        ] = None,
    ) -> session_commands.SignedOut:
        """End a session."""
        return await session_commands.sign_out(info.context, session_id)

    @command(
        "End all sessions of the viewer's, this one, too.",
        access=ACCOUNT,
        result=SignOutEverywhereResult,
        once=Once.REFUSED,
    )
    async def sign_out_everywhere(self, info: Context) -> session_commands.SignedOut:
        """End all sessions."""
        return await session_commands.sign_out_everywhere(info.context)
