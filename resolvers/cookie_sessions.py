"""A session in a cookie: begun within a transaction, and the browser's once that is committed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from auth.browsers import browser_of, mark_for
from auth.devices import device_of
from auth.opaque import new_secret
from auth.principal import SessionKind
from auth.sessions import session_hash
from datasources.errors import StoreError
from datasources.records.accounts import AccountRecord
from datasources.records.sessions import ProviderSession, SessionRecord
from datasources.redis.sessions import put_session, remove_session
from resolvers.context import RequestContext


@dataclass(slots=True)
class CookieSession:
    """One that may begin."""

    context: RequestContext
    id: str | None = None

    async def begin(
        self,
        account: AccountRecord,
        now: datetime,
        most: int,
        provider: ProviderSession | None = None,
    ) -> None:
        """Begin it, and end the one that the request came with; the person keeps `most`.

        `provider` is the session elsewhere that it begins with, and ends with.

        Raises:
            StoreUnavailable, StoreTimeout: Redis did not answer.
        """
        self.id = new_secret()  # known first: what is cut off halfway is taken back, too
        client, settings = self.context.client, self.context.identity.settings
        session = SessionRecord(
            user_id=account.user_id,
            role=account.role,
            created_at=now,
            authenticated_at=now,
            device=device_of(client.user_agent),
            address=client.address,
            provider=provider,
        )
        await put_session(
            self.context.stores.redis,
            session_hash(self.id),
            session,
            idle_s=settings.session_idle_s,
            lifetime_s=settings.session_lifetime_s,
            most=most,
            instead_of=_replaced(self.context, account.user_id),
        )


@asynccontextmanager
async def cookie_session(context: RequestContext, user_id: UUID) -> AsyncIterator[CookieSession]:
    """Yield a session that may begin in the body, whose last act is to commit.

    What began is handed to the browser afterwards. Where the body fails, or the commit in it, it
    ends again: else a session would go on of which the audit log knows nothing.
    """
    session = CookieSession(context)
    try:
        yield session
    except BaseException:
        if session.id is not None:
            with suppress(StoreError):  # nobody was told its id, and unused it ends by itself
                await remove_session(context.stores.redis, user_id, session_hash(session.id))
        raise
    if session.id is not None:
        context.reply.session_id = session.id
        vault, owner = context.identity.vault, str(user_id)
        if browser_of(vault, context.client.browser_mark, owner) is None:
            context.reply.browser_mark = mark_for(vault, owner)


def _replaced(context: RequestContext, user_id: UUID) -> list[tuple[UUID, str]]:
    """Return the sessions that end, each with whose it is."""
    replaced = []
    before = context.principal.session
    if before is not None and before.kind is SessionKind.COOKIE and context.principal.user_id:
        replaced.append((context.principal.user_id, before.id))
    if context.reply.session_id:  # an earlier field of the same document
        replaced.append((user_id, session_hash(context.reply.session_id)))
    return replaced
