"""API keys of people: made, rotated, revoked, listed, and how they are used."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from auth.api_key_text import new_key
from datasources.ids import new_id
from datasources.loaders.api_keys import ApiKeysOfUser, UseOfKey, UseWanted
from datasources.postgres import api_keys as stored
from datasources.postgres import audit
from datasources.postgres.accounts import lock_account
from datasources.postgres.client import Connection
from datasources.records.api_keys import (
    ApiKeyKind,
    ApiKeyPlan,
    ApiKeyRecord,
    ApiKeySecretRecord,
    DayOfUse,
)
from datasources.records.audit import AuditRecord
from resolvers.api_key_input import (
    checked_addresses,
    checked_expiry,
    checked_name,
    checked_origins,
    checked_scopes,
)
from resolvers.audit import entry
from resolvers.context import RequestContext
from resolvers.credentials import key_changed
from resolvers.errors import BadUserInput, InvalidInput, LimitExceeded, NotFound, Unauthenticated
from resolvers.first_party import in_person
from resolvers.mails import MailTemplate, queue_mail

MAX_OVERLAP = timedelta(days=30)
_MAX_DAYS = 366
_NOT_YOURS = "There is no such key."


@dataclass(frozen=True, slots=True)
class NewApiKey:
    """What a key is to be."""

    name: str
    scopes: Sequence[str]
    kind: ApiKeyKind = ApiKeyKind.SECRET
    expires_at: datetime | None = None
    allowed_addresses: Sequence[str] = ()
    allowed_origins: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class ApiKeyCreated:
    """A new key, and its text, which is shown this one time."""

    api_key: ApiKeyRecord
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ApiKeyRotated:
    """A key, its new text, and until when the one before it stays good."""

    api_key: ApiKeyRecord
    secret: str = field(repr=False)
    previous_expires_at: datetime


@dataclass(frozen=True, slots=True)
class ApiKeyRevoked:
    """A key that is good for nothing any more."""

    api_key: ApiKeyRecord


async def create_api_key(context: RequestContext, new: NewApiKey) -> ApiKeyCreated:
    """Make a key of the caller's, on the plan that everybody has.

    Raises:
        Unauthenticated, Forbidden: it is no person who asks, by themselves.
        InvalidInput: a value that cannot be taken.
        LimitExceeded: they have as many as they may.
    """
    user_id = in_person(context)
    checked_scopes(new.scopes, new.kind, context.principal.scopes)
    return await make_api_key(context, user_id, new, ApiKeyPlan.FREE)


async def make_api_key(
    context: RequestContext,
    user_id: UUID,
    new: NewApiKey,
    plan: ApiKeyPlan,
    *,
    actor_kind: str | None = None,
) -> ApiKeyCreated:
    """Make a key for somebody, as `create_api_key` does, on any plan.

    The audit log calls `actor_kind` who makes it, where that is not the caller.
    """
    now = context.clock()
    text = new_key(context.identity.api_keys.environment, new.kind)
    key = ApiKeyRecord(
        id=new_id(),
        user_id=user_id,
        name=checked_name(new.name),
        kind=new.kind,
        plan=plan,
        scopes=checked_scopes(new.scopes, new.kind),
        allowed_addresses=checked_addresses(new.allowed_addresses),
        allowed_origins=checked_origins(new.allowed_origins, new.kind),
        created_at=now,
        expires_at=checked_expiry(new.expires_at, now),
        revoked_at=None,
    )
    async with context.stores.postgres.transaction() as connection:
        if await lock_account(connection, user_id) is None:
            raise Unauthenticated("Sign in first.")
        most = context.identity.key_settings.per_account
        if await stored.count_good_keys(connection, user_id, now) >= most:
            raise LimitExceeded(f"An account has at most {most} keys. Revoke one first.")
        await stored.insert_key(connection, key, stored.KeySecret(text.hash, text.prefix))
        noted = entry(context, "createApiKey", subject_id=user_id, apiKey=str(key.id))
        noted = replace(noted, actor_kind=actor_kind or noted.actor_kind)
        await _note(connection, noted, f"The API key {text.prefix}… was made.")
    secret = ApiKeySecretRecord(text.prefix, now, None, None)
    return ApiKeyCreated(replace(key, secrets=(secret,)), text.text)


async def rotate_api_key(
    context: RequestContext, id_: UUID | None, overlap_s: int | None = None
) -> ApiKeyRotated:
    """Give a key of the caller's a new text; the one before stays good for a while.

    Two are good at the same time at most: one that was replaced before ends now.

    Raises:
        Unauthenticated, Forbidden: it is no person who asks, by themselves.
        InvalidInput: the overlap is negative, or longer than 30 days.
        NotFound: they have no such key that is good.
    """
    user_id, now = in_person(context), context.clock()
    overlap = _overlap(context, overlap_s)
    async with context.stores.postgres.transaction() as connection:
        key = await _own(connection, user_id, id_)
        if key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= now):
            raise NotFound(_NOT_YOURS)
        text = new_key(context.identity.api_keys.environment, key.kind)
        secret = stored.KeySecret(text.hash, text.prefix)
        await stored.replace_secret(connection, key.id, secret, now, now + overlap)
        change = f"The API key {key.prefix}… was rotated, and begins with {text.prefix} now."
        noted = entry(context, "rotateApiKey", apiKey=str(key.id))
        await _note(connection, noted, change)
        key = await _own(connection, user_id, id_)
    await key_changed(context, user_id, key.id)
    return ApiKeyRotated(key, text.text, now + overlap)


async def revoke_api_key(context: RequestContext, id_: UUID | None) -> ApiKeyRevoked:
    """End a key of the caller's; again changes nothing. Elsewhere it is refused within 5 s.

    Raises:
        Unauthenticated, Forbidden: it is no person who asks, by themselves.
        NotFound: they have no such key.
    """
    user_id = in_person(context)
    async with context.stores.postgres.transaction() as connection:
        key = await _own(connection, user_id, id_)
        if await stored.revoke_key(connection, key.id, context.clock()):
            await audit.record(connection, entry(context, "revokeApiKey", apiKey=str(key.id)))
        key = await _own(connection, user_id, id_)
    await key_changed(context, user_id, key.id)
    return ApiKeyRevoked(key)


async def api_keys(context: RequestContext) -> Sequence[ApiKeyRecord]:
    """Return the caller's keys, the newest first; those that ended, too, for three months.

    Raises:
        Unauthenticated, Forbidden: it is no person who asks, by themselves.
    """
    return await context.loaders.of(ApiKeysOfUser).load(in_person(context)) or ()


async def key_use(
    context: RequestContext, key: ApiKeyRecord, first: date, last: date
) -> Sequence[DayOfUse]:
    """Return the days (UTC) on which a key was used, the earliest first, both ends included.

    Raises:
        BadUserInput: the days are in the wrong order, or more than 366.
    """
    if not 0 <= (last - first).days < _MAX_DAYS:
        raise BadUserInput(f"`from` comes before `to`, and {_MAX_DAYS} days are the most.")
    return await context.loaders.of(UseOfKey).load(UseWanted(key.id, first, last)) or ()


async def _own(connection: Connection, user_id: UUID, id_: UUID | None) -> ApiKeyRecord:
    key = None if id_ is None else await stored.lock_key(connection, id_)
    if key is None or key.user_id != user_id:
        raise NotFound(_NOT_YOURS)
    return key


async def _note(connection: Connection, noted: AuditRecord, change: str) -> None:
    """Write what happens to the log, and have the key's owner told."""
    await audit.record(connection, noted)
    owner = noted.subject_id
    if owner is not None:
        await queue_mail(connection, MailTemplate.API_KEY_CHANGED, user_id=owner, change=change)


def _overlap(context: RequestContext, overlap_s: int | None) -> timedelta:
    if overlap_s is None:
        return timedelta(seconds=context.identity.key_settings.overlap_s)
    if not 0 <= overlap_s <= MAX_OVERLAP.total_seconds():
        raise InvalidInput(("overlapS",), f"The overlap is 0 to {MAX_OVERLAP.days} days.")
    return timedelta(seconds=overlap_s)
