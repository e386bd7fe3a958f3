"""Results of signing in, and of what happens to sessions later."""

from typing import Annotated

import strawberry

from resolvers import session_commands, sessions
from schema.payloads.errors import NotFound, WrongCredentials
from schema.types.user import User
from schema.views import attribute, view


@view(sessions.Tokens, description="What an app keeps, where nobody else can read it.")
class Tokens:
    """A view over `Tokens`."""

    access_token: str = attribute("Goes with each request: `Authorization: Bearer …`.")
    refresh_token: str = attribute("Exchanged for new tokens, once, by `refreshTokens`.")
    expires_in_s: int = attribute("How long the access token lasts, in seconds.")


@view(sessions.SignedIn, told_apart=True, description="Somebody is signed in now.")
class SignedIn:
    """A view over `SignedIn`."""

    user: User = attribute("Who.")
    tokens: Tokens | None = attribute("For sessions in tokens; null where a cookie holds it.")


@view(
    session_commands.TokensRefreshed,
    told_apart=True,
    description="New tokens; the refresh token that was sent is spent.",
)
class TokensRefreshed:
    """A view over `TokensRefreshed`."""

    tokens: Tokens = attribute("The new tokens.")


@view(session_commands.SignedOut, told_apart=True, description="Sessions have ended.")
class SignedOut:
    """A view over `SignedOut`."""

    session_count: int = attribute("How many.")


RefreshTokensResult = Annotated[
    TokensRefreshed | WrongCredentials,
    strawberry.union("RefreshTokensResult", description="What `refreshTokens` answers."),
]
SignOutResult = Annotated[
    SignedOut | NotFound,
    strawberry.union("SignOutResult", description="What `signOut` answers."),
]
# A union of one, so that more can come.
SignOutEverywhereResult = Annotated[
    SignedOut,
    strawberry.union("SignOutEverywhereResult", description="What `signOutEverywhere` answers."),
]
