"""Signing up, and confirming the address."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from zxcvbn_rs_py import zxcvbn

from auth.principal import SessionKind
from auth.settings import AuthSettings
from datasources.ids import new_id
from datasources.postgres.account_tables import accounts, pending_sign_ups
from datasources.postgres.tables import users
from datasources.records.accounts import MailTokenPurpose
from datasources.records.users import ListeningVisibility
from datasources.stores import Stores
from resolvers.errors import InvalidInput, RateLimited, WrongCredentials
from resolvers.search import search
from resolvers.sessions import SignedIn
from resolvers.sign_in import sign_in
from resolvers.sign_up import SignUpAccepted, sign_up, verify_email
from tests.factories.accounts import (
    OTHER_PASSWORD,
    PASSWORD,
    an_account,
    audited,
    context_from,
    later,
    link,
    queued,
    sign_up_link,
    statements,
)
from tests.factories.operations import context_of, identity_of

ANN = "ann@example.org"


async def ask(
    stores: Stores,
    email: str = ANN,
    handle: str = "ann",
    name: str = "Ann",
    password: str = PASSWORD,
) -> SignUpAccepted:
    return await sign_up(context_of(stores), email, handle, name, password)


async def signs_in(stores: Stores, login: str, password: str) -> bool:
    try:
        found = await sign_in(context_of(stores), login, password, SessionKind.COOKIE)
    except WrongCredentials:
        return False
    return isinstance(found, SignedIn)


async def count(stores: Stores, table: object) -> int:
    return len(await stores.postgres.read(select(table)))  # type: ignore[call-overload]  # any table


async def test_an_account_begins_with_its_link(empty_stores: Stores) -> None:
    assert await ask(empty_stores, " Ann@Example.ORG ", name="  Ann   Lee ") == SignUpAccepted(
        "Ann@example.org"
    )
    assert await count(empty_stores, users) == 0
    assert not await signs_in(empty_stores, "ann", PASSWORD)
    [mail] = await queued(empty_stores)
    assert set(mail) == {"template", "sign_up_id"}

    token = await sign_up_link(empty_stores, "Ann@example.org")
    person = (await verify_email(context_of(empty_stores), token, PASSWORD)).user
    assert (person.handle, person.display_name) == ("ann", "Ann Lee")
    assert person.listening_visibility is ListeningVisibility.PRIVATE
    [row] = await empty_stores.postgres.read(select(accounts))
    assert (row.user_id, row.email, row.email_key) == (
        person.id, "Ann@example.org", "ann@example.org"
    )  # fmt: skip
    assert row.password_hash.startswith("$argon2id$")
    assert await count(empty_stores, pending_sign_ups) == 0
    assert await signs_in(empty_stores, "ANN", PASSWORD)
    assert await signs_in(empty_stores, "ann@example.org", PASSWORD)
    assert await audited(empty_stores, "verifyEmail") == [("DONE", person.id, person.id)]
    found = await search(context_of(empty_stores), "lee")
    assert [ref.id for ref in found.nodes] == [person.id]


async def test_nobody_is_signed_in_by_a_link(empty_stores: Stores) -> None:
    await ask(empty_stores)
    context = context_of(empty_stores)
    await verify_email(context, await sign_up_link(empty_stores, ANN), PASSWORD)
    assert context.reply.session_id is None


async def test_only_who_chose_the_password_confirms_a_sign_up(empty_stores: Stores) -> None:
    """Else one makes an account for whoever signed somebody up with one's address."""
    await ask(empty_stores, handle="mallory", password=OTHER_PASSWORD)
    token = await sign_up_link(empty_stores, ANN)
    for nothing in (None, ""):
        with pytest.raises(InvalidInput) as refused:
            await verify_email(context_of(empty_stores), token, nothing)
        assert refused.value.path == ("input", "password")
    with pytest.raises(WrongCredentials, match="password"):
        await verify_email(context_of(empty_stores), token, PASSWORD)
    assert await count(empty_stores, users) == 0
    done = await verify_email(context_of(empty_stores), token, OTHER_PASSWORD)  # it stays good
    assert done.user.handle == "mallory"


