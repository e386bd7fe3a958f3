"""Accounts as people make them, and the links that the worker would send them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Engine, event, select

from auth.identity import Identity
from auth.principal import ANONYMOUS, Principal, person
from datasources.postgres.account_tables import audit_log, jobs, pending_sign_ups
from datasources.postgres.accounts import fetch_account
from datasources.postgres.mail_tokens import mint
from datasources.records.accounts import AccountRecord, MailTokenPurpose, Role
from datasources.stores import Stores
from resolvers.context import Client, RequestContext
from resolvers.roles import NewAccount, create_account
from tests.factories.operations import context_of

PASSWORD = "violet otters juggle"
OTHER_PASSWORD = "seven brass umbrellas"
DAY = timedelta(days=1)


async def an_account(
    stores: Stores,
    handle: str = "ann",
    *,
    password: str = PASSWORD,
    role: Role = Role.LISTENER,
    identity: Identity | None = None,
) -> UUID:
    """Make a person whose address is <handle>@example.org, and return their id."""
    new = NewAccount(handle, f"{handle}@example.org", handle.capitalize(), role)
    return await create_account(context_of(stores, identity=identity), new, password)


def context_from(
    stores: Stores,
    identity: Identity,
    address: str = "192.0.2.1",
    principal: Principal = ANONYMOUS,
    browser_mark: str = "",
) -> RequestContext:
    """Return the context of one operation from an address."""
    client = Client(address, "test", preflight=True, browser_mark=browser_mark)
    return context_of(stores, principal, identity=identity, client=client)


def later(context: RequestContext, **by: float) -> RequestContext:
    """Return a context whose clock is ahead."""
    return replace(context, clock=lambda: context.clock() + timedelta(**by))


def signed_in_as(user_id: UUID) -> Principal:
    """Return the principal of somebody who signed in."""
    return person(user_id)


async def account_of(stores: Stores, user_id: UUID) -> AccountRecord:
    """Return an account that is there."""
    account = await fetch_account(stores.postgres, user_id)
    assert account is not None
    return account


async def sign_up_link(stores: Stores, email: str, handle: str | None = None) -> str:
    """Return the token that the worker would send for a sign-up, the latest one by default."""
    statement = (
        select(pending_sign_ups.c.id)
        .where(pending_sign_ups.c.email == email)
        .order_by(pending_sign_ups.c.id.desc())
    )
    if handle is not None:
        statement = statement.where(pending_sign_ups.c.handle == handle)
    rows = await stores.postgres.read(statement)
    return await link(stores, MailTokenPurpose.VERIFY_SIGN_UP, rows[0][0], email)


async def link(
    stores: Stores,
    purpose: MailTokenPurpose,
    subject_id: UUID,
    email: str,
    lifetime: timedelta = DAY,
) -> str:
    """Return the token that a link would carry."""
    async with stores.postgres.transaction() as connection:
        return await mint(connection, purpose, subject_id, email, lifetime)


async def queued(stores: Stores) -> list[dict[str, str]]:
    """Return the payloads of the mails that wait to be sent, in their order."""
    rows = await stores.postgres.read(
        select(jobs.c.payload).where(jobs.c.kind == "send_mail").order_by(jobs.c.id)
    )
    return [dict(row[0]) for row in rows]


async def audited(stores: Stores, action: str) -> list[tuple[str, UUID | None, UUID | None]]:
    """Return result, actor and subject of all entries of an action, in their order."""
    columns = (audit_log.c.result, audit_log.c.actor_id, audit_log.c.subject_id)
    rows = await stores.postgres.read(
        select(*columns).where(audit_log.c.action == action).order_by(audit_log.c.id)
    )
    return [(row[0], row[1], row[2]) for row in rows]


@contextmanager
def statements() -> Iterator[list[str]]:
    """Yield the texts of all statements that are sent meanwhile."""
    found: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        found.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", note)
