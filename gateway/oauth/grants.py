"""The ways to tokens: Authlib checks the protocol, our use cases do what comes of it.

What a code or token becomes is made in one transaction of ours: Authlib's own steps of looking it
up, saving and deleting would let twenty requests at once each succeed with one code.
"""

import re
from collections.abc import Collection
from typing import TYPE_CHECKING, Any
from uuid import UUID

from authlib.oauth2.rfc6749 import (
    AccessDeniedError,
    ClientMixin,
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
    OAuth2Error,
    TokenMixin,
)
from authlib.oauth2.rfc6749 import grants as authlib
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc8628 import DeviceCodeGrant as AuthlibDeviceCodeGrant
from authlib.oauth2.rfc8628 import ExpiredTokenError, SlowDownError
from authlib.oauth2.rfc8628.errors import AuthorizationPendingError

from auth.app_tokens import scope_text
from auth.scopes import SCOPES_OF_OWN
from datasources.records.apps import AppRecord, CodeRecord, DeviceRecord
from datasources.records.tokens import RefreshRecord
from gateway.oauth.bridge import await_
from gateway.oauth.client import METHOD, AppClient
from resolvers.app_codes import CodeRequest, issue_code, redeem_code, use_code
from resolvers.app_devices import Waiting, ask_for_device, redeem_device
from resolvers.app_tokens import AppTokens, renew_tokens, renewable, tokens_for_itself
from resolvers.context import RequestContext
from resolvers.errors import WrongCredentials

if TYPE_CHECKING:
    from gateway.oauth.server import Server

_CHALLENGE = re.compile(r"[A-Za-z0-9\-._~]{43,128}")
_MAX_NONCE_CHARS = 500
_MAX_STATE_CHARS = 1500
PROMPTS = frozenset({"none", "login", "consent", "select_account"})


class _OfOurs(authlib.BaseGrant):
    """What all our grants share."""

    TOKEN_ENDPOINT_AUTH_METHODS: Collection[str] = (METHOD,)
    request: Any
    server: "Server"

    @property
    def context(self) -> RequestContext:
        return self.server.context

    @property
    def app(self) -> AppRecord:
        client: AppClient = self.request.client
        return client.app

    def generate_token(self, *_: object, **__: object) -> dict[str, str | int]:
        """Return new tokens, which are kept: what Authlib would have us do in three steps."""
        return _written(self.minted())

    def minted(self) -> AppTokens | None:
        """Return new tokens; None where there are none to be had any more."""
        raise NotImplementedError

    def save_token(self, token: object) -> None:
        """Do nothing: it is kept."""


class CodeGrant(_OfOurs, authlib.AuthorizationCodeGrant):
    """A code that people's browsers carry, which the app exchanges."""

    def validate_authorization_request(self) -> str:
        """Return where the answer goes; more is checked than Authlib does.

        Raises:
            OAuth2Error: with that address, once it is known to be the app's.
        """
        redirect_uri: str = super().validate_authorization_request()
        problem = _problem_with(self.request.payload.data, self.context.identity.audience)
        if problem is not None:
            problem.redirect_uri = redirect_uri
            raise problem
        return redirect_uri

    def generate_authorization_code(self) -> str:
        """Return a new code, which is kept, for the person who agreed."""
        data = self.request.payload.data
        asked = CodeRequest(
            redirect_uri=data["redirect_uri"],
            scopes=self.request.scope.split(),
            challenge=data["code_challenge"],
            nonce=data.get("nonce"),
        )
        return await_(issue_code(self.context, self.app, asked))

    def save_authorization_code(self, code: str, request: object) -> None:
        """Do nothing: it is kept."""

    def query_authorization_code(self, code: str, client: ClientMixin) -> "Code | None":
        """Return a code, and spend it."""
        if not isinstance(client, AppClient):
            return None
        record = await_(use_code(self.context, client.app, code))
        return None if record is None else Code(record)

    def delete_authorization_code(self, authorization_code: "Code") -> None:
        """Do nothing: it is spent."""

    def authenticate_user(self, authorization_code: "Code") -> UUID:
        """Return who agreed."""
        return authorization_code.record.user_id

    def minted(self) -> AppTokens | None:
        """Return the tokens that a code becomes."""
        code: Code = self.request.authorization_code
        return await_(redeem_code(self.context, self.app, code.record))


def _problem_with(data: dict[str, str], audience: str) -> OAuth2Error | None:
    """Return what is wrong with a request for a code, where something is."""
    for name in ("request", "request_uri", "registration"):
        if name in data:
            return OAuth2Error(error=f"{name}_not_supported")
    prompts = data.get("prompt", "").split()
    if not set(prompts) <= PROMPTS or ("none" in prompts and len(prompts) > 1):
        return InvalidRequestError("This prompt is not known here.")
    if data.get("response_mode", "query") != "query":
        return InvalidRequestError("Answers come in the query.")
    if not data.get("max_age", "0").isdecimal() or len(data.get("max_age", "")) > len("999999999"):
        return InvalidRequestError("An age is a number of seconds.")
    if len(data.get("nonce", "")) > _MAX_NONCE_CHARS:
        return InvalidRequestError("This nonce is too long.")
    if len(data.get("state", "")) > _MAX_STATE_CHARS:
        return InvalidRequestError("This state is too long.")
    if data.get("resource", audience) != audience:
        return OAuth2Error(error="invalid_target")
    return None


