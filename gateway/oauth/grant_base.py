"""What our grants share: who asks, and how tokens are made and written.

What a code or token becomes is made in one transaction of ours: Authlib's own steps of looking it
up, saving and deleting would let twenty requests at once each succeed with one code.
"""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from authlib.oauth2.rfc6749 import InvalidGrantError
from authlib.oauth2.rfc6749.grants import BaseGrant

from auth.app_tokens import scope_text
from datasources.records.apps import AppRecord
from gateway.oauth.client import METHOD, AppClient
from resolvers.app_tokens import AppTokens
from resolvers.context import RequestContext

if TYPE_CHECKING:
    from gateway.oauth.server import Server


class OurGrant(BaseGrant):
    """What all our grants share."""

    TOKEN_ENDPOINT_AUTH_METHODS: Collection[str] = (METHOD,)
    request: Any
    server: "Server"

    @property
    def context(self) -> RequestContext:
        """What our use cases know of the request."""
        return self.server.context

    @property
    def app(self) -> AppRecord:
        """The app that asks, once it has shown that it is the one."""
        client: AppClient = self.request.client
        return client.app

    def save_token(self, token: object) -> None:
        """Do nothing: it is kept."""


def written(tokens: AppTokens | None) -> dict[str, str | int]:
    """Return tokens as the endpoint answers them (RFC 6749, 5.1).

    Raises:
        InvalidGrantError: there are none.
    """
    if tokens is None:
        raise InvalidGrantError
    answer: dict[str, str | int] = {
        "access_token": tokens.access_token,
        "token_type": "Bearer",
        "expires_in": tokens.expires_in_s,
        "scope": scope_text(tokens.scopes),
    }
    if tokens.refresh_token is not None:
        answer["refresh_token"] = tokens.refresh_token
    if tokens.id_token is not None:
        answer["id_token"] = tokens.id_token
    return answer