async def test_wrong_passwords_of_one_link_are_limited(empty_stores: Stores) -> None:
    await ask(empty_stores)
    await ask(empty_stores, "bob@example.org", "bob")
    identity = identity_of(empty_stores)
    token, other = [await sign_up_link(empty_stores, one) for one in (ANN, "bob@example.org")]
    for number in range(5):
        context = context_from(empty_stores, identity, f"198.51.100.{number}")
        with pytest.raises(WrongCredentials):
            await verify_email(context, token, OTHER_PASSWORD)
    context = context_from(empty_stores, identity)
    with pytest.raises(RateLimited):
        await verify_email(context, token, PASSWORD)
    await verify_email(context, other, PASSWORD)


async def test_a_link_works_once(empty_stores: Stores) -> None:
    await ask(empty_stores)
    token = await sign_up_link(empty_stores, ANN)
    await verify_email(context_of(empty_stores), token, PASSWORD)
    with pytest.raises(WrongCredentials):
        await verify_email(context_of(empty_stores), token, PASSWORD)


async def test_a_link_expires(empty_stores: Stores) -> None:
    await ask(empty_stores)
    [row] = await empty_stores.postgres.read(select(pending_sign_ups.c.id))
    token = await link(
        empty_stores, MailTokenPurpose.VERIFY_SIGN_UP, row[0], ANN, timedelta(seconds=-1)
    )
    with pytest.raises(WrongCredentials):
        await verify_email(context_of(empty_stores), token, PASSWORD)


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "\0", "\ud800", "x" * 100_000])
async def test_no_link_at_all(empty_stores: Stores, token: str) -> None:
    with pytest.raises(WrongCredentials):
        await verify_email(context_of(empty_stores), token, PASSWORD)


async def test_a_link_for_something_else_confirms_nothing(empty_stores: Stores) -> None:
    ann = await an_account(empty_stores)
    token = await link(empty_stores, MailTokenPurpose.RESET_PASSWORD, ann, ANN)
    with pytest.raises(WrongCredentials):
        await verify_email(context_of(empty_stores), token, PASSWORD)


async def test_an_address_that_is_known_makes_no_difference(empty_stores: Stores) -> None:
    await an_account(empty_stores)
    sent = []
    for email, handle in ((ANN, "new1"), ("nobody@example.org", "new2")):
        with statements() as found:
            assert await ask(empty_stores, email, handle) == SignUpAccepted(email)
        sent.append(found)
    assert sent[0] == sent[1]
    known, unknown = await queued(empty_stores)
    assert known.keys() == unknown.keys()
    assert len(await audited(empty_stores, "signUp")) == 3


async def test_of_two_sign_ups_with_one_address_the_first_confirmed_has_it(
    empty_stores: Stores,
) -> None:
    """One who signs somebody else up gets nothing by it."""
    await ask(empty_stores, handle="mallory", password=OTHER_PASSWORD)
    await ask(empty_stores, handle="ann", password=PASSWORD)
    of_mallory = await sign_up_link(empty_stores, ANN, "mallory")
    of_ann = await sign_up_link(empty_stores, ANN, "ann")
    await verify_email(context_of(empty_stores), of_ann, PASSWORD)
    with pytest.raises(WrongCredentials):
        await verify_email(context_of(empty_stores), of_mallory, PASSWORD)
    assert await count(empty_stores, users) == 1
    assert await signs_in(empty_stores, ANN, PASSWORD)
    assert not await signs_in(empty_stores, ANN, OTHER_PASSWORD)
    assert not await signs_in(empty_stores, "mallory", OTHER_PASSWORD)


async def test_a_sign_up_that_waits_signs_nobody_in(empty_stores: Stores) -> None:
    await ask(empty_stores)
    assert not await signs_in(empty_stores, ANN, PASSWORD)
    assert not await signs_in(empty_stores, "ann", PASSWORD)


async def test_an_address_that_got_an_account_meanwhile(empty_stores: Stores) -> None:
    await ask(empty_stores, "Ann@Example.org", handle="other")
    token = await sign_up_link(empty_stores, "Ann@example.org")
    [row] = await empty_stores.postgres.read(select(pending_sign_ups))
    await an_account(empty_stores)  # which removes what waits with the address
    async with empty_stores.postgres.transaction() as connection:
        await connection.execute(pending_sign_ups.insert().values(row._asdict()))
    with pytest.raises(InvalidInput, match="has an account already"):
        await verify_email(context_of(empty_stores), token, PASSWORD)
    assert await count(empty_stores, users) == 1


