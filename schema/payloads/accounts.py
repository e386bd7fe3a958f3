"""Results of signing up and in, and of changes to accounts."""

from typing import Annotated

import strawberry

from resolvers import email_commands, password_commands, sign_up
from schema.payloads.errors import Forbidden, RateLimited, ValidationError, WrongCredentials
from schema.payloads.sessions import SignedIn
from schema.types.second_factor import SecondFactorRequired
from schema.types.user import User
from schema.views import attribute, view


@view(
    sign_up.SignUpAccepted,
    told_apart=True,
    description="A mail is on its way. The account begins when its link is followed.",
)
class SignUpAccepted:
    """A view over `SignUpAccepted`."""

    email: str = attribute("Where the mail goes.")


@view(
    sign_up.EmailVerified,
    told_apart=True,
    description="The address is confirmed. Nobody is signed in by it.",
)
class EmailVerified:
    """A view over `EmailVerified`."""

    user: User = attribute("Whose address it is.")


@view(
    email_commands.MailRequested,
    told_apart=True,
    description="A mail goes to the address, if there is a reason for it.",
)
class MailRequested:
    """A view over `MailRequested`."""

    email: str = attribute("Where it goes.")


@view(
    password_commands.PasswordChanged,
    told_apart=True,
    description="The password is another one; all other sessions have ended.",
)
class PasswordChanged:
    """A view over `PasswordChanged`."""

    user: User = attribute("Whose password it is.")


SignUpResult = Annotated[
    SignUpAccepted | ValidationError | RateLimited,
    strawberry.union("SignUpResult", description="What `signUp` answers."),
]
VerifyEmailResult = Annotated[
    EmailVerified | ValidationError | WrongCredentials | RateLimited,
    strawberry.union("VerifyEmailResult", description="What `verifyEmail` answers."),
]
SignInResult = Annotated[
    SignedIn | SecondFactorRequired | WrongCredentials | RateLimited | Forbidden,
    strawberry.union("SignInResult", description="What `signIn` answers."),
]
RequestPasswordResetResult = Annotated[
    MailRequested | ValidationError | RateLimited,
    strawberry.union(
        "RequestPasswordResetResult", description="What `requestPasswordReset` answers."
    ),
]
ResetPasswordResult = Annotated[
    PasswordChanged | ValidationError | WrongCredentials,
    strawberry.union("ResetPasswordResult", description="What `resetPassword` answers."),
]
ChangePasswordResult = Annotated[
    PasswordChanged | ValidationError | WrongCredentials | RateLimited,
    strawberry.union("ChangePasswordResult", description="What `changePassword` answers."),
]
ChangeEmailResult = Annotated[
    MailRequested | ValidationError | WrongCredentials | RateLimited,
    strawberry.union("ChangeEmailResult", description="What `changeEmail` answers."),
]