class Code:
    """A code, as Authlib asks about it."""

    code_challenge_method = "S256"

    def __init__(self, record: CodeRecord) -> None:
        self.record = record
        self.code_challenge = record.challenge

    def get_redirect_uri(self) -> str:
        """Return where it was sent."""
        return self.record.redirect_uri

    def get_scope(self) -> str:
        """Return what it is good for."""
        return scope_text(self.record.scopes)


class S256(CodeChallenge):
    """PKCE, required of every app, and by SHA-256 only."""

    def validate_code_challenge(self, grant: CodeGrant, redirect_uri: str) -> None:
        """Let a request pass that has a challenge, and says how it was made."""
        del redirect_uri
        data = grant.request.payload.data
        if data.get("code_challenge_method") != "S256":
            raise InvalidRequestError("PKCE is needed: 'code_challenge_method=S256'.")
        if not _CHALLENGE.fullmatch(data.get("code_challenge", "")):
            raise InvalidRequestError("PKCE is needed: 'code_challenge'.")


class RefreshGrant(_OfOurs, authlib.RefreshTokenGrant):
    """A refresh token, which is spent for the next one."""

    def authenticate_refresh_token(self, refresh_token: str) -> "Refresh":
        """Return a token of the app; nothing is spent yet.

        Raises:
            InvalidGrantError: it is none.
        """
        sent = await_(renewable(self.context, self.app, refresh_token))
        if sent is None:
            raise InvalidGrantError
        return Refresh(sent)

    def authenticate_user(self, refresh_token: "Refresh") -> UUID:
        """Return whose it is."""
        return refresh_token.record.user_id

    def issue_token(self, user: UUID, refresh_token: TokenMixin) -> dict[str, str | int]:
        """Return new tokens; what the app may no longer ask for they do not have."""
        del user
        asked = self.request.payload.scope
        granted = (asked or refresh_token.get_scope()).split()
        scopes = sorted(set(granted) & set(self.app.scopes))
        if not scopes:
            raise InvalidScopeError
        sent = self.request.form["refresh_token"]
        try:
            return _written(await_(renew_tokens(self.context, self.app, sent, scopes)))
        except WrongCredentials:
            raise InvalidGrantError from None

    def revoke_old_credential(self, refresh_token: TokenMixin) -> None:
        """Do nothing: it is spent."""


class Refresh(TokenMixin):
    """A refresh token, as Authlib asks about it."""

    def __init__(self, record: RefreshRecord) -> None:
        self.record = record

    def check_client(self, client: object) -> bool:
        """Agree: it was looked for among those of the app."""
        del client
        return True

    def get_scope(self) -> str:
        """Return what the person agreed to."""
        return scope_text(self.record.scopes or ())


class OwnGrant(_OfOurs, authlib.ClientCredentialsGrant):
    """An app's own name and secret: it reads what is public, for nobody."""

    def minted(self) -> AppTokens | None:
        """Return a token for the app itself."""
        may = SCOPES_OF_OWN & set(self.app.scopes)
        asked = set((self.request.payload.scope or "").split()) or may
        if not asked or not asked <= may:
            raise InvalidScopeError
        return await_(tokens_for_itself(self.context, self.app, asked))


class DeviceGrant(_OfOurs, AuthlibDeviceCodeGrant):
    """A device that asks again and again whether it was let in."""

    def authenticate_token_endpoint_client(self) -> ClientMixin:
        """Return the app that asks."""
        client = super().authenticate_token_endpoint_client()
        self.request.client = client
        return client

    def query_device_credential(self, device_code: str) -> "Device":
        """Return a device that was let in.

        Raises:
            OAuth2Error: it was not, or not yet.
        """
        found = await_(ask_for_device(self.context, self.app, device_code))
        if isinstance(found, Waiting):
            raise _WAITING[found]
        return Device(found)

    def validate_device_credential(self, credential: "Device") -> UUID | None:
        """Return who let it in."""
        return credential.record.user_id

    def minted(self) -> AppTokens | None:
        """Return the device's tokens."""
        device: Device = self.request.credential
        return await_(redeem_device(self.context, self.app, device.record))


_WAITING: dict[Waiting, type[OAuth2Error]] = {
    Waiting.PENDING: AuthorizationPendingError,
    Waiting.TOO_FAST: SlowDownError,
    Waiting.DENIED: AccessDeniedError,
    Waiting.EXPIRED: ExpiredTokenError,
    Waiting.UNKNOWN: InvalidGrantError,
}


class Device:
    """A device, as Authlib asks about it."""

    def __init__(self, record: DeviceRecord) -> None:
        self.record = record

    def get_client_id(self) -> str:
        """Return which app runs there."""
        return str(self.record.app_id)

    def get_scope(self) -> str:
        """Return what it asked for."""
        return scope_text(self.record.scopes)


def _written(tokens: AppTokens | None) -> dict[str, str | int]:
    """Return tokens as the endpoint answers them (RFC 6749, 5.1).

    Raises:
        InvalidGrantError: there are none.
    """
    if tokens is None:
        raise InvalidGrantError
    written: dict[str, str | int] = {
        "access_token": tokens.access_token,
        "token_type": "Bearer",
        "expires_in": tokens.expires_in_s,
        "scope": scope_text(tokens.scopes),
    }
    if tokens.refresh_token is not None:
        written["refresh_token"] = tokens.refresh_token
    if tokens.id_token is not None:
        written["id_token"] = tokens.id_token
    return written