async def test_a_handle_that_is_taken_is_said_so(empty_stores: Stores) -> None:
    await an_account(empty_stores)
    with pytest.raises(InvalidInput) as refused:
        await ask(empty_stores, "other@example.org", handle="ANN")
    assert refused.value.path == ("input", "handle")
    assert await count(empty_stores, pending_sign_ups) == 0
    assert await queued(empty_stores) == []


async def test_a_handle_taken_between_sign_up_and_confirmation(empty_stores: Stores) -> None:
    await ask(empty_stores, "other@example.org", handle="Ann")
    token = await sign_up_link(empty_stores, "other@example.org")
    await an_account(empty_stores)
    for _ in range(2):  # the link is not used up
        with pytest.raises(InvalidInput, match="taken"):
            await verify_email(context_of(empty_stores), token, PASSWORD)
    assert await count(empty_stores, users) == 1
    await ask(empty_stores, "other@example.org", handle="ann2")
    again = await sign_up_link(empty_stores, "other@example.org", "ann2")
    assert (await verify_email(context_of(empty_stores), again, PASSWORD)).user.handle == "ann2"


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"email": "ann"}, "email"),
        ({"email": "ann@example.org\r\nBcc: x@example.org"}, "email"),
        ({"handle": "deleted-1"}, "handle"),
        ({"handle": "a\0b"}, "handle"),
        ({"name": " "}, "displayName"),
        ({"name": "x" * 61}, "displayName"),
        ({"name": "a\ud800"}, "displayName"),
        ({"password": "short"}, "password"),
        ({"password": "password123"}, "password"),
        ({"password": "ann@example.org"}, "password"),
    ],
)
async def test_what_cannot_be_taken(
    empty_stores: Stores, values: dict[str, str], path: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        await ask(empty_stores, **values)
    assert refused.value.path == ("input", path)
    assert await count(empty_stores, pending_sign_ups) == 0


async def test_mails_to_one_address_are_limited(empty_stores: Stores) -> None:
    limit = AuthSettings(key_encryption_key=None).mails_per_hour
    for number in range(limit):
        await ask(empty_stores, handle=f"ann{number}")
    with pytest.raises(RateLimited) as refused:
        await ask(empty_stores, "ANN@example.org", handle="once-more")
    assert 3500 < refused.value.retry_after_s <= 3600
    await ask(empty_stores, "other@example.org", handle="other")
    context = later(context_of(empty_stores), hours=1, seconds=1)
    await sign_up(context, ANN, "once-more", "Ann", PASSWORD)


async def test_mails_from_one_network_are_limited(empty_stores: Stores) -> None:
    identity = identity_of(empty_stores)
    for number in range(20):
        context = context_from(empty_stores, identity, f"2001:db8::{number}")
        await sign_up(context, f"ann{number}@example.org", f"ann{number}", "Ann", PASSWORD)
    context = context_from(empty_stores, identity, "2001:db8::ffff")
    with pytest.raises(RateLimited):
        await sign_up(context, "more@example.org", "more", "Ann", PASSWORD)
    elsewhere = context_from(empty_stores, identity, "2001:db8:0:1::1")
    await sign_up(elsewhere, "more@example.org", "more", "Ann", PASSWORD)


async def test_passwords_to_be_judged_are_counted_by_network(
    empty_stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Judging costs time, and most so where no mail is sent: it is no work for everybody."""
    judged = []

    def judge(password: str, *_: object) -> object:
        judged.append(password)
        return zxcvbn(password)

    monkeypatch.setattr("auth.password_rules.zxcvbn", judge)
    identity = identity_of(empty_stores)

    async def try_from(address: str, password: str) -> None:
        context = context_from(empty_stores, identity, address)
        await sign_up(context, ANN, "ann", "Ann", password)

    for number in range(60):
        with pytest.raises(InvalidInput):
            await try_from(f"2001:db8::{number}", "password1234")
    assert len(judged) == 60
    for password in ("password1234", PASSWORD):
        with pytest.raises(RateLimited) as refused:
            await try_from("2001:db8::ffff", password)
        assert 3500 < refused.value.retry_after_s <= 3600
    assert len(judged) == 60
    await try_from("2001:db8:0:1::1", PASSWORD)  # no mail to her was counted


async def test_a_link_to_a_sign_up_that_is_gone(empty_stores: Stores) -> None:
    token = await link(empty_stores, MailTokenPurpose.VERIFY_SIGN_UP, new_id(), ANN)
    with pytest.raises(WrongCredentials):
        await verify_email(context_of(empty_stores), token, PASSWORD)
