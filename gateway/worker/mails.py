"""Sends mails that were asked for: decides whether, to whom, in which words; makes tokens."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from auth.emails import email_key
from auth.identity import Identity
from datasources.mail.errors import MailError
from datasources.mail.message import compose
from datasources.mail.transport import MailTransport
from datasources.postgres import jobs
from datasources.postgres.client import Connection, Postgres
from datasources.postgres.mail_recipients import (
    find_by_email,
    find_by_id,
    has_account,
    prolong_sign_up,
)
from datasources.postgres.mail_tokens import mint
from datasources.postgres.notification_digests import fetch_digest
from datasources.records.accounts import MailTokenPurpose
from datasources.records.jobs import JobRecord
from datasources.records.mail import Mail, MailTemplate
from gateway.worker.digests import digest_words
from gateway.worker.loop import JobFailed
from gateway.worker.rendering import render
from gateway.worker.words import HAS_ACCOUNT, WORDS, Words, said

CONFIRM, RESET, ACCOUNT, SIGN_IN, NOTIFICATIONS = (
    "/account/confirm",
    "/account/reset",
    "/account",
    "/account/sign-in",
    "/account/notifications",
)

Payload = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail and the one address that it goes to."""

    to: str
    mail: Mail


class MailDuty:
    """The handler of jobs that send mails."""

    def __init__(
        self, postgres: Postgres, identity: Identity, transport: MailTransport, sender: str
    ) -> None:
        self._postgres = postgres
        self._identity = identity
        self._transport = transport
        self._sender = sender

    async def __call__(self, job: JobRecord) -> None:
        """Send the mail of a job, or nothing where there is no reason for it any more.

        The token in its link is stored before it is sent, not with the end of the job: a mail that
        is sent twice, because a worker died in between, has two links that are good.

        Raises:
            JobFailed: the mail server did not take it.
        """
        async with self._postgres.transaction() as connection:
            letter = await self._letter(connection, job.payload)
            if letter is None:
                await jobs.finish(connection, job)
                return
        try:
            message = compose(
                letter.mail,
                sender=self._sender,
                recipient=letter.to,
                mail_id=job.id,
                host=self._identity.host,
                now=datetime.now(UTC),
            )
            await self._transport.send(message, letter.to)
        except MailError as error:
            raise JobFailed(f"mail: {error.reason}", permanent=error.permanent) from None
        async with self._postgres.transaction() as connection:
            await jobs.finish(connection, job)

    async def _letter(self, connection: Connection, payload: Payload) -> Letter | None:
        template = MailTemplate(payload["template"])
        match template:
            case MailTemplate.VERIFY_SIGN_UP:
                return await self._sign_up(connection, payload)
            case MailTemplate.CHANGE_EMAIL:
                return await self._change(connection, payload)
            case MailTemplate.RESET_PASSWORD:
                return await self._reset(connection, payload)
            case MailTemplate.NOTIFICATION_DIGEST:
                return await self._digest(connection, payload)
            case MailTemplate.EMAIL_CHANGED | MailTemplate.ACCOUNT_DELETED:
                return Letter(payload["email"], self._render(WORDS[template], ACCOUNT))
            case _:
                return await self._notice(connection, template, payload)

    async def _notice(
        self, connection: Connection, template: MailTemplate, payload: Payload
    ) -> Letter | None:
        owner = await find_by_id(connection, UUID(payload["user_id"]))
        if owner is None:
            return None
        mail = self._render(WORDS[template], ACCOUNT, change=str(payload.get("change", "")))
        return Letter(owner.email, mail)

    async def _sign_up(self, connection: Connection, payload: Payload) -> Letter | None:
        lifetime = timedelta(seconds=self._identity.settings.mail_link_s)
        sign_up_id = UUID(payload["sign_up_id"])
        found = await prolong_sign_up(connection, sign_up_id, lifetime)
        if found is None:
            return None
        email, handle = found
        if await has_account(connection, email_key(email)):
            return Letter(email, self._render(HAS_ACCOUNT, SIGN_IN))
        purpose = MailTokenPurpose.VERIFY_SIGN_UP
        token = await mint(connection, purpose, sign_up_id, email, lifetime)
        words, named = WORDS[MailTemplate.VERIFY_SIGN_UP], {"handle": handle, "email": email}
        return Letter(email, self._render(words, CONFIRM, token, lifetime=said(lifetime), **named))

    async def _change(self, connection: Connection, payload: Payload) -> Letter | None:
        lifetime = timedelta(seconds=self._identity.settings.mail_link_s)
        email = str(payload["email"])
        owner = await find_by_id(connection, UUID(payload["user_id"]))
        if owner is None:
            return None
        if await has_account(connection, email_key(email)):
            # Of somebody else, or this one: whoever asked is told nothing of it.
            return Letter(email, self._render(HAS_ACCOUNT, SIGN_IN))
        purpose = MailTokenPurpose.CHANGE_EMAIL
        token = await mint(connection, purpose, owner.user_id, email, lifetime)
        words = WORDS[MailTemplate.CHANGE_EMAIL]
        return Letter(email, self._render(words, CONFIRM, token, lifetime=said(lifetime)))

    async def _reset(self, connection: Connection, payload: Payload) -> Letter | None:
        lifetime = timedelta(seconds=self._identity.settings.reset_link_s)
        owner = await find_by_email(connection, email_key(payload["email"]))
        if owner is None:
            return None
        purpose = MailTokenPurpose.RESET_PASSWORD
        token = await mint(connection, purpose, owner.user_id, owner.email, lifetime)
        words = WORDS[MailTemplate.RESET_PASSWORD]
        return Letter(owner.email, self._render(words, RESET, token, lifetime=said(lifetime)))

    async def _digest(self, connection: Connection, payload: Payload) -> Letter | None:
        owner = await find_by_id(connection, UUID(payload["user_id"]))
        mailed_at = datetime.fromisoformat(payload["mailed_at"])
        if owner is None:
            return None
        parts = await fetch_digest(connection, owner.user_id, mailed_at)
        if not parts:
            return None
        words, values = digest_words(parts)
        return Letter(owner.email, self._render(words, NOTIFICATIONS, **values))

    def _render(self, words: Words, path: str, token: str = "", **values: str) -> Mail:
        public_url = self._identity.public_url
        return render(words, public_url=public_url, path=path, token=token, **values)
