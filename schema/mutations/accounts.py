"""Mutations of accounts: signing up and in, and what is needed for it."""

from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from resolvers import email_commands, password_commands
from resolvers import sign_in as signing_in
from resolvers import sign_up as signing_up
from resolvers.context import RequestContext
from resolvers.second_factor import SecondFactorRequired
from resolvers.sessions import SignedIn
from schema.commands import command
from schema.idempotency import Once
from schema.inputs import accounts as inputs
from schema.payloads import accounts as payloads
from schema.permissions import ACCOUNT, ANYBODY

Context = Info[RequestContext, None]


def _argument(description: str) -> Any:
    return strawberry.argument(description=description)


@strawberry.type
class AccountMutations:
    """How accounts begin and change."""

    @command(
        "Ask for an account. A mail goes to the address, and the account begins with its link.",
        access=ANYBODY,
        result=payloads.SignUpResult,
        once=Once.REFUSED,
    )
    async def sign_up(
        self,
        info: Context,
        input: Annotated[inputs.SignUpInput, _argument("Who.")],  # noqa: A002  the graph's name
    ) -> signing_up.SignUpAccepted:
        """Sign up."""
        return await signing_up.sign_up(
            info.context, input.email, input.handle, input.display_name, input.password
        )

    @command(
        "Confirm an address by a link: of a sign-up, or of a change of address.",
        access=ANYBODY,
        result=payloads.VerifyEmailResult,
        once=Once.REFUSED,
    )
    async def verify_email(
        self,
        info: Context,
        input: Annotated[inputs.VerifyEmailInput, _argument("The link.")],  # noqa: A002  the graph's name
    ) -> signing_up.EmailVerified:
        """Confirm an address."""
        return await signing_up.verify_email(info.context, input.token, input.password)

    @command(
        "Begin a session with a password. Nothing tells whether somebody is known here.",
        access=ANYBODY,
        result=payloads.SignInResult,
        once=Once.REFUSED,
    )
    async def sign_in(
        self,
        info: Context,
        input: Annotated[inputs.SignInInput, _argument("Who.")],  # noqa: A002  the graph's name
    ) -> SignedIn | SecondFactorRequired:
        """Sign in."""
        return await signing_in.sign_in(info.context, input.login, input.password, input.session)

    @command(
        "Have a link sent that sets another password, if the address has an account.",
        access=ANYBODY,
        result=payloads.RequestPasswordResetResult,
        once=Once.REFUSED,
    )
    async def request_password_reset(
        self,
        info: Context,
        input: Annotated[inputs.RequestPasswordResetInput, _argument("Whose.")],  # noqa: A002  the graph's name
    ) -> email_commands.MailRequested:
        """Ask for a link."""
        return await password_commands.request_password_reset(info.context, input.email)

    @command(
        "Set another password by a link. All sessions end, a second factor stays.",
        access=ANYBODY,
        result=payloads.ResetPasswordResult,
        once=Once.REFUSED,
    )
    async def reset_password(
        self,
        info: Context,
        input: Annotated[inputs.ResetPasswordInput, _argument("The link, and the password.")],  # noqa: A002  the graph's name
    ) -> password_commands.PasswordChanged:
        """Reset a password."""
        return await password_commands.reset_password(info.context, input.token, input.password)

    @command(
        "Set another password by the old one. All other sessions end.",
        access=ACCOUNT,
        result=payloads.ChangePasswordResult,
        once=Once.REFUSED,
    )
    async def change_password(
        self,
        info: Context,
        input: Annotated[inputs.ChangePasswordInput, _argument("Both passwords.")],  # noqa: A002  the graph's name
    ) -> password_commands.PasswordChanged:
        """Change the viewer's password."""
        return await password_commands.change_password(
            info.context, input.password, input.new_password
        )

    @command(
        "Have a link sent to another address. It takes the old one's place when it is followed.",
        access=ACCOUNT,
        result=payloads.ChangeEmailResult,
        once=Once.REFUSED,
    )
    async def change_email(
        self,
        info: Context,
        input: Annotated[inputs.ChangeEmailInput, _argument("The address.")],  # noqa: A002  the graph's name
    ) -> email_commands.MailRequested:
        """Change the viewer's address."""
        return await email_commands.change_email(info.context, input.password, input.email)
