"""Changing a password, with the old one or by a link."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from auth.principal import SessionKind, SessionRef, person
from datasources.ids import new_id
from datasources.postgres.account_tables import mail_tokens, token_families
from datasources.records.accounts import MailTokenPurpose
from datasources.stores import Stores
from resolvers.context import utc_now
from resolvers.email_commands import MailRequested, change_email
from resolvers.errors import InvalidInput, RateLimited, Unauthenticated, WrongCredentials
from resolvers.password_commands import (
    PasswordChanged,
    change_password,
    request_password_reset,
    reset_password,
)
from resolvers.second_factor import SecondFactorRequired
from resolvers.sessions import SignedIn
from resolvers.sign_in import sign_in
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
from tests.factories.operations import context_of, identity_of
from tests.factories.people import change_account, cookie_of, tokens_of

RESET = MailTokenPurpose.RESET_PASSWORD
ANN = "ann@example.org"


async def gets_in(stores: Stores, password: str) -> bool:
    try:
        found = await sign_in(context_of(stores), "ann", password, SessionKind.COOKIE)
    except WrongCredentials:
        return False
    return isinstance(found, SignedIn)


async def families(stores: Stores) -> list[bool]:
    """Return which families are revoked, the oldest first."""
    rows = await stores.postgres.read(
        select(token_families.c.revoked_at).order_by(token_families.c.id)
    )
    return [row[0] is not None for row in rows]


async def cookies(stores: Stores) -> int:
    return len(
        [key async for key in stores.redis.client.scan_iter(stores.redis.key("session", "*"))]
    )


async def test_a_known_address_makes_no_difference(empty_stores: Stores) -> None:
    await an_account(empty_stores)
    sent = []
    for email in (ANN, "nobody@example.org"):
        with statements() as found:
            asked = await request_password_reset(context_of(empty_stores), email)
        assert asked == MailRequested(email)
        sent.append(found)
    assert sent[0] == sent[1]
    known, unknown = await queued(empty_stores)
    assert {**known, "email": ""} == {**unknown, "email": ""}


async def test_links_are_limited(empty_stores: Stores) -> None:
    for _ in range(5):
        await request_password_reset(context_of(empty_stores), ANN)
    with pytest.raises(RateLimited):
        await request_password_reset(context_of(empty_stores), "Ann@Example.org")
    assert len(await queued(empty_stores)) == 5


@pytest.mark.parametrize("email", ["", "ann", "ann@example.org\nBcc: x@example.org"])
async def test_no_address(empty_stores: Stores, email: str) -> None:
    with pytest.raises(InvalidInput):
        await request_password_reset(context_of(empty_stores), email)
    assert await queued(empty_stores) == []


async def test_a_link_sets_another_password(empty_stores: Stores) -> None:
    ann = await an_account(empty_stores)
    identity = identity_of(empty_stores)
    await tokens_of(empty_stores, identity, ann)
    await cookie_of(empty_stores, identity, ann)
    token = await link(empty_stores, RESET, ann, ANN)
    context = context_of(empty_stores, identity=identity)
    changed = await reset_password(context, token, OTHER_PASSWORD)
    assert changed.user.id == ann
    assert context.reply.session_id is None
    assert await families(empty_stores) == [True]
    assert await cookies(empty_stores) == 0
    assert not await gets_in(empty_stores, PASSWORD)
    assert await gets_in(empty_stores, OTHER_PASSWORD)
    assert [mail["template"] for mail in await queued(empty_stores)] == ["PASSWORD_CHANGED"]
    assert await audited(empty_stores, "resetPassword") == [("DONE", ann, ann)]
    with pytest.raises(WrongCredentials):
        await reset_password(context_of(empty_stores), token, PASSWORD)


async def test_a_link_works_once_of_many_at_once(empty_stores: Stores) -> None:
    ann = await an_account(empty_stores)
    token = await link(empty_stores, RESET, ann, ANN)
    identity = identity_of(empty_stores)
    found = await asyncio.gather(
        *(
            reset_password(
                context_of(empty_stores, identity=identity), token, f"{OTHER_PASSWORD} {number}"
            )
            for number in range(8)
        ),
        return_exceptions=True,
    )
    assert [type(one) for one in found].count(PasswordChanged) == 1
    assert [type(one) for one in found].count(WrongCredentials) == 7


async def test_a_link_expires(empty_stores: Stores) -> None:
    ann = await an_account(empty_stores)
    token = await link(empty_stores, RESET, ann, ANN, timedelta(seconds=-1))
    with pytest.raises(WrongCredentials):
        await reset_password(context_of(empty_stores), token, OTHER_PASSWORD)


@pytest.mark.parametrize("token", ["", "x" * 43, "\0", "\ud800", "x" * 100_000])
async def test_no_link(empty_stores: Stores, token: str) -> None:
    with pytest.raises(WrongCredentials):
        await reset_password(context_of(empty_stores), token, OTHER_PASSWORD)


@pytest.mark.parametrize("password", ["short", "password123", "ann@example.org"])
async def test_a_bad_password_leaves_the_link(empty_stores: Stores, password: str) -> None:
    ann = await an_account(empty_stores)
    token = await link(empty_stores, RESET, ann, ANN)
    with pytest.raises(InvalidInput) as refused:
        await reset_password(context_of(empty_stores), token, password)
    assert refused.value.path == ("input", "password")
    await reset_password(context_of(empty_stores), token, OTHER_PASSWORD)


async def test_a_link_to_an_old_address_is_worth_nothing(empty_stores: Stores) -> None:
    ann = await an_account(empty_stores)
    token = await link(empty_stores, RESET, ann, ANN)
    await change_account(empty_stores, ann, email="new@example.org", email_key="new@example.org")
    with pytest.raises(WrongCredentials):
        await reset_password(context_of(empty_stores), token, OTHER_PASSWORD)


async def test_a_closed_account_cannot_be_reset(empty_stores: Stores) -> None:
    ann = await an_account(empty_stores)
    token = await link(empty_stores, RESET, ann, ANN)
    await change_account(empty_stores, ann, disabled_at=utc_now())
    with pytest.raises(WrongCredentials):
        await reset_password(context_of(empty_stores), token, OTHER_PASSWORD)


async def test_the_second_factor_stays(empty_stores: Stores) -> None:
    ann = await an_account(empty_stores)
    await change_account(empty_stores, ann, totp_confirmed_at=utc_now(), totp_sealed=b"x")
    token = await link(empty_stores, RESET, ann, ANN)
    await reset_password(context_of(empty_stores), token, OTHER_PASSWORD)
    found = await sign_in(context_of(empty_stores), "ann", OTHER_PASSWORD, SessionKind.COOKIE)
    assert isinstance(found, SecondFactorRequired)


async def test_a_reset_lets_its_owner_in_though_others_failed(empty_stores: Stores) -> None:
    ann = await an_account(empty_stores)
    for _ in range(5):
        assert not await gets_in(empty_stores, "not the password")
    with pytest.raises(RateLimited):
        await gets_in(empty_stores, PASSWORD)
    token = await link(empty_stores, RESET, ann, ANN)
    await reset_password(context_of(empty_stores), token, OTHER_PASSWORD)
    assert await gets_in(empty_stores, OTHER_PASSWORD)


@pytest.mark.parametrize("how", ["change", "reset"])
async def test_links_do_not_outlive_a_password(empty_stores: Stores, how: str) -> None:
    """Who knew the old password may have asked for another address."""
    ann = await an_account(empty_stores)
    mine = context_of(empty_stores, signed_in_as(ann))
    await change_email(mine, PASSWORD, "mallory@example.org")
    await link(empty_stores, MailTokenPurpose.CHANGE_EMAIL, ann, "mallory@example.org")
    token = await link(empty_stores, RESET, ann, ANN)
    if how == "change":
        await change_password(mine, PASSWORD, OTHER_PASSWORD)
    else:
        await reset_password(context_of(empty_stores), token, OTHER_PASSWORD)
    assert await empty_stores.postgres.read(select(mail_tokens)) == []
    assert [mail["template"] for mail in await queued(empty_stores)] == ["PASSWORD_CHANGED"]


# --- with the old one ---------------------------------------------------------------------------


async def test_the_old_password_sets_another(empty_stores: Stores) -> None:
    ann = await an_account(empty_stores)
    before = await account_of(empty_stores, ann)
    context = context_of(empty_stores, signed_in_as(ann))
    assert (await change_password(context, PASSWORD, OTHER_PASSWORD)).user.id == ann
    assert not await gets_in(empty_stores, PASSWORD)
    assert await gets_in(empty_stores, OTHER_PASSWORD)
    after = await account_of(empty_stores, ann)
    assert after.password_changed_at != before.password_changed_at
    assert await audited(empty_stores, "changePassword") == [("DONE", ann, ann)]
    assert [mail["template"] for mail in await queued(empty_stores)] == ["PASSWORD_CHANGED"]


async def test_other_sessions_end_and_this_one_stays(empty_stores: Stores) -> None:
    ann = await an_account(empty_stores)
    identity = identity_of(empty_stores)
    for _ in range(2):
        await tokens_of(empty_stores, identity, ann)
        await cookie_of(empty_stores, identity, ann)
    rows = await empty_stores.postgres.read(
        select(token_families.c.id).order_by(token_families.c.id)
    )
    mine = SessionRef(SessionKind.TOKENS, str(rows[1][0]))
    context = context_of(empty_stores, person(ann, session=mine), identity=identity)
    await change_password(context, PASSWORD, OTHER_PASSWORD)
    assert await families(empty_stores) == [True, False]
    assert await cookies(empty_stores) == 0


async def test_a_wrong_one_changes_nothing(empty_stores: Stores) -> None:
    ann = await an_account(empty_stores)
    context = context_of(empty_stores, signed_in_as(ann))
    for wrong in ("not the password", "", None):
        with pytest.raises(WrongCredentials):
            await change_password(context, wrong, OTHER_PASSWORD)
    with pytest.raises(InvalidInput) as refused:
        await change_password(context, PASSWORD, "password123")
    assert refused.value.path == ("input", "newPassword")
    assert await gets_in(empty_stores, PASSWORD)
    assert await queued(empty_stores) == []


async def test_of_two_changes_at_once_one_is_made(empty_stores: Stores) -> None:
    ann = await an_account(empty_stores)
    identity = identity_of(empty_stores)
    found = await asyncio.gather(
        *(
            change_password(
                context_of(empty_stores, signed_in_as(ann), identity=identity),
                PASSWORD,
                f"{OTHER_PASSWORD} {number}",
            )
            for number in range(2)
        ),
        return_exceptions=True,
    )
    assert {type(one) for one in found} == {PasswordChanged, WrongCredentials}


@pytest.mark.parametrize(("minutes", "works"), [(9, True), (11, False), (None, False)])
async def test_a_first_password_needs_a_recent_sign_in(
    empty_stores: Stores, minutes: int | None, *, works: bool
) -> None:
    ann = await an_account(empty_stores)
    await change_account(empty_stores, ann, password_hash=None)
    since = None if minutes is None else utc_now() - timedelta(minutes=minutes)
    context = context_of(empty_stores, replace(signed_in_as(ann), authenticated_at=since))
    if works:
        await change_password(context, None, OTHER_PASSWORD)
    else:
        with pytest.raises(Unauthenticated):
            await change_password(context, None, OTHER_PASSWORD)
    assert await gets_in(empty_stores, OTHER_PASSWORD) is works


async def test_nobody_and_one_who_is_gone_change_nothing(empty_stores: Stores) -> None:
    with pytest.raises(Unauthenticated):
        await change_password(context_of(empty_stores), PASSWORD, OTHER_PASSWORD)
    gone: UUID = new_id()
    with pytest.raises(Unauthenticated):
        await change_password(
            context_of(empty_stores, signed_in_as(gone)), PASSWORD, OTHER_PASSWORD
        )
