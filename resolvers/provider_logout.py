"""Signing out at OpenID providers: from here to there, and from there to here."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlencode, urlsplit
from uuid import UUID

import structlog

from auth.oidc import Provider
from auth.oidc import Refused as NotGood
from auth.outgoing import OutgoingError
from auth.principal import SessionKind
from auth.vault import CannotOpen
from datasources.postgres import audit
from datasources.postgres.identities import fetch_identity
from datasources.records.sessions import ProviderSession
from datasources.redis import sessions
from resolvers.audit import by_nobody, entry
from resolvers.context import RequestContext
from resolvers.errors import InvalidInput, ProviderDown
from resolvers.provider_sign_in import ID_TOKEN

log = structlog.get_logger(__name__)

_BACK = "/auth/logout"
_OVERLAP = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SignOutThere:
    """The provider at which a person is still signed in, and where that can be ended."""

    title: str
    url: str = field(repr=False)
    at_once: bool


async def sign_out_there(context: RequestContext) -> SignOutThere | None:
    """Return where the caller goes on to sign out, before they sign out here.

    None where their session did not begin at a provider, or where that has no such address or
    does not answer: nothing keeps anybody from signing out here.

    Raises:
        StoreUnavailable, StoreTimeout: Redis did not answer.
    """
    current = context.principal.session
    if current is None or current.kind is not SessionKind.COOKIE:
        return None
    idle_s = context.identity.settings.session_idle_s
    session = await sessions.fetch_session(context.stores.redis, current.id, idle_s)
    begun = session and session.provider
    provider = begun and _provider_of(context, begun.issuer)
    if not begun or not provider:
        return None
    try:
        endpoint = (await provider.metadata()).end_session_endpoint
    except OutgoingError:
        return None
    if endpoint is None:
        return None
    url = _with_query(endpoint, _parameters(context, provider, begun))
    return SignOutThere(provider.title, url, provider.settings.sign_out_there)


async def signed_out_there(context: RequestContext, provider: Provider, token: str) -> int:
    """End the sessions that a provider says have ended there; return how many.

    Raises:
        InvalidInput: the token is not the provider's, not good, or was sent before.
        ProviderDown: the provider does not answer, so nobody can tell.
        StoreUnavailable, StoreTimeout: a store did not answer; the provider may send it again.
    """
    now = context.clock()
    try:
        logout = await provider.logout(token, now)
    except NotGood as error:
        log.warning("logout token refused", provider=provider.name, reason=str(error))
        raise InvalidInput(("logout_token",), "This logout token is not good.") from error
    except OutgoingError as error:
        log.warning("provider does not answer", provider=provider.name, reason=str(error))
        raise ProviderDown("The provider does not answer.") from error
    redis = context.stores.redis
    if await sessions.was_noted(redis, provider.issuer, logout.id):
        raise InvalidInput(("logout_token",), "This logout token is not good.")
    ended: Sequence[UUID] = ()
    if logout.sid is not None:
        ended = await sessions.end_sessions_at(redis, provider.issuer, sid=logout.sid)
    elif logout.subject is not None:
        found = await fetch_identity(context.stores.postgres, provider.issuer, logout.subject)
        if found is not None:
            ended = await sessions.end_sessions_at(redis, provider.issuer, user_id=found.user_id)
    async with context.stores.postgres.transaction() as connection:
        for user_id in ended:
            noted = entry(context, "signOut", subject_id=user_id, provider=provider.name)
            await audit.record(connection, by_nobody(noted))
    # Last: what failed halfway may be sent again.
    lives = logout.expires_at - now + _OVERLAP
    await sessions.note_once(redis, provider.issuer, logout.id, int(lives.total_seconds()))
    return len(ended)


def _parameters(
    context: RequestContext, provider: Provider, begun: ProviderSession
) -> dict[str, str]:
    parameters = {
        "client_id": provider.settings.client_id,
        "post_logout_redirect_uri": f"{context.identity.public_url}{_BACK}",
    }
    try:
        sealed = base64.b64decode(begun.id_token)
        id_token = context.identity.vault.open(sealed, ID_TOKEN).decode()
    except (CannotOpen, ValueError):  # the key that sealed it is gone
        id_token = ""
    return parameters | ({"id_token_hint": id_token} if id_token else {})


def _provider_of(context: RequestContext, issuer: str) -> Provider | None:
    found = (one for one in context.identity.providers.values() if one.issuer == issuer)
    return next(found, None)


def _with_query(address: str, parameters: dict[str, str]) -> str:
    separator = "&" if urlsplit(address).query else "?"
    return f"{address}{separator}{urlencode(parameters)}"
