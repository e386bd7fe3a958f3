"""Codes: what an app gets back when a person has agreed, and exchanges for tokens, once."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from auth.opaque import hash_of, new_secret
from datasources.ids import new_id
from datasources.postgres import app_codes as stored
from datasources.postgres import audit
from datasources.postgres.client import Connection
from datasources.postgres.token_families import revoke_family
from datasources.records.apps import AppRecord, CodeRecord
from datasources.records.audit import AuditResult
from resolvers.app_consents import held_account, keep_consent
from resolvers.app_tokens import AppTokens, begin_tokens
from resolvers.audit import entry
from resolvers.context import RequestContext
from resolvers.credentials import tokens_ended
from resolvers.errors import Unauthenticated
from resolvers.first_party import in_person

CODE_LIFETIME: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class CodeRequest:
    """What an app asks a person for. `challenge` is that of PKCE (S256)."""

    redirect_uri: str
    scopes: Collection[str]
    challenge: str
    nonce: str | None = field(default=None, repr=False)


async def issue_code(context: RequestContext, app: AppRecord, request: CodeRequest) -> str:
    """Return a new code with which an app gets what the caller has just agreed to.

    Raises:
        Unauthenticated, Forbidden: nobody is signed in, or something acts for them.
    """
    user_id, now = in_person(context), context.clock()
    authenticated_at = context.principal.authenticated_at
    if authenticated_at is None:
        raise Unauthenticated("Sign in first.")
    code = new_secret()
    record = CodeRecord(
        hash=hash_of(code),
        app_id=app.id,
        user_id=user_id,
        family_id=new_id(),
        redirect_uri=request.redirect_uri,
        scopes=sorted(request.scopes),
        challenge=request.challenge,
        nonce=request.nonce,
        authenticated_at=authenticated_at,
        created_at=now,
        expires_at=now + CODE_LIFETIME,
        used_at=None,
    )
    async with context.stores.postgres.transaction() as connection:
        await held_account(context, connection, user_id)
        await keep_consent(context, connection, app, record.scopes)
        await stored.insert_code(connection, record)
    return code


async def use_code(context: RequestContext, app: AppRecord, code: str) -> CodeRecord | None:
    """Return what a code stands for, and spend it; None for one that is not good.

    It is spent whatever comes of it: who shows it with a wrong verifier gets no second try. Where
    it comes again somebody else has it, and the tokens that it became end.
    """
    now, hashed = context.clock(), hash_of(code)
    async with context.stores.postgres.transaction() as connection:
        record = await stored.lock_code(connection, hashed, app.id)
        if record is None:
            return None
        if record.used_at is None:
            await stored.mark_code(connection, hashed, used_at=now)
        else:
            await stored.mark_code(connection, hashed, replayed_at=now)
    if record.used_at is not None:
        await _end_replayed(context, record)
        return None
    return record if record.expires_at > now else None


async def _end_replayed(context: RequestContext, record: CodeRecord) -> None:
    async with context.stores.postgres.transaction() as connection:
        await revoke_family(connection, record.user_id, record.family_id, context.clock())
        written = entry(
            context,
            "authorizationCodeReused",
            result=AuditResult.DENIED,
            subject_id=record.user_id,
            app=str(record.app_id),
        )
        await audit.record(connection, written)
    await tokens_ended(context, record.user_id, record.family_id)


async def redeem_code(
    context: RequestContext, app: AppRecord, record: CodeRecord
) -> AppTokens | None:
    """Return the tokens that a code becomes; None where it came again meanwhile, or is void.

    Void is one whose person was signed out everywhere since, or took back what they agreed to.
    """
    return await begin_tokens(
        context,
        app,
        record.user_id,
        record.family_id,
        record.scopes,
        authenticated_at=record.authenticated_at,
        agreed_at=record.created_at,
        nonce=record.nonce,
        still_good=lambda connection: _not_replayed(connection, record),
    )


async def _not_replayed(connection: Connection, record: CodeRecord) -> bool:
    return not await stored.was_replayed(connection, record.hash)
