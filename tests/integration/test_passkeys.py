"""Passkeys: added, used to sign in, named and removed, by an authenticator in software."""

import asyncio
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, select

from auth.principal import SessionKind
from datasources.postgres.account_tables import passkeys as table
from datasources.postgres.passkeys import fetch_passkeys
from datasources.postgres.tables import users
from datasources.records.passkeys import PasskeyRecord
from datasources.stores import Stores
from resolvers import passkey_sign_in, passkeys
from resolvers.context import Client, RequestContext
from resolvers.errors import (
    Forbidden,
    InvalidInput,
    LimitExceeded,
    NotFound,
    RateLimited,
    Unauthenticated,
    WrongCredentials,
)
from resolvers.sessions import SignedIn
from tests.factories.authenticator import PRESENT, VERIFIED, Authenticator
from tests.factories.people import BROWSER, change_account
from tests.factories.second_factors import PASSWORD, House
from tests.plugins.round_trips import RoundTrips


@dataclass
class Owner:
    """A person and their device."""

    house: House
    id: UUID
    device: Authenticator = field(default_factory=Authenticator)

    async def add(self, name: str = "Phone", **wrong: Any) -> PasskeyRecord:
        context = self.house.signed_in(self.id)
        asked = await passkeys.start_passkey_registration(context)
        credential = self.device.create(asked.options, **wrong)
        return (await passkeys.add_passkey(context, credential, name)).passkey

    async def sign_in(self, kind: SessionKind = SessionKind.TOKENS, **wrong: Any) -> SignedIn:
        context = self.house.context()
        asked = await passkey_sign_in.start_passkey_sign_in(context)
        credential = self.device.get(asked.options, **wrong)
        return await passkey_sign_in.sign_in_with_passkey(context, credential, kind)

    async def listed(self) -> list[PasskeyRecord]:
        found = await fetch_passkeys(self.house.stores.postgres, [self.id])
        return list(found.get(self.id, ()))


async def owner(stores: Stores, number: int = 1, password: str | None = PASSWORD) -> Owner:
    house = House.of(stores)
    return Owner(house, await house.person(number, password))


async def test_a_passkey_is_added_and_signs_in(empty_stores: Stores) -> None:
    ada = await owner(empty_stores)
    passkey = await ada.add("  My   phone ")
    assert passkey.name == "My phone"
    assert passkey.last_used_at is None
    assert await ada.listed() == [passkey]
    ada.house.later()
    signed = await ada.sign_in()
    assert signed.user.id == ada.id
    assert signed.tokens
    (used,) = await ada.listed()
    assert used.last_used_at == ada.house.now
    assert used.sign_count > passkey.sign_count
    assert [mail["template"] for mail in await ada.house.mails()] == ["PASSKEY_ADDED"]
    audited = await ada.house.audited()
    assert [(action, result) for action, result, _ in audited] == [
        ("addPasskey", "DONE"),
        ("signIn", "DONE"),
    ]
    assert audited[-1][2]["how"] == ["passkey"]


async def test_it_signs_in_to_a_browsers_session(empty_stores: Stores) -> None:
    ada = await owner(empty_stores)
    await ada.add()
    context = ada.house.context(client=BROWSER)
    asked = await passkey_sign_in.start_passkey_sign_in(context)
    credential = ada.device.get(asked.options)
    other_site = ada.house.context(client=Client(BROWSER.address, BROWSER.user_agent))
    with pytest.raises(Forbidden):
        await passkey_sign_in.sign_in_with_passkey(other_site, credential, SessionKind.COOKIE)
    signed = await passkey_sign_in.sign_in_with_passkey(context, credential, SessionKind.COOKIE)
    assert signed.tokens is None
    assert context.reply.session_id


async def test_no_second_step_follows(empty_stores: Stores) -> None:
    ada = await owner(empty_stores)
    await ada.add()
    await ada.house.enrol(ada.id)
    assert await ada.sign_in()


async def test_failures_of_others_do_not_limit_it(empty_stores: Stores) -> None:
    ada = await owner(empty_stores)
    await ada.add()
    for _ in range(25):
        with pytest.raises(WrongCredentials):
            await ada.sign_in(origin="https://evil.example")
    assert await ada.sign_in()


