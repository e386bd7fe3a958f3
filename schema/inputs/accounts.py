"""Inputs of accounts."""

from typing import Any

import strawberry

from auth.principal import SessionKind


def _member(description: str) -> Any:
    return strawberry.field(description=description)


_RULES = "10 characters to 1,024 bytes; any characters, and none that are easy to guess."
_LINK = "What stands behind `token=` in the link."


@strawberry.input(description="Who wants an account.")
class SignUpInput:
    """What `signUp` takes."""

    email: str = _member("Where the link that confirms it goes.")
    handle: str = _member(
        "A unique name: 3 to 30 of the letters A to Z, digits, and `_ . -`; case is kept, but"
        " does not tell two apart."
    )
    display_name: str = _member("The name that others see, up to 60 characters.")
    password: str = _member(_RULES)


@strawberry.input(description="A link from a mail.")
class VerifyEmailInput:
    """What `verifyEmail` takes."""

    token: str = _member(_LINK)
    password: str | None = strawberry.field(
        default=None,
        description="The password that the sign-up chose; null for a change of address.",
    )


@strawberry.input(description="Who signs in, and how their session is to be kept.")
class SignInInput:
    """What `signIn` takes."""

    login: str = _member("The handle or the e-mail address; case does not matter.")
    password: str = _member("The password.")
    session: SessionKind = _member("How the client keeps the session.")


@strawberry.input(description="Whose password is forgotten.")
class RequestPasswordResetInput:
    """What `requestPasswordReset` takes."""

    email: str = _member("The address of the account.")


@strawberry.input(description="A new password, by a link from a mail.")
class ResetPasswordInput:
    """What `resetPassword` takes."""

    token: str = _member(_LINK)
    password: str = _member(_RULES)


@strawberry.input(description="A new password, by the old one.")
class ChangePasswordInput:
    """What `changePassword` takes."""

    password: str | None = strawberry.field(
        default=None,
        description="The password until now; null for an account that has none.",
    )
    new_password: str = _member(_RULES)


@strawberry.input(description="Another address for the account.")
class ChangeEmailInput:
    """What `changeEmail` takes."""

    password: str | None = strawberry.field(
        default=None,
        description="The password; null for an account that has none.",
    )
    email: str = _member("The new address, to which a link goes.")
