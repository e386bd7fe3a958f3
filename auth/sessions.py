"""Sessions of browsers: a random id in a cookie, and what Redis keeps under its hash."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from auth.identity import Identity
from auth.opaque import hash_of
from auth.principal import Principal, SessionKind, SessionRef, person
from datasources.records.sessions import SessionRecord
from datasources.redis.client import Redis
from datasources.redis.sessions import fetch_session, peek_sessions, remove_session

_MAX_ID_CHARS = 100


class DeadSession(Exception):
    """There is no such session, or it is over."""


def session_hash(session_id: str) -> str:
    """Return the name of a session that opens nothing: the hash of its id, in hexadecimal."""
    return hash_of(session_id).hex()


async def principal_of_session(
    identity: Identity, redis: Redis, session_id: str, now: datetime
) -> Principal:
    """Return the person whose session this is, and let it live on. One round trip to Redis.

    Raises:
        DeadSession: there is none, or it has lasted long enough, or was ended with all others.
        StoreUnavailable, StoreTimeout: Redis did not answer.
    """
    if not session_id or len(session_id) > _MAX_ID_CHARS:
        raise DeadSession
    hashed = session_hash(session_id)
    session = await fetch_session(redis, hashed, identity.settings.session_idle_s)
    if session is None:
        raise DeadSession
    if _over(identity, session, now):
        await remove_session(redis, session.user_id, hashed)
        raise DeadSession
    return person(
        session.user_id,
        session.role,
        SessionRef(SessionKind.COOKIE, hashed),
        session.authenticated_at,
    )


async def ended_among(
    identity: Identity, redis: Redis, session_hashes: Sequence[str], now: datetime
) -> frozenset[str]:
    """Return which of these sessions are over. One round trip to Redis, and none lives on by it.

    Raises:
        StoreUnavailable, StoreTimeout: Redis did not answer.
    """
    sessions = await peek_sessions(redis, session_hashes)
    return frozenset(
        hashed
        for hashed, session in zip(session_hashes, sessions, strict=True)
        if session is None or _over(identity, session, now)
    )


def _over(identity: Identity, session: SessionRecord, now: datetime) -> bool:
    lifetime = timedelta(seconds=identity.settings.session_lifetime_s)
    return session.created_at + lifetime <= now or identity.revocations.session_void(
        session.user_id, session.created_at
    )