async def test_challenges_are_counted_by_network(empty_stores: Stores) -> None:
    """Anybody may have them, and each is kept for minutes."""
    ada = await owner(empty_stores)

    def come_from(address: str) -> RequestContext:
        return ada.house.context(client=Client(address, "test"))

    asked = await asyncio.gather(
        *(
            passkey_sign_in.start_passkey_sign_in(come_from(f"2001:db8::{number}"))
            for number in range(50)
        ),
        return_exceptions=True,
    )
    begun = [one for one in asked if isinstance(one, passkeys.PasskeyOptions)]
    refused = [one for one in asked if isinstance(one, RateLimited)]
    assert (len(begun), len(refused)) == (30, 20)
    assert {one.retry_after_s for one in refused} == {300}
    redis = empty_stores.redis
    kept = [name async for name in redis.client.scan_iter(match=f"{redis.prefix}*challenge*")]
    assert len(kept) == 30
    assert await passkey_sign_in.start_passkey_sign_in(come_from("2001:db8:0:1::1"))
    ada.house.later(301)
    assert await passkey_sign_in.start_passkey_sign_in(come_from("2001:db8::1"))


WRONG = {
    "origin": {"origin": "https://evil.example"},
    "relying party": {"rp_id": "evil.example"},
    "nobody verified": {"flags": PRESENT},
    "nobody present": {"flags": VERIFIED},
    "another site's frame": {"cross_origin": True},
    "no challenge of ours": {"challenge": "A" * 43},
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=list(WRONG))
async def test_a_wrong_registration_adds_nothing(
    empty_stores: Stores, wrong: dict[str, Any]
) -> None:
    ada = await owner(empty_stores)
    with pytest.raises(WrongCredentials):
        await ada.add(**wrong)
    assert await ada.listed() == []
    assert await ada.house.mails() == []


@pytest.mark.parametrize(
    "wrong", [*WRONG.values(), {"user_handle": uuid4().bytes}], ids=[*WRONG, "another's handle"]
)
async def test_a_wrong_answer_lets_nobody_in(empty_stores: Stores, wrong: dict[str, Any]) -> None:
    ada = await owner(empty_stores)
    added = await ada.add()
    with pytest.raises(WrongCredentials) as refused:
        await ada.sign_in(**wrong)
    assert await ada.listed() == [added]
    unknown = Owner(ada.house, ada.id, Authenticator(user_handle=ada.id.bytes))
    with pytest.raises(WrongCredentials) as unheard_of:
        await unknown.sign_in()
    assert refused.value.message == unheard_of.value.message


async def test_anothers_handle_does_not_lead_into_their_account(empty_stores: Stores) -> None:
    ada, bob = await owner(empty_stores, 1), await owner(empty_stores, 2)
    await ada.add()
    await bob.add()
    with pytest.raises(WrongCredentials):
        await bob.sign_in(user_handle=ada.id.bytes)


async def test_an_answer_is_taken_once(empty_stores: Stores) -> None:
    ada = await owner(empty_stores)
    await ada.add()
    ada.device.counts = False  # so that the count does not help
    context = ada.house.context()
    asked = await passkey_sign_in.start_passkey_sign_in(context)
    credential = ada.device.get(asked.options, sign_count=1000)
    ended = await asyncio.gather(
        *(
            passkey_sign_in.sign_in_with_passkey(context, credential, SessionKind.TOKENS)
            for _ in range(4)
        ),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in ended) == ["SignedIn"] + ["WrongCredentials"] * 3


async def test_a_registration_is_taken_once(empty_stores: Stores) -> None:
    ada = await owner(empty_stores)
    context = ada.house.signed_in(ada.id)
    asked = await passkeys.start_passkey_registration(context)
    await passkeys.add_passkey(context, ada.device.create(asked.options), "One")
    another = Authenticator().create(asked.options)
    with pytest.raises(WrongCredentials):
        await passkeys.add_passkey(context, another, "Two")


async def test_challenges_end_in_time(empty_stores: Stores) -> None:
    ada = await owner(empty_stores)
    await ada.add()
    context, client = ada.house.context(), empty_stores.redis.client
    asked = await passkey_sign_in.start_passkey_sign_in(context)
    assert asked.expires_in_s == 300
    assert asked.options["timeout"] == 300_000
    (name,) = [key async for key in client.scan_iter(match="*challenge:passkey-sign-in:*")]
    assert 0 < await client.ttl(name) <= 300
    await client.expire(name, 0)
    credential = ada.device.get(asked.options)
    with pytest.raises(WrongCredentials):
        await passkey_sign_in.sign_in_with_passkey(context, credential, SessionKind.TOKENS)


