"""Changing the address of an account."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from datasources.postgres.accounts import lock_account
from datasources.postgres.client import Connection
from datasources.records.accounts import AccountRecord, MailTokenPurpose
from datasources.stores import Stores
from resolvers import email_commands, password_commands
from resolvers.context import utc_now
from resolvers.email_commands import MailRequested, change_email
from resolvers.errors import InvalidInput, Unauthenticated, WrongCredentials
from resolvers.password_commands import PasswordChanged, reset_password
from resolvers.sign_up import EmailVerified, verify_email
from tests.factories.accounts import (
    OTHER_PASSWORD,
    PASSWORD,
    account_of,
    an_account,
    audited,
    link,
    queued,
    signed_in_as,
    statements,
)
from tests.factories.operations import context_of
from tests.factories.people import change_account

CHANGE = MailTokenPurpose.CHANGE_EMAIL
NEW = "new@example.org"


async def test_a_link_to_the_new_address_changes_it(empty_stores: Stores) -> None:
    ann = await an_account(empty_stores)
    context = context_of(empty_stores, signed_in_as(ann))
    assert await change_email(context, PASSWORD, " New@Example.ORG ") == MailRequested(
        "New@example.org"
    )
    assert (await account_of(empty_stores, ann)).email == "ann@example.org"
    [mail] = await queued(empty_stores)
    assert (mail["template"], mail["email"], mail["user_id"]) == (
        "CHANGE_EMAIL", "New@example.org", str(ann)
    )  # fmt: skip
    token = await link(empty_stores, CHANGE, ann, "New@example.org")
    assert (await verify_email(context_of(empty_stores), token)).user.id == ann
    assert (await account_of(empty_stores, ann)).email == "New@example.org"
    told = (await queued(empty_stores))[-1]
    assert (told["template"], told["email"]) == ("EMAIL_CHANGED", "ann@example.org")
    assert await audited(empty_stores, "changeEmail") == [("DONE", ann, ann)] * 2
    with pytest.raises(WrongCredentials):
        await verify_email(context_of(empty_stores), token)


async def test_a_known_address_makes_no_difference(empty_stores: Stores) -> None:
    ann = await an_account(empty_stores)
    await an_account(empty_stores, "bob")
    context = context_of(empty_stores, signed_in_as(ann))
    sent = []
    for email in ("bob@example.org", "nobody@example.org"):
        with statements() as found:
            assert await change_email(context, PASSWORD, email) == MailRequested(email)
        sent.append(found)
    assert sent[0] == sent[1]


async def test_an_address_taken_meanwhile(empty_stores: Stores) -> None:
    ann = await an_account(empty_stores)
    await an_account(empty_stores, "bob")
    token = await link(empty_stores, CHANGE, ann, "BOB@example.org")
    with pytest.raises(InvalidInput, match="Another account"):
        await verify_email(context_of(empty_stores), token)
    assert (await account_of(empty_stores, ann)).email == "ann@example.org"


async def test_of_two_who_confirm_one_address_at_once_one_has_it(empty_stores: Stores) -> None:
    people = [await an_account(empty_stores, handle) for handle in ("ann", "bob")]
    links = [await link(empty_stores, CHANGE, person, NEW) for person in people]
    found = await asyncio.gather(
        *(verify_email(context_of(empty_stores), token) for token in links),
        return_exceptions=True,
    )
    assert {type(one) for one in found} == {EmailVerified, InvalidInput}


async def test_it_needs_the_password(empty_stores: Stores) -> None:
    ann = await an_account(empty_stores)
    context = context_of(empty_stores, signed_in_as(ann))
    with pytest.raises(WrongCredentials):
        await change_email(context, "not the password", NEW)
    with pytest.raises(InvalidInput):
        await change_email(context, PASSWORD, "new")
    with pytest.raises(Unauthenticated):
        await change_email(context_of(empty_stores), PASSWORD, NEW)
    assert await queued(empty_stores) == []


async def test_links_expire_and_closed_accounts_stay(empty_stores: Stores) -> None:
    ann = await an_account(empty_stores)
    expired = await link(empty_stores, CHANGE, ann, NEW, timedelta(seconds=-1))
    with pytest.raises(WrongCredentials):
        await verify_email(context_of(empty_stores), expired)
    good = await link(empty_stores, CHANGE, ann, NEW)
    await change_account(empty_stores, ann, disabled_at=utc_now())
    with pytest.raises(WrongCredentials):
        await verify_email(context_of(empty_stores), good)


@pytest.mark.parametrize("first", ["reset_password", "verify_email"])
async def test_a_reset_and_a_new_address_at_once_do_not_wait_for_each_other(
    empty_stores: Stores, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    """Whichever has the account first goes through, and the other one's link is void."""
    ann = await an_account(empty_stores)
    modules = {"reset_password": password_commands, "verify_email": email_commands}
    held = asyncio.Event()

    async def lock(connection: Connection, user_id: UUID) -> AccountRecord | None:
        try:
            return await lock_account(connection, user_id)
        finally:
            held.set()

    async def lock_next(connection: Connection, user_id: UUID) -> AccountRecord | None:
        await held.wait()
        return await lock_account(connection, user_id)

    for name, module in modules.items():
        monkeypatch.setattr(module, "lock_account", lock if name == first else lock_next)
    reset = await link(empty_stores, MailTokenPurpose.RESET_PASSWORD, ann, "ann@example.org")
    change = await link(empty_stores, CHANGE, ann, NEW)
    found = await asyncio.gather(
        reset_password(context_of(empty_stores), reset, OTHER_PASSWORD),
        verify_email(context_of(empty_stores), change),
        return_exceptions=True,
    )
    done, late = found if first == "reset_password" else reversed(found)
    assert isinstance(done, PasswordChanged | EmailVerified)
    assert isinstance(late, WrongCredentials)


async def test_whatever_comes_first_links_used_at_once_are_no_error(empty_stores: Stores) -> None:
    ann = await an_account(empty_stores)
    for number in range(5):
        email = (await account_of(empty_stores, ann)).email or ""
        reset = await link(empty_stores, MailTokenPurpose.RESET_PASSWORD, ann, email)
        change = await link(empty_stores, CHANGE, ann, f"new{number}@example.org")
        found = await asyncio.gather(
            reset_password(context_of(empty_stores), reset, f"{OTHER_PASSWORD} {number}"),
            verify_email(context_of(empty_stores), change),
            return_exceptions=True,
        )
        assert {type(one) for one in found} <= {PasswordChanged, EmailVerified, WrongCredentials}


async def test_a_reset_link_does_not_outlive_the_address(empty_stores: Stores) -> None:
    """Who reads the old address may have asked for another password."""
    ann = await an_account(empty_stores)
    reset = await link(empty_stores, MailTokenPurpose.RESET_PASSWORD, ann, "ann@example.org")
    token = await link(empty_stores, CHANGE, ann, NEW)
    await verify_email(context_of(empty_stores), token)
    with pytest.raises(WrongCredentials):
        await reset_password(context_of(empty_stores), reset, OTHER_PASSWORD)
