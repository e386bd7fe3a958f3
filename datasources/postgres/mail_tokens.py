"""Tokens that links in mails carry: 256 random bits, of which only the hash is kept."""

import hashlib
import secrets
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from datasources.postgres.account_tables import mail_tokens
from datasources.postgres.client import Postgres
from datasources.records.accounts import MailTokenPurpose
from datasources.records.mail import MailTokenRecord

_BYTES = 32
_MAX_CHARS = 100  # ours have 43; nothing else needs to be hashed

tokens = mail_tokens.c


async def mint(
    connection: AsyncConnection,
    purpose: MailTokenPurpose,
    subject_id: UUID,
    email: str,
    lifetime: timedelta,
) -> str:
    """Return a new token (`mail_tokens`); it goes into one mail and nowhere else.

    Earlier ones stay good, since their mail may come later than this one, but for those that went
    to another address: the last address that somebody asks for is the one they mean.
    """
    token = secrets.token_urlsafe(_BYTES)
    await connection.execute(
        delete(mail_tokens).where(
            tokens.purpose == purpose, tokens.subject_id == subject_id, tokens.email != email
        )
    )
    await connection.execute(
        mail_tokens.insert().values(
            hash=_hash(token),
            purpose=purpose,
            subject_id=subject_id,
            email=email,
            expires_at=func.now() + lifetime,
        )
    )
    return token


async def peek(postgres: Postgres, token: str, purpose: MailTokenPurpose) -> MailTokenRecord | None:
    """Return what `redeem` would, and leave the token as it is (`mail_tokens`)."""
    if len(token) > _MAX_CHARS:
        return None
    rows = await postgres.read(
        select(tokens.subject_id, tokens.email).where(
            tokens.hash == _hash(token), tokens.purpose == purpose, tokens.expires_at > func.now()
        )
    )
    return MailTokenRecord(*rows[0]) if rows else None


async def redeem(
    connection: AsyncConnection, token: str, purpose: MailTokenPurpose
) -> MailTokenRecord | None:
    """Use a token up and return what it stands for (`mail_tokens`).

    None for one that is unknown, expired, used, or for something else. All tokens of the same
    purpose and subject go with it, and all come back where the transaction is rolled back. Of two
    at once the second one waits, and finds nothing.
    """
    if len(token) > _MAX_CHARS:
        return None
    hash_ = _hash(token)
    wanted = select(tokens.purpose, tokens.subject_id).where(
        tokens.hash == hash_, tokens.purpose == purpose, tokens.expires_at > func.now()
    )
    used = await connection.execute(
        delete(mail_tokens)
        .where(tuple_(tokens.purpose, tokens.subject_id).in_(wanted))
        .returning(tokens.hash, tokens.subject_id, tokens.email)
    )
    found = {row[0]: MailTokenRecord(row[1], row[2]) for row in used}
    return found.get(hash_)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="surrogatepass")).digest()