async def test_a_challenge_is_of_its_kind_and_person(empty_stores: Stores) -> None:
    ada, bob = await owner(empty_stores, 1), await owner(empty_stores, 2)
    await ada.add()
    mine, theirs = ada.house.signed_in(ada.id), bob.house.signed_in(bob.id)
    asked = await passkeys.start_passkey_registration(mine)
    # One that Bob is made to send would let Ada into his account.
    with pytest.raises(WrongCredentials):
        await passkeys.add_passkey(theirs, Authenticator().create(asked.options), "Trojan")
    assert await bob.listed() == []
    # A challenge to register does not sign in, nor the other way round.
    asked = await passkeys.start_passkey_registration(mine)
    with pytest.raises(WrongCredentials):
        await ada.sign_in(challenge=asked.options["challenge"])
    started = await passkey_sign_in.start_passkey_sign_in(mine)
    with pytest.raises(WrongCredentials):
        await ada.add(challenge=started.options["challenge"])


async def test_a_count_that_goes_back_is_refused_and_written_down(empty_stores: Stores) -> None:
    ada = await owner(empty_stores)
    passkey = await ada.add()
    await ada.sign_in(sign_count=10)
    for count in (10, 9, 0):
        with pytest.raises(WrongCredentials):
            await ada.sign_in(sign_count=count)
    failed = [one for one in await ada.house.audited() if one[0] == "signInFailed"]
    details = {"how": "passkey", "passkey": str(passkey.id), "why": "signCount"}
    assert failed == [("signInFailed", "FAILED", details)] * 3
    assert await ada.sign_in(sign_count=11)


async def test_only_who_holds_the_key_can_have_a_count_written_down(empty_stores: Stores) -> None:
    ada = await owner(empty_stores)
    await ada.add()
    await ada.sign_in(sign_count=10)
    thief = Authenticator(id=ada.device.id, user_handle=ada.id.bytes)
    with pytest.raises(WrongCredentials):
        await Owner(ada.house, ada.id, thief).sign_in(sign_count=5)
    assert (await ada.house.audited())[-1][2]["why"] == "refused"


async def test_of_two_copies_at_once_one_signs_in(empty_stores: Stores) -> None:
    ada = await owner(empty_stores)
    await ada.add()
    ended = await asyncio.gather(
        *(ada.sign_in(sign_count=50) for _ in range(3)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in ended) == ["SignedIn"] + ["WrongCredentials"] * 2


async def test_authenticators_that_do_not_count_are_taken(empty_stores: Stores) -> None:
    ada = await owner(empty_stores)
    ada.device = Authenticator(counts=False)
    await ada.add()
    assert await ada.sign_in()
    assert await ada.sign_in()


async def test_who_is_gone_does_not_sign_in(empty_stores: Stores) -> None:
    ada = await owner(empty_stores)
    await ada.add()
    await change_account(empty_stores, ada.id, disabled_at=ada.house.now)
    with pytest.raises(WrongCredentials):
        await ada.sign_in()
    async with empty_stores.postgres.transaction() as connection:
        await connection.execute(delete(users).where(users.c.id == ada.id))
    with pytest.raises(WrongCredentials):
        await ada.sign_in()
    assert await ada.listed() == []


async def test_a_removed_passkey_does_not_sign_in(empty_stores: Stores) -> None:
    ada = await owner(empty_stores)
    passkey = await ada.add()
    with pytest.raises(WrongCredentials):
        await passkeys.remove_passkey(ada.house.signed_in(ada.id), passkey.id, "not it")
    removed = await passkeys.remove_passkey(ada.house.signed_in(ada.id), passkey.id, PASSWORD)
    assert removed.id == passkey.id
    with pytest.raises(WrongCredentials):
        await ada.sign_in()
    assert (await ada.house.audited())[-1][0] == "removePasskey"


async def test_the_only_way_in_is_kept(empty_stores: Stores) -> None:
    ada = await owner(empty_stores, password=None)
    one = await ada.add()
    phone, ada.device = ada.device, Authenticator()
    two = await ada.add()
    ended = await asyncio.gather(
        *(
            passkeys.remove_passkey(ada.house.signed_in(ada.id), passkey.id, None)
            for passkey in (one, two)
        ),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in ended) == ["Forbidden", "PasskeyRemoved"]
    (left,) = await ada.listed()
    ada.device = phone if left.credential_id == phone.id else ada.device
    assert await ada.sign_in()


async def test_others_passkeys_are_not_found(empty_stores: Stores) -> None:
    ada, bob = await owner(empty_stores, 1), await owner(empty_stores, 2)
    passkey = await ada.add()
    theirs = bob.house.signed_in(bob.id)
    for id_ in (passkey.id, uuid4(), None):
        with pytest.raises(NotFound):
            await passkeys.remove_passkey(theirs, id_, PASSWORD)
        with pytest.raises(NotFound):
            await passkeys.rename_passkey(theirs, id_, "Mine")
    assert await ada.listed() == [passkey]


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "a\0b", "\ud800"])
async def test_a_passkey_has_a_name(empty_stores: Stores, name: str) -> None:
    ada = await owner(empty_stores)
    with pytest.raises(InvalidInput) as refused:
        await ada.add(name)
    assert refused.value.path == ("name",)
    passkey = await ada.add("x" * 60)
    context = ada.house.signed_in(ada.id)
    with pytest.raises(InvalidInput):
        await passkeys.rename_passkey(context, passkey.id, name)
    renamed = await passkeys.rename_passkey(context, passkey.id, "Laptop")
    assert renamed.passkey.name == "Laptop"


