"""What apps call themselves: tokens, revocation, introspection, device codes, userinfo."""

from collections.abc import Awaitable, Callable

import structlog
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidRequestError, InvalidScopeError, UnauthorizedClientError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from auth.app_tokens import scope_text
from auth.jwt import BadToken
from auth.scopes import OpenIdScope
from auth.tokens import AccessClaims, read_access_claims
from datasources.errors import StoreError
from datasources.loaders.accounts import AccountOfUser
from datasources.loaders.users import UserById
from datasources.records.apps import AppAuthentication, AppGrant, AppRecord
from gateway.authentication import CHALLENGE, Refused, credential_of
from gateway.context import build_context
from gateway.oauth.bridge import run_sync
from gateway.oauth.client import authenticate
from gateway.oauth.cors import for_any_page
from gateway.oauth.requests import OAuthRequest, posted
from gateway.oauth.server import NO_STORE, Server
from gateway.pages.forms import BadForm
from resolvers.app_devices import INTERVAL_S, LIFETIME, begin_device
from resolvers.app_tokens import KnownToken, known_token, revoke_token
from resolvers.context import RequestContext
from resolvers.errors import RateLimited

log = structlog.get_logger(__name__)

Handler = Callable[[RequestContext, OAuthRequest], Awaitable[Response]]

_MAX_TOKEN_CHARS = 8192


async def token(context: RequestContext, request: OAuthRequest) -> Response:
    """Answer `/oauth/token` (RFC 6749, 3.2)."""
    audience = context.identity.audience
    if request.parameters.get("resource", audience) != audience:
        return _error(OAuth2Error(error="invalid_target"))
    server = Server(context)
    answer: Response = await run_sync(server.create_token_response, request)  # type: ignore[arg-type]  # it is what our `handle_response` makes
    return answer


async def revoke(context: RequestContext, request: OAuthRequest) -> Response:
    """Answer `/oauth/revoke` (RFC 7009): what is unknown is void already."""
    app = await authenticate(context, request)
    await revoke_token(context, app, _token_in(request))
    return JSONResponse({}, headers=NO_STORE)


async def introspect(context: RequestContext, request: OAuthRequest) -> Response:
    """Answer `/oauth/introspect` (RFC 7662): an app learns of its own tokens, and of no others."""
    app = await authenticate(context, request)
    if app.authentication is AppAuthentication.NONE:
        raise UnauthorizedClientError("An app without a secret is anybody.")
    known = await known_token(context, app, _token_in(request))
    return JSONResponse(_introspected(context, app, known), headers=NO_STORE)


def _introspected(
    context: RequestContext, app: AppRecord, known: KnownToken | None
) -> dict[str, object]:
    if known is None:
        return {"active": False}
    said: dict[str, object] = {
        "active": True,
        "client_id": str(app.id),
        "iss": context.identity.issuer,
    }
    if known.refresh is not None:
        ends_at = min(known.refresh.expires_at, known.refresh.family_expires_at)
        scopes = scope_text(known.refresh.scopes or ())
        return said | {
            "scope": scopes,
            "sub": str(known.refresh.user_id),
            "exp": int(ends_at.timestamp()),
        }
    claims = known.access
    if claims is None:
        return {"active": False}
    return said | {
        "scope": scope_text(claims.scopes),
        "sub": str(claims.user_id or app.id),
        "aud": context.identity.audience,
        "token_type": "Bearer",
        "jti": claims.token_id,
        "iat": int(claims.issued_at.timestamp()),
        "exp": int(claims.expires_at.timestamp()),
    }


def _token_in(request: OAuthRequest) -> str:
    text = request.parameters.get("token", "")
    if not text or len(text) > _MAX_TOKEN_CHARS:
        raise InvalidRequestError("Missing 'token' in request.")
    return text


