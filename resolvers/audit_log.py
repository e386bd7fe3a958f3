"""Reads what has happened: all of it for admins, what concerns oneself for everybody."""

from dataclasses import replace
from uuid import UUID

from datasources.loaders.audit import CountOfAuditLog, SecurityEventsOfUser
from datasources.loaders.batch import PageKey
from datasources.postgres.audit import AUDIT_LOG, fetch_entries
from datasources.records.audit import AuditFilter, AuditRecord
from datasources.records.page import Page
from resolvers.context import RequestContext
from resolvers.paging import page_request
from resolvers.signed_in import signed_in
from resolvers.text import checked_text


async def audit_log(
    context: RequestContext,
    only: AuditFilter,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
) -> Page[AuditRecord]:
    """Return a page of the audit log, the newest first; the field asks for the scope.

    Raises:
        BadUserInput, BadCursor: wrong page arguments, or an action that is no text.
        StoreUnavailable, StoreTimeout: PostgreSQL did not answer.
    """
    request = page_request(AUDIT_LOG, first, after, last, before)
    if only.action is not None:
        checked_text("action", only.action)
    page = await fetch_entries(context.stores.postgres, only, request)
    return replace(page, total=CountOfAuditLog, parent=only)


async def security_events(
    context: RequestContext, first: int | None = None, after: str | None = None
) -> Page[AuditRecord]:
    """Return a page of what the caller did and what was done to them, the newest first.

    The same that `Account.securityEvents` shows.

    Raises:
        Unauthenticated: nobody is signed in.
        BadUserInput, BadCursor: wrong page arguments.
    """
    person: UUID = signed_in(context)
    request = page_request(SecurityEventsOfUser.keyset, first, after)
    return await context.loaders.pages(SecurityEventsOfUser).load(PageKey(person, request))