async def test_an_authenticator_is_not_added_twice(empty_stores: Stores) -> None:
    ada, bob = await owner(empty_stores, 1), await owner(empty_stores, 2)
    await ada.add()
    asked = await passkeys.start_passkey_registration(ada.house.signed_in(ada.id))
    (excluded,) = asked.options["excludeCredentials"]
    assert excluded["transports"] == ["hybrid", "internal"]
    with pytest.raises(InvalidInput):
        await ada.add()
    bob.device = Authenticator(id=ada.device.id)  # nobody else's can take it over
    with pytest.raises(InvalidInput):
        await bob.add()
    assert (await ada.sign_in()).user.id == ada.id


async def test_an_account_has_twenty_at_most(empty_stores: Stores) -> None:
    ada = await owner(empty_stores)
    context = ada.house.signed_in(ada.id)
    begun = [await passkeys.start_passkey_registration(context) for _ in range(22)]
    ended = await asyncio.gather(
        *(
            passkeys.add_passkey(context, Authenticator().create(asked.options), "Key")
            for asked in begun
        ),
        return_exceptions=True,
    )
    assert len([one for one in ended if isinstance(one, LimitExceeded)]) == 2
    assert len(await ada.listed()) == 20
    with pytest.raises(LimitExceeded):
        await passkeys.start_passkey_registration(ada.house.signed_in(ada.id))


async def test_a_session_that_was_found_adds_no_passkey(empty_stores: Stores) -> None:
    ada = await owner(empty_stores)
    old = ada.house.signed_in(ada.id, seconds_ago=3600)
    with pytest.raises(WrongCredentials):
        await passkeys.start_passkey_registration(old)
    with pytest.raises(WrongCredentials):
        await passkeys.start_passkey_registration(old, "not the password")
    assert await passkeys.start_passkey_registration(old, PASSWORD)
    with pytest.raises(Unauthenticated):
        await passkeys.start_passkey_registration(ada.house.context())


async def test_bad_answers_are_cheap(empty_stores: Stores, round_trips: RoundTrips) -> None:
    ada = await owner(empty_stores)
    context = ada.house.context()
    before = round_trips.copy()
    nothing: list[object] = [{}, None, {"id": "x" * 20_000}, [[[]]]]
    for credential in nothing:
        with pytest.raises(InvalidInput) as refused:
            await passkey_sign_in.sign_in_with_passkey(context, credential, SessionKind.TOKENS)
        assert refused.value.path == ("credential",)
    ada.device.user_handle = ada.id.bytes
    options = {"rpId": "music.example", "challenge": "A" * 43}
    with pytest.raises(WrongCredentials):
        await passkey_sign_in.sign_in_with_passkey(
            context, ada.device.get(options), SessionKind.TOKENS
        )
    assert "postgres" not in round_trips.since(before)


async def test_stores_hold_public_keys_alone(empty_stores: Stores) -> None:
    ada = await owner(empty_stores)
    added = await ada.add()
    (row,) = await empty_stores.postgres.read(select(table))
    assert row.public_key == added.public_key
    shown = repr(added) + str(await ada.house.audited()) + str(await ada.house.mails())
    assert str(added.public_key) not in shown
    assert str(added.credential_id) not in shown