async def device_authorization(context: RequestContext, request: OAuthRequest) -> Response:
    """Answer `/oauth/device_authorization` (RFC 8628, 3.1)."""
    app = await authenticate(context, request)
    if AppGrant.DEVICE_CODE not in app.grants:
        raise UnauthorizedClientError("This app has not said that it runs on such devices.")
    scopes = set(request.parameters.get("scope", "").split())
    if not scopes or not scopes <= set(app.scopes):
        raise InvalidScopeError
    begun = await begin_device(context, app, scopes)
    address = f"{context.identity.public_url}/device"
    said = {
        "device_code": begun.device_code,
        "user_code": begun.user_code,
        "verification_uri": address,
        "verification_uri_complete": f"{address}?user_code={begun.user_code}",
        "expires_in": int(LIFETIME.total_seconds()),
        "interval": INTERVAL_S,
    }
    return JSONResponse(said, headers=NO_STORE)


async def userinfo(request: Request) -> Response:
    """Answer `/oauth/userinfo` (OpenID Connect Core, 5.3): who the token's person is.

    With `profile` their handle, name and picture, with `email` their confirmed address.
    """
    context = build_context(request)
    try:
        claims = await _claims_of(context, request)
        if claims is None:
            return _unauthorized(CHALLENGE)
        if claims.user_id is None or OpenIdScope.OPENID not in claims.scopes:
            return _unauthorized('Bearer error="insufficient_scope", scope="openid"', 403)
        user = await context.loaders.of(UserById).load(claims.user_id)
        account = await context.loaders.of(AccountOfUser).load(claims.user_id)
    except StoreError as error:
        return _unavailable(error)
    if user is None or account is None:
        return _unauthorized(CHALLENGE)
    said: dict[str, object] = {"sub": str(user.id)}
    if OpenIdScope.PROFILE in claims.scopes:
        said |= {"preferred_username": user.handle, "name": user.display_name}
        if user.avatar_url is not None:
            said["picture"] = user.avatar_url
    if OpenIdScope.EMAIL in claims.scopes and account.email is not None:
        said |= {"email": account.email, "email_verified": True}
    return JSONResponse(said, headers=NO_STORE)


async def _claims_of(context: RequestContext, request: Request) -> AccessClaims | None:
    """Return what the token of a request says; a cookie is not asked: this is for apps."""
    try:
        credential = credential_of(request.headers)
    except Refused:
        return None
    if credential is None or credential.cookie:
        return None
    try:
        return await read_access_claims(
            context.identity, context.stores.postgres, credential.secret, context.clock()
        )
    except BadToken as error:
        log.info("credential refused", reason=str(error))
        return None


def _endpoint(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            return await handler(build_context(request), await posted(request))
        except BadForm as error:
            words = "Send a form, with each parameter once."
            return _error(InvalidRequestError(words, status_code=error.status))
        except OAuth2Error as error:
            return _error(error)
        except RateLimited as limited:
            answer = JSONResponse({"error": "slow_down"}, 429, headers=NO_STORE)
            answer.headers["Retry-After"] = str(limited.retry_after_s)
            return answer
        except StoreError as error:
            return _unavailable(error)

    return answer


def _error(error: OAuth2Error) -> Response:
    status, body, headers = error()
    return JSONResponse(body, status, headers={**dict(headers), **NO_STORE})


def _unavailable(error: StoreError) -> Response:
    log.warning("store failed", store=error.store)
    return JSONResponse({"error": "temporarily_unavailable"}, 503, headers=NO_STORE)


def _unauthorized(challenge: str, status: int = 401) -> Response:
    return JSONResponse({}, status, headers={**NO_STORE, "WWW-Authenticate": challenge})


_DEVICES = "/oauth/device_authorization"
ROUTES = [
    for_any_page(Route("/oauth/token", _endpoint(token), methods=["POST"])),
    for_any_page(Route("/oauth/revoke", _endpoint(revoke), methods=["POST"])),
    for_any_page(Route(_DEVICES, _endpoint(device_authorization), methods=["POST"])),
    for_any_page(Route("/oauth/userinfo", userinfo, methods=["GET", "POST"])),
    # For servers alone: an app without a secret may not ask.
    Route("/oauth/introspect", _endpoint(introspect), methods=["POST"]),
]
