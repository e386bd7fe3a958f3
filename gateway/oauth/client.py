"""An app as Authlib asks about it, and how one shows at our endpoints who it is."""

import base64
import binascii
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus
from uuid import UUID

import structlog
from authlib.oauth2.rfc6749 import (
    ClientMixin,
    InvalidClientError,
    InvalidRequestError,
    InvalidScopeError,
)
from authlib.oauth2.rfc8628 import DEVICE_CODE_GRANT_TYPE

from auth.app_keys import knows_secret, read_assertion
from auth.app_tokens import scope_text
from auth.jwt import BadToken, text_claim, unverified_claims
from auth.redirects import fits
from datasources.postgres.apps import fetch_app
from datasources.records.apps import AppAuthentication, AppGrant, AppRecord
from datasources.redis.single_use import first_use
from resolvers.context import RequestContext

if TYPE_CHECKING:
    from gateway.oauth.requests import OAuthRequest

log = structlog.get_logger(__name__)

METHOD = "app"
"""The one method of authentication that Authlib knows of: `authenticate` does all of them."""

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_MAX_BASIC_CHARS = 1000
_GRANTS = {
    "authorization_code": AppGrant.AUTHORIZATION_CODE,
    "client_credentials": AppGrant.CLIENT_CREDENTIALS,
    DEVICE_CODE_GRANT_TYPE: AppGrant.DEVICE_CODE,
}
_OF_PEOPLE = {AppGrant.AUTHORIZATION_CODE.value, AppGrant.DEVICE_CODE.value}


class AppClient(ClientMixin):
    """An app, for Authlib's grants."""

    def __init__(self, app: AppRecord) -> None:
        self.app = app

    def get_client_id(self) -> str:
        """Return what OAuth calls the app."""
        return str(self.app.id)

    def get_default_redirect_uri(self) -> str:
        """Return nothing: each request says where its answer goes."""
        return ""

    def get_allowed_scope(self, scope: Collection[str] | str | None) -> str:
        """Return the scopes that are asked for.

        Raises:
            InvalidScopeError: there are none, or the app may not ask for all of them.
        """
        asked = frozenset(scope.split() if isinstance(scope, str) else scope or ())
        if not asked or not asked <= set(self.app.scopes):
            raise InvalidScopeError
        return scope_text(asked)

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Whether an answer may go there."""
        return fits(redirect_uri, self.app.redirect_uris, any_port=self.app.public)

    def check_client_secret(self, client_secret: str) -> bool:
        """Refuse: `authenticate` looks at secrets."""
        del client_secret
        return False

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Whether an app was authenticated as it is to be: `authenticate` has seen to it."""
        del endpoint
        return method == METHOD

    def check_response_type(self, response_type: str) -> bool:
        """Whether an app may ask people for a code."""
        return response_type == "code" and AppGrant.AUTHORIZATION_CODE in self.app.grants

    def check_grant_type(self, grant_type: str) -> bool:
        """Whether an app may get tokens so."""
        if grant_type == "refresh_token":
            return bool(_OF_PEOPLE & set(self.app.grants))
        return _GRANTS.get(grant_type) in self.app.grants


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a request shows of its app: at most one proof."""

    app_id: str
    secret: str | None
    assertion: str | None
    basic: bool


async def find_app(context: RequestContext, client_id: str) -> AppRecord | None:
    """Return the app that is called so and may be used; None for any other."""
    try:
        app_id = UUID(client_id)
    except ValueError:
        return None
    if str(app_id) != client_id:
        return None
    app = await fetch_app(context.stores.postgres, app_id)
    return app if app is not None and app.disabled_at is None else None


async def authenticate(context: RequestContext, request: "OAuthRequest") -> AppRecord:
    """Return the app that sends a request, which has shown that in its own way and in no other.

    Raises:
        InvalidClientError: it has not.
        InvalidRequestError: two proofs were shown, or they name different apps.
        StoreUnavailable, StoreTimeout: a store did not answer.
    """
    shown = _shown(request)
    app = await find_app(context, shown.app_id)
    if app is None:
        raise _refused(shown, "unknown")
    match app.authentication:
        case AppAuthentication.NONE:
            good = shown.secret is None and shown.assertion is None
        case AppAuthentication.SECRET:
            now = context.clock()
            good = shown.secret is not None and knows_secret(app, shown.secret, now)
        case AppAuthentication.PRIVATE_KEY_JWT:
            good = shown.assertion is not None and await _signed(context, app, shown.assertion)
    if not good:
        raise _refused(shown, "wrong")
    return app


async def _signed(context: RequestContext, app: AppRecord, assertion: str) -> bool:
    identity, now = context.identity, context.clock()
    audiences = (identity.issuer, f"{identity.issuer}/oauth/token")
    try:
        read = await read_assertion(
            identity.app_keys, identity.outgoing, app, assertion, audiences, now
        )
    except BadToken as error:
        log.info("assertion refused", app=str(app.id), reason=str(error))
        return False
    seconds = int((read.expires_at - now).total_seconds()) + 1
    return await first_use(context.stores.redis, "assertion", f"{app.id} {read.id}", seconds)


def _shown(request: "OAuthRequest") -> _Shown:
    form: Mapping[str, str] = request.parameters
    header = (request.headers or {}).get("authorization")
    basic = None if header is None else _basic(header)
    assertion, secret = form.get("client_assertion"), form.get("client_secret")
    if sum(one is not None for one in (basic, assertion, secret)) > 1:
        raise InvalidRequestError("An app shows one proof of who it is.")
    if (assertion is None) != ("client_assertion_type" not in form):
        raise InvalidRequestError("'client_assertion' and its type go together.")
    if assertion is not None and form["client_assertion_type"] != ASSERTION_TYPE:
        raise InvalidRequestError("This type of assertion is not known here.")
    named = form.get("client_id")
    meant = named
    if basic is not None:
        meant, secret = basic
    elif assertion is not None:
        meant = _subject(assertion)
    if not meant or (named is not None and named != meant):
        raise InvalidClientError(status_code=401, description="Which app this is, is not clear.")
    return _Shown(meant, secret, assertion, basic is not None)


def _basic(header: str) -> tuple[str, str]:
    """Return name and secret from a header (RFC 6749, 2.3.1: each is form-encoded before)."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic" or len(encoded) > _MAX_BASIC_CHARS:
        raise _wrong_header()
    try:
        name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        return unquote_plus(name, errors="strict"), unquote_plus(secret, errors="strict")
    except (ValueError, binascii.Error):
        raise _wrong_header() from None


def _subject(assertion: str) -> str:
    """Return whom an assertion is said to be of; nothing of it is believed yet."""
    try:
        return text_claim(unverified_claims(assertion), "sub")
    except BadToken:
        raise InvalidClientError(status_code=401) from None


def _refused(shown: _Shown, reason: str) -> InvalidClientError:
    log.info("app refused", app=shown.app_id[:36], reason=reason)
    if shown.basic:
        return _wrong_header()
    return InvalidClientError(status_code=401, description="This is not known as an app's.")


def _wrong_header() -> InvalidClientError:
    """Return the error for a header; what it names Authlib puts into `WWW-Authenticate`."""
    return InvalidClientError(status_code=401, description="This is not known as an app's.")
