"""Beginning and ending sessions: in a browser's cookie, or in the tokens of an app."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog

from auth.browsers import browser_of, mark_for
from auth.devices import device_of
from auth.opaque import hash_of, new_secret
from auth.principal import SessionKind, SessionRef
from auth.sessions import session_hash
from auth.tokens import access_token, refresh_expiry
from datasources.errors import StoreError
from datasources.ids import new_id
from datasources.loaders.sessions import SessionsKey
from datasources.loaders.users import UserById
from datasources.postgres import audit, token_families
from datasources.postgres.accounts import lock_account
from datasources.postgres.client import Connection
from datasources.postgres.jobs import enqueue
from datasources.postgres.revocations import sign_out_person
from datasources.records.accounts import AccountRecord
from datasources.records.jobs import JobKind
from datasources.records.sessions import ListedSession, ProviderSession, SessionRecord
from datasources.records.users import UserRecord
from datasources.redis.client import Redis
from datasources.redis.sessions import put_session, remove_sessions
from resolvers.audit import entry
from resolvers.context import RequestContext
from resolvers.errors import Forbidden, WrongCredentials
from resolvers.proof import WRONG, may_be_used

log = structlog.get_logger(__name__)

NEEDS_PREFLIGHT = "A session in a cookie needs the header `GraphQL-Preflight: 1`."


@dataclass(frozen=True, slots=True)
class Tokens:
    """What an app keeps; the access token lasts `expires_in_s` seconds."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in_s: int


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The person who is signed in now, and their tokens; None where a cookie holds the session."""

    user: UserRecord
    tokens: Tokens | None


async def begin_session(
    context: RequestContext,
    user_id: UUID,
    kind: SessionKind,
    how: tuple[str, ...],
    *,
    shown: AccountRecord | None = None,
    provider: ProviderSession | None = None,
) -> SignedIn:
    """Sign a person in who has shown who they are; `how` says by what, for the audit log.

    A cookie's session gets a new id, and ends the one that the request came with. `shown` is the
    account whose password fitted: one that was changed since then lets nobody in. `provider` is
    the session elsewhere that a cookie's begins with, and ends with.

    Raises:
        WrongCredentials: they have no account, or one that is closed: the words of a wrong
            password.
        Forbidden: a cookie is asked for without the header that no other site can send.
    """
    if kind is SessionKind.COOKIE and not context.client.preflight:
        raise Forbidden(NEEDS_PREFLIGHT)
    user = await context.loaders.of(UserById).load(user_id)
    now = context.clock()
    tokens = None
    if kind is SessionKind.TOKENS:
        # Read now, where it has to be: who holds one connection must not wait for a second one.
        await context.identity.keys.signer(now)
    async with context.stores.postgres.transaction() as connection:
        # Whoever closes the account or ends its sessions waits, and then finds this one, too.
        account = await lock_account(connection, user_id)
        if user is None or account is None or not may_be_used(context, account):
            raise WrongCredentials(WRONG)
        if shown is not None and shown.password_changed_at != account.password_changed_at:
            raise WrongCredentials(WRONG)
        written = entry(context, "signIn", actor_id=user_id, kind=kind.value, how=list(how))
        await audit.record(connection, written)
        if kind is SessionKind.TOKENS:
            tokens = await _begin_family(context, connection, account, now)
        else:
            await _begin_cookie(context, account, now, provider)
    return SignedIn(user, tokens)


async def _begin_cookie(
    context: RequestContext,
    account: AccountRecord,
    now: datetime,
    provider: ProviderSession | None,
) -> None:
    replaced = []
    before = context.principal.session
    if before is not None and before.kind is SessionKind.COOKIE and context.principal.user_id:
        replaced.append((context.principal.user_id, before.id))
    if context.reply.session_id:  # an earlier field of the same document
        replaced.append((account.user_id, session_hash(context.reply.session_id)))
    session_id = new_secret()
    session = SessionRecord(
        user_id=account.user_id,
        role=account.role,
        created_at=now,
        authenticated_at=now,
        device=device_of(context.client.user_agent),
        address=context.client.address,
        provider=provider,
    )
    settings = context.identity.settings
    await put_session(
        context.stores.redis,
        session_hash(session_id),
        session,
        idle_s=settings.session_idle_s,
        lifetime_s=settings.session_lifetime_s,
        instead_of=replaced,
    )
    context.reply.session_id = session_id
    owner = str(account.user_id)
    if browser_of(context.identity.vault, context.client.browser_mark, owner) is None:
        context.reply.browser_mark = mark_for(context.identity.vault, owner)


async def _begin_family(
    context: RequestContext, connection: Connection, account: AccountRecord, now: datetime
) -> Tokens:
    family_id = new_id()
    ends_at = now + timedelta(seconds=context.identity.settings.session_lifetime_s)
    await token_families.insert_family(
        connection,
        family_id,
        account.user_id,
        device=device_of(context.client.user_agent),
        address=context.client.address,
        created_at=now,
        expires_at=ends_at,
    )
    refresh = new_secret()
    expires_at = refresh_expiry(context.identity, now, ends_at)
    await token_families.insert_refresh_token(connection, hash_of(refresh), family_id, expires_at)
    access = await access_token(
        context.identity, account.user_id, account.role, family_id, authenticated_at=now, now=now
    )
    return Tokens(access, refresh, context.identity.settings.access_token_s)


async def end_sessions(
    context: RequestContext,
    connection: Connection,
    user_id: UUID,
    *,
    keep: SessionRef | None = None,
) -> int:
    """End all of a person's sessions but `keep`, within the caller's transaction.

    It holds the account until the transaction ends. Call `forget_sessions` right after the commit:
    it does the part that lies in Redis; where it cannot, a job does it later. Returns how many
    families of tokens ended.
    """
    now = context.clock()
    if keep is None:
        await sign_out_person(connection, user_id, now)
    else:  # which would void the one that is kept
        await lock_account(connection, user_id)
    family = UUID(keep.id) if keep is not None and keep.kind is SessionKind.TOKENS else None
    payload = {"user_id": str(user_id), "keep": _cookie(keep), "before": now.isoformat()}
    await enqueue(connection, JobKind.FORGET_SESSIONS, payload)
    return len(await token_families.revoke_families(connection, user_id, now, family))


async def forget_sessions(
    context: RequestContext, user_id: UUID, *, keep: SessionRef | None = None
) -> int:
    """End a person's sessions in browsers but `keep`; return how many there were.

    For after the commit that `end_sessions` was part of. Where a store does not answer, the job
    of `end_sessions` sees to it; nobody has a session while Redis is down.
    """
    ended = 0
    try:
        ended = await remove_sessions(context.stores.redis, user_id, keep=_cookie(keep))
        await context.identity.revocations.refresh(context.stores.postgres, context.clock())
    except StoreError as error:
        log.warning("sessions are forgotten later", store=error.store)
    return ended


def sessions_key(account: AccountRecord, context: RequestContext) -> SessionsKey:
    """Return the key by which the sessions of an account's owner are loaded."""
    settings = context.identity.settings
    return SessionsKey(
        account.user_id,
        idle_s=settings.session_idle_s,
        lifetime_s=settings.session_lifetime_s,
        now=context.clock(),
    )


def is_current(context: RequestContext, session: ListedSession) -> bool:
    """Whether a session is the one that the request came with."""
    current = context.principal.session
    return current is not None and current.id == session.id


async def forget_ended(redis: Redis, payload: Mapping[str, Any]) -> None:
    """Do the job that `end_sessions` asked for: those that began later stay.

    Raises:
        StoreUnavailable, StoreTimeout: Redis did not answer; it is to be tried again.
    """
    await remove_sessions(
        redis,
        UUID(payload["user_id"]),
        keep=payload["keep"],
        before=datetime.fromisoformat(payload["before"]),
    )


def _cookie(session: SessionRef | None) -> str | None:
    return session.id if session is not None and session.kind is SessionKind.COOKIE else None
