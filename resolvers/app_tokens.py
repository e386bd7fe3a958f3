"""Tokens of apps: begun with what a person agreed to, renewed, looked at, revoked."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from auth.app_tokens import Grant, app_access_token, id_token, own_access_token
from auth.devices import device_of
from auth.jwt import BadToken, looks_like_jwt
from auth.opaque import hash_of, new_secret
from auth.scopes import SCOPES_OF_OWN, OpenIdScope
from auth.tokens import AccessClaims, read_access_claims, refresh_expiry
from datasources.postgres import audit, token_families
from datasources.postgres.app_consents import lock_consent
from datasources.postgres.client import Connection
from datasources.records.apps import AppRecord
from datasources.records.tokens import RefreshRecord
from resolvers.app_consents import held_account
from resolvers.audit import entry
from resolvers.context import RequestContext
from resolvers.credentials import tokens_ended
from resolvers.errors import Unauthenticated
from resolvers.sessions import MAX_SESSIONS
from resolvers.token_exchange import exchange, look_at


@dataclass(frozen=True, slots=True)
class AppTokens:
    """What the token endpoint answers; for an app that acts for itself, the first of them alone."""

    access_token: str = field(repr=False)
    scopes: Collection[str]
    expires_in_s: int
    refresh_token: str | None = field(default=None, repr=False)
    id_token: str | None = field(default=None, repr=False)


async def begin_tokens(
    context: RequestContext,
    app: AppRecord,
    user_id: UUID,
    family_id: UUID,
    scopes: Collection[str],
    *,
    authenticated_at: datetime,
    agreed_at: datetime,
    still_good: Callable[[Connection], Awaitable[bool]],
    nonce: str | None = None,
) -> AppTokens | None:
    """Return an app's first tokens for what a person agreed to; None where that is void by now.

    `still_good` says so within the transaction, with what they agreed by held until it ends. Where
    the app has `MAX_SESSIONS` families of theirs, the one that was unused for longest ends.
    """
    now = context.clock()
    # Read now, where it has to be: who holds one connection must not wait for a second one.
    await context.identity.keys.signer(now)
    refresh = new_secret()
    try:
        async with context.stores.postgres.transaction() as connection:
            holder = await held_account(context, connection, user_id)
            signed_out = holder.signed_out_at is not None and holder.signed_out_at >= agreed_at
            if signed_out or not await still_good(connection):
                return None
            if not set(scopes) <= await lock_consent(connection, user_id, app.id):
                return None
            ended = await token_families.revoke_oldest(
                connection, user_id, now, keep=MAX_SESSIONS - 1, app_id=app.id
            )
            await _begin_family(context, connection, app, user_id, family_id, scopes, refresh)
    except Unauthenticated:
        return None
    if ended:
        await tokens_ended(context, user_id, *ended)
    grant = Grant(app.id, user_id, family_id, scopes, authenticated_at, nonce)
    return await _signed(context, grant, refresh, now)


async def _begin_family(
    context: RequestContext,
    connection: Connection,
    app: AppRecord,
    user_id: UUID,
    family_id: UUID,
    scopes: Collection[str],
    refresh: str,
) -> None:
    now = context.clock()
    ends_at = now + timedelta(seconds=context.identity.settings.session_lifetime_s)
    await token_families.insert_family(
        connection,
        family_id,
        user_id,
        device=device_of(context.client.user_agent),
        address=context.client.address,
        created_at=now,
        expires_at=ends_at,
        app_id=app.id,
        scopes=sorted(scopes),
    )
    expires_at = refresh_expiry(context.identity, now, ends_at)
    await token_families.insert_refresh_token(connection, hash_of(refresh), family_id, expires_at)


async def _signed(context: RequestContext, grant: Grant, refresh: str, now: datetime) -> AppTokens:
    access = await app_access_token(context.identity, grant, now)
    who = None
    if OpenIdScope.OPENID in grant.scopes:
        who = await id_token(context.identity, grant, access, now)
    lifetime = context.identity.settings.access_token_s
    return AppTokens(access, grant.scopes, lifetime, refresh, who)


async def renewable(
    context: RequestContext, app: AppRecord, refresh_token: str
) -> RefreshRecord | None:
    """Return a refresh token of an app that can be exchanged, or could; None for others."""
    return await look_at(context, refresh_token, app.id)


async def renew_tokens(
    context: RequestContext, app: AppRecord, refresh_token: str, scopes: Collection[str]
) -> AppTokens:
    """Exchange a refresh token for new tokens with these scopes, which are some of the family's.

    Raises:
        WrongCredentials: as for `exchange`.
    """
    exchanged = await exchange(context, refresh_token, app.id)
    sent = exchanged.sent
    grant = Grant(app.id, sent.user_id, sent.family_id, scopes, sent.family_created_at)
    return await _signed(context, grant, exchanged.refresh_token, context.clock())


async def tokens_for_itself(
    context: RequestContext, app: AppRecord, scopes: Collection[str]
) -> AppTokens:
    """Return a token with which an app acts for nobody but itself; it cannot be renewed."""
    kept = sorted(set(scopes) & SCOPES_OF_OWN)
    access = await own_access_token(context.identity, app.id, kept, context.clock())
    return AppTokens(access, kept, context.identity.settings.access_token_s)


@dataclass(frozen=True, slots=True)
class KnownToken:
    """A token of an app that is good now: one of the two."""

    access: AccessClaims | None = None
    refresh: RefreshRecord | None = None

    @property
    def family_id(self) -> UUID | None:
        """The family that it belongs to."""
        one = self.access or self.refresh
        return None if one is None else one.family_id

    @property
    def user_id(self) -> UUID | None:
        """Whose it is; None for an app that acts for itself."""
        one = self.access or self.refresh
        return None if one is None else one.user_id


async def known_token(context: RequestContext, app: AppRecord, token: str) -> KnownToken | None:
    """Return a token that is good now and was issued to this app; None for any other."""
    if not looks_like_jwt(token):
        sent = await look_at(context, token, app.id)
        return None if sent is None or sent.used_at is not None else KnownToken(refresh=sent)
    try:
        claims = await read_access_claims(
            context.identity, context.stores.postgres, token, context.clock()
        )
    except BadToken:
        return None
    return KnownToken(access=claims) if claims.app_id == app.id else None


async def revoke_token(context: RequestContext, app: AppRecord, token: str) -> None:
    """Void a token of an app, and all others of its family; what is unknown is void already.

    What a person agreed to stays: the app may ask for a code again. A token of an app that acts
    for itself is left to its end, in minutes.
    """
    if looks_like_jwt(token):
        known = await known_token(context, app, token)
    else:  # one that is spent, too: its owner wants to be rid of all
        sent = await look_at(context, token, app.id)
        known = None if sent is None else KnownToken(refresh=sent)
    if known is None or known.user_id is None or known.family_id is None:
        return
    now = context.clock()
    async with context.stores.postgres.transaction() as connection:
        if not await token_families.revoke_family(connection, known.user_id, known.family_id, now):
            return
        written = entry(context, "revokeToken", subject_id=known.user_id, app=str(app.id))
        await audit.record(connection, written)
    await tokens_ended(context, known.user_id, known.family_id)
