"""Beginning and ending sessions: in a browser's cookie, or in the tokens of an app."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog

from auth.devices import device_of
from auth.opaque import hash_of, new_secret
from auth.principal import SessionKind, SessionRef
from auth.tokens import access_token, refresh_expiry
from datasources.errors import StoreError
from datasources.ids import new_id
from datasources.loaders.sessions import SessionsKey
from datasources.loaders.users import UserById
from datasources.postgres import audit, identities, passkeys, token_families
from datasources.postgres.accounts import lock_account
from datasources.postgres.app_codes import remove_codes_of
from datasources.postgres.client import Connection
from datasources.postgres.jobs import enqueue
from datasources.postgres.revocations import sign_out_person
from datasources.records.accounts import AccountRecord
from datasources.records.jobs import JobKind
from datasources.records.passkeys import PasskeyRecord
from datasources.records.sessions import ListedSession, ProviderSession
from datasources.records.users import UserRecord
from datasources.redis.client import Redis
from datasources.redis.sessions import remove_sessions
from resolvers.audit import entry
from resolvers.context import RequestContext
from resolvers.cookie_sessions import cookie_session
from resolvers.credentials import look_again, tokens_ended
from resolvers.errors import Forbidden, WrongCredentials
from resolvers.new_devices import is_new_device, new_device
from resolvers.notifying import publish_told, tell
from resolvers.proof import WRONG, may_be_used, rests_on

log = structlog.get_logger(__name__)

MAX_SESSIONS = 50
"""Of a person, in browsers as in apps: to be read at a glance, and in no time."""

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
    shown: AccountRecord | PasskeyRecord | None = None,
    provider: ProviderSession | None = None,
    identity_id: UUID | None = None,
) -> SignedIn:
    """Sign a person in who has shown who they are; `how` says by what, for the audit log.

    A cookie's session gets a new id, and ends the one that the request came with. Where there are
    `MAX_SESSIONS` of its kind, it ends the one that was unused for longest. `shown` is the account
    whose password and second factor fitted, or the passkey: with others in their place since then,
    or one where there was none, nobody is let in; nor with an `identity_id`, by which a provider
    vouched for them, that was unlinked. `provider` is the session elsewhere that a cookie's begins
    with, and ends with. From a new device, the person is told of it.

    Raises:
        WrongCredentials: they have no account, or one that is closed, or what was shown is void:
            the words of a wrong password.
        Forbidden: a cookie is asked for without the header that no other site can send.
    """
    if kind is SessionKind.COOKIE and not context.client.preflight:
        raise Forbidden(NEEDS_PREFLIGHT)
    user = await context.loaders.of(UserById).load(user_id)
    now = context.clock()
    if kind is SessionKind.TOKENS:
        # Read now, where it has to be: who holds one connection must not wait for a second one.
        await context.identity.keys.signer(now)
    tokens: Tokens | None = None
    ended: Sequence[UUID] = ()
    async with (
        cookie_session(context, user_id) as cookie,
        context.stores.postgres.transaction() as connection,
    ):
        # Whoever closes the account or ends its sessions waits, and then finds this one, too.
        account = await lock_account(connection, user_id)
        if user is None or account is None or not may_be_used(context, account):
            raise WrongCredentials(WRONG)
        if not await _holds(connection, account, shown, identity_id):
            raise WrongCredentials(WRONG)
        new = await is_new_device(context, connection, user_id, kind)
        written = entry(context, "signIn", actor_id=user_id, kind=kind.value, how=list(how))
        await audit.record(connection, written)
        if kind is SessionKind.TOKENS:
            ended = await _make_room(connection, user_id, now)
            tokens = await _begin_family(context, connection, account, now)
        else:
            await cookie.begin(account, now, MAX_SESSIONS, provider)
        if new:
            await tell(connection, new_device(context, user_id))
    if new:
        await publish_told(context.stores, user_id)
    if ended:
        await tokens_ended(context, user_id, *ended)
    return SignedIn(user, tokens)


async def _holds(
    connection: Connection,
    account: AccountRecord,
    shown: AccountRecord | PasskeyRecord | None,
    identity_id: UUID | None,
) -> bool:
    """Return whether what was shown would do at this moment, too; the account is locked."""
    user_id = account.user_id
    if identity_id and not await identities.has_identity(connection, user_id, identity_id):
        return False
    if isinstance(shown, PasskeyRecord):
        return await passkeys.has_passkey(connection, user_id, shown.id)
    return shown is None or rests_on(shown) == rests_on(account)


async def _make_room(connection: Connection, user_id: UUID, now: datetime) -> Sequence[UUID]:
    """End the families beyond all but one of `MAX_SESSIONS`; return those that ended."""
    return await token_families.revoke_oldest(connection, user_id, now, keep=MAX_SESSIONS - 1)


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

    Codes that apps have not exchanged yet are void, too, whatever is kept. It holds the account
    until the transaction ends. Call `forget_sessions` right after the commit: it does the part that
    lies in Redis; where it cannot, a job does it later. Returns how many families of tokens ended.
    """
    now = context.clock()
    if keep is None:
        await sign_out_person(connection, user_id, now)
    else:  # which would void the one that is kept
        await lock_account(connection, user_id)
    await remove_codes_of(connection, user_id)
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
    if not ended:  # else that was told with it
        await look_again(context.stores, user_id)
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
