"""Mutations of the second factor, and the second step of signing in."""

from typing import Annotated

import strawberry
from strawberry.types import Info

from resolvers import second_factor
from resolvers.context import RequestContext
from resolvers.sessions import SignedIn
from schema.commands import command
from schema.idempotency import Once
from schema.payloads.second_factor import (
    CompleteSignInResult,
    ConfirmTotpResult,
    DisableTotpResult,
    EnrolTotpResult,
    ReplaceRecoveryCodesResult,
)
from schema.permissions import ACCOUNT, ANYBODY

_Password = Annotated[
    str | None,
    strawberry.argument(
        description="The viewer's password; null for an account without one, lately signed in."
    ),
]


@strawberry.type
class SecondFactorMutations:
    """A second factor beside the password."""

    @command(
        "The second step of `signIn`, for an account with a second factor.",
        access=ANYBODY,
        result=CompleteSignInResult,
        once=Once.REFUSED,
    )
    async def complete_sign_in(
        self,
        info: Info[RequestContext, None],
        challenge: Annotated[
            str, strawberry.argument(description="From `SecondFactorRequired`; takes five tries.")
        ],
        code: Annotated[
            str,
            strawberry.argument(description="From the authenticator app, or a recovery code."),
        ],
    ) -> SignedIn:
        """Sign in with a code."""
        return await second_factor.complete_sign_in(info.context, challenge, code)

    @command(
        "Begin to set up an authenticator app; nothing changes before `confirmTotp`.",
        access=ACCOUNT,
        result=EnrolTotpResult,
        once=Once.REFUSED,
    )
    async def enrol_totp(
        self, info: Info[RequestContext, None], password: _Password = None
    ) -> second_factor.TotpEnrolment:
        """Begin with an authenticator."""
        return await second_factor.enrol_totp(info.context, password)

    @command(
        "Finish what `enrolTotp` began: signing in with a password asks for a code from now on.",
        access=ACCOUNT,
        result=ConfirmTotpResult,
        once=Once.REFUSED,
    )
    async def confirm_totp(
        self,
        info: Info[RequestContext, None],
        code: Annotated[str, strawberry.argument(description="What the app shows now.")],
    ) -> second_factor.TotpConfirmed:
        """Make the authenticator active."""
        return await second_factor.confirm_totp(info.context, code)

    @command(
        "Remove the authenticator app and all recovery codes.",
        access=ACCOUNT,
        result=DisableTotpResult,
        once=Once.REFUSED,
    )
    async def disable_totp(
        self, info: Info[RequestContext, None], password: _Password = None
    ) -> second_factor.TotpDisabled:
        """Do without a second factor."""
        return await second_factor.disable_totp(info.context, password)

    @command(
        "Make ten new recovery codes; all former ones are void.",
        access=ACCOUNT,
        result=ReplaceRecoveryCodesResult,
        once=Once.REFUSED,
    )
    async def replace_recovery_codes(
        self, info: Info[RequestContext, None], password: _Password = None
    ) -> second_factor.RecoveryCodesReplaced:
        """Make new recovery codes."""
        return await second_factor.replace_recovery_codes(info.context, password)
