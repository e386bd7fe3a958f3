"""Sessions of browsers: `session:<hash of its id>`, and `sessions-of:<user>`, a set of the hashes.

`sessions-at:<hash of issuer and sid>` is a set of those that began with one session at a provider.

Everything here fails closed: without Redis nobody has a session. The scripts that end sessions
tell of it, too: see `credentials.py`.
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from uuid import UUID

import orjson

from datasources.records.accounts import Role
from datasources.records.sessions import ListedSession, ProviderSession, SessionRecord
from datasources.redis.client import Redis
from datasources.redis.credentials import CREDENTIALS
from datasources.redis.live import PUBLISH, known_life, live_keys

# One round trip: ids, what is kept of each, and the time that is left. The dead ones are dropped.
_LIST = """
local listed = {}
for _, id in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  local value = redis.call('GET', ARGV[1] .. id)
  if value then
    table.insert(listed, {id, value, redis.call('PTTL', ARGV[1] .. id)})
  else
    redis.call('SREM', KEYS[1], id)
  end
end
return listed
"""

# Ends those of a person's sessions that are named, and tells of it where there were any.
_END = f"""{PUBLISH}
local function end_all(known, topic, owner, theirs, prefix, ids)
  local ended = 0
  for _, id in ipairs(ids) do
    if redis.call('SREM', theirs, id) == 1 then
      ended = ended + redis.call('DEL', prefix .. id)
    end
  end
  if ended > 0 then publish(known, topic, owner) end
  return ended
end
"""

_REMOVE = f"""{_END}
local known, topic, owner, prefix = unpack(ARGV, 1, 4)
return end_all(known, topic, owner, KEYS[4], prefix, {{unpack(ARGV, 5)}})
"""

# A session begins; of those before it only so many stay, by the time that is left: each use brings
# it back to the same, so the least has who was unused for longest. The dead ones are dropped.
_PUT = f"""{_END}
local known, topic, owner, prefix = unpack(ARGV, 1, 4)
local new, value, lives, most, longest = unpack(ARGV, 5)
local alive, ending = {{}}, {{}}
for _, id in ipairs(redis.call('SMEMBERS', KEYS[4])) do
  local left = redis.call('PTTL', prefix .. id)
  if left > 0 then
    table.insert(alive, {{left, id}})
  else
    redis.call('SREM', KEYS[4], id)
  end
end
table.sort(alive, function(one, other) return one[1] < other[1] end)
for i = 1, #alive - tonumber(most) do
  table.insert(ending, alive[i][2])
end
end_all(known, topic, owner, KEYS[4], prefix, ending)
redis.call('SET', prefix .. new, value, 'EX', lives)
redis.call('SADD', KEYS[4], new)
redis.call('EXPIRE', KEYS[4], longest)
"""


async def put_session(
    redis: Redis,
    session_hash: str,
    session: SessionRecord,
    *,
    idle_s: int,
    lifetime_s: int,
    most: int,
    instead_of: Collection[tuple[UUID, str]] = (),
) -> None:
    """Begin a session that ends unused after `idle_s`, and end those it replaces, all at once.

    `instead_of` are pairs of the person and the hash. Of a person's sessions no more than `most`
    go on, this one among them: those that were unused for longest end.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    begin = (session_hash, _written(session), min(idle_s, lifetime_s), most - 1, lifetime_s)
    async with redis.answering(), redis.client.pipeline(transaction=True) as pipe:
        for user_id, replaced in instead_of:
            pipe.eval(_REMOVE, 4, *_ending(redis, user_id), replaced)
            pipe.delete(_name(redis, replaced))  # whoever's it was: nobody knows its id any more
        pipe.eval(_PUT, 4, *_ending(redis, session.user_id), *begin)
        if session.provider is not None and session.provider.sid is not None:
            there = _at(redis, session.provider.issuer, session.provider.sid)
            pipe.sadd(there, session_hash)
            pipe.expire(there, lifetime_s)
        await pipe.execute()


async def fetch_session(redis: Redis, session_hash: str, idle_s: int) -> SessionRecord | None:
    """Return a session and let it live for `idle_s` from now; None where there is none.

    One GETEX. A corrupt value is none.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    async with redis.answering():
        value = await redis.client.getex(_name(redis, session_hash), ex=idle_s)
    return _read(value)


async def peek_sessions(
    redis: Redis, session_hashes: Sequence[str]
) -> Sequence[SessionRecord | None]:
    """Return sessions in the order of their hashes, None for each that is none. One MGET.

    Looking does not let them live on.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    async with redis.answering():
        values = await redis.client.mget([_name(redis, one) for one in session_hashes])
    return [_read(value) for value in values]


