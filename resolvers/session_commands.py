"""What becomes of sessions: refreshed, ended one by one, or all at once."""

from dataclasses import dataclass
from uuid import UUID

from auth.principal import SessionKind, SessionRef
from auth.tokens import access_token
from datasources.postgres import audit, token_families
from datasources.redis.sessions import remove_session
from resolvers.audit import entry
from resolvers.context import RequestContext
from resolvers.credentials import tokens_ended
from resolvers.errors import NotFound
from resolvers.sessions import Tokens, end_sessions, forget_sessions
from resolvers.signed_in import signed_in
from resolvers.token_exchange import exchange

_HASH_CHARS = 64


@dataclass(frozen=True, slots=True)
class TokensRefreshed:
    """The tokens that follow."""

    tokens: Tokens


@dataclass(frozen=True, slots=True)
class SignedOut:
    """How many sessions have ended."""

    session_count: int


async def refresh_tokens(context: RequestContext, refresh_token: str) -> TokensRefreshed:
    """Exchange a refresh token for new tokens; what they allow is what the account may do now.

    A token that is spent brings new ones for a few seconds more: clients send several requests at
    once, but not without end. After that somebody else may have it, and the whole family ends; its
    owner gets a mail.

    Raises:
        WrongCredentials: it is unknown, expired, revoked or spent, the account is closed, or ten
            tokens that it brought are unused.
    """
    exchanged = await exchange(context, refresh_token)
    sent = exchanged.sent
    access = await access_token(
        context.identity,
        sent.user_id,
        sent.role,
        sent.family_id,
        authenticated_at=sent.family_created_at,
        now=context.clock(),
    )
    lifetime = context.identity.settings.access_token_s
    return TokensRefreshed(Tokens(access, exchanged.refresh_token, lifetime))


async def sign_out(context: RequestContext, session_id: str | None = None) -> SignedOut:
    """End one session of the caller's: the one with this id, or the one that the request came with.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: the caller has no such session; somebody else's looks like none.
    """
    user_id = signed_in(context)
    current = context.principal.session
    session = current if session_id is None else _session_ref(session_id)
    if session is None:
        raise NotFound("There is no such session.")
    async with context.stores.postgres.transaction() as connection:
        written = entry(context, "signOut", session=session.id, kind=session.kind.value)
        await audit.record(connection, written)
        if session.kind is SessionKind.COOKIE:
            ended = await remove_session(context.stores.redis, user_id, session.id)
        else:
            now = context.clock()
            family_id = UUID(session.id)
            ended = await token_families.revoke_family(connection, user_id, family_id, now)
        if not ended:
            raise NotFound("There is no such session.")
    if session.kind is SessionKind.TOKENS:
        await tokens_ended(context, user_id, UUID(session.id))
    elif session == current:
        context.reply.session_id = ""
    return SignedOut(1)


async def sign_out_everywhere(context: RequestContext) -> SignedOut:
    """End all sessions of the caller's, this one, too.

    Raises:
        Unauthenticated: nobody is signed in.
    """
    user_id = signed_in(context)
    async with context.stores.postgres.transaction() as connection:
        families = await end_sessions(context, connection, user_id)
        await audit.record(connection, entry(context, "signOutEverywhere"))
    browsers = await forget_sessions(context, user_id)
    if context.principal.session and context.principal.session.kind is SessionKind.COOKIE:
        context.reply.session_id = ""
    return SignedOut(families + browsers)


def _session_ref(session_id: str) -> SessionRef | None:
    """Return what an id of `Account.sessions` names; None for what can be none."""
    if len(session_id) == _HASH_CHARS and set(session_id) <= set("0123456789abcdef"):
        return SessionRef(SessionKind.COOKIE, session_id)
    try:
        return SessionRef(SessionKind.TOKENS, str(UUID(session_id)))
    except ValueError:
        return None