async def fetch_sessions_of(
    redis: Redis, user_id: UUID, *, idle_s: int, lifetime_s: int, now: datetime
) -> Sequence[ListedSession]:
    """Return a person's sessions that are alive, in no order. One EVAL.

    Their last use follows from the time that is left.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    async with redis.answering():
        rows = await redis.client.eval(_LIST, 1, _of(redis, user_id), _name(redis, ""))
    listed = []
    for session_hash, value, left_ms in rows:
        session = _read(value)
        if session is None or session.created_at + timedelta(seconds=lifetime_s) <= now:
            continue
        used_at = now - timedelta(seconds=idle_s) + timedelta(milliseconds=left_ms)
        listed.append(
            ListedSession(
                session_hash,
                tokens=False,
                device=session.device,
                address=session.address,
                created_at=session.created_at,
                last_used_at=min(max(used_at, session.created_at), now),
            )
        )
    return listed


async def remove_session(redis: Redis, user_id: UUID, session_hash: str) -> bool:
    """End one of a person's sessions; return False where they have none with this hash. One EVAL.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    async with redis.answering():
        ending = _ending(redis, user_id)
        return bool(await redis.client.eval(_REMOVE, 4, *ending, session_hash))


async def end_sessions_at(
    redis: Redis, issuer: str, *, sid: str | None = None, user_id: UUID | None = None
) -> Sequence[UUID]:
    """End sessions that began at a provider; return whose they were, one id for each.

    Those of one session there where `sid` names it, and those of `user_id` where it does not.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer; what is ended stays ended.
    """
    name = _at(redis, issuer, sid) if sid is not None else _of(redis, user_id)
    async with redis.answering():
        rows = await redis.client.eval(_LIST, 1, name, _name(redis, ""))
    ended = []
    for session_hash, value, _ in rows:
        session = _read(value)
        if session is None or session.provider is None or session.provider.issuer != issuer:
            continue
        if user_id is not None and session.user_id != user_id:
            continue
        if await remove_session(redis, session.user_id, session_hash):
            ended.append(session.user_id)
    return ended


async def was_noted(redis: Redis, issuer: str, id_: str) -> bool:
    """Return whether `note_once` noted a logout token (`logout-token:<hash of both>`).

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    async with redis.answering():
        return bool(await redis.client.exists(_noted(redis, issuer, id_)))


async def note_once(redis: Redis, issuer: str, id_: str, seconds: int) -> None:
    """Note that what a provider said in a logout token with this id was done.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    async with redis.answering():
        await redis.client.set(_noted(redis, issuer, id_), b"1", ex=max(1, seconds))


async def remove_sessions(
    redis: Redis, user_id: UUID, *, keep: str | None = None, before: datetime | None = None
) -> int:
    """End a person's sessions but the one with the hash `keep`; return how many there were.

    With `before`, those that began later stay, too.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    async with redis.answering():
        rows = await redis.client.eval(_LIST, 1, _of(redis, user_id), _name(redis, ""))
        ended = [
            session_hash
            for session_hash, value, _ in rows
            if session_hash != keep and not _began_later(value, before)
        ]
        if not ended:
            return 0
        return int(await redis.client.eval(_REMOVE, 4, *_ending(redis, user_id), *ended))


def _began_later(value: str, before: datetime | None) -> bool:
    session = _read(value)
    return before is not None and session is not None and session.created_at > before


def _ending(redis: Redis, user_id: UUID) -> tuple[str, ...]:
    """Return the keys and the first arguments of a script that ends sessions of a person."""
    keys = (*live_keys(redis), _of(redis, user_id))
    return (*keys, known_life(redis), CREDENTIALS, str(user_id), _name(redis, ""))


def _name(redis: Redis, session_hash: str) -> str:
    return redis.key("session", session_hash)


def _of(redis: Redis, user_id: UUID | None) -> str:
    return redis.key("sessions-of", user_id)


def _at(redis: Redis, issuer: str, sid: str) -> str:
    return redis.key("sessions-at", _digest(issuer, sid))


def _noted(redis: Redis, issuer: str, id_: str) -> str:
    return redis.key("logout-token", _digest(issuer, id_))


def _digest(issuer: str, text: str) -> str:
    return hashlib.sha256(orjson.dumps([issuer, text])).hexdigest()


def _written(session: SessionRecord) -> bytes:
    provider = session.provider
    return orjson.dumps(
        {
            "user_id": str(session.user_id),
            "role": session.role.value,
            "created_at": session.created_at.timestamp(),
            "authenticated_at": session.authenticated_at.timestamp(),
            "device": session.device,
            "address": session.address,
            **({"provider": asdict(provider)} if provider else {}),
        }
    )


def _read(value: bytes | str | None) -> SessionRecord | None:
    if value is None:
        return None
    try:
        parts = orjson.loads(value)
        return SessionRecord(
            user_id=UUID(parts["user_id"]),
            role=Role(parts["role"]),
            created_at=datetime.fromtimestamp(parts["created_at"], UTC),
            authenticated_at=datetime.fromtimestamp(parts["authenticated_at"], UTC),
            device=str(parts["device"]),
            address=str(parts["address"]),
            provider=ProviderSession(**parts["provider"]) if "provider" in parts else None,
        )
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        return None
