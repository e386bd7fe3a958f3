"""Signing in with a password: who gets in, and what others can tell from it."""

from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest
from argon2 import PasswordHasher

from auth.identity import Identity
from auth.passwords import Passwords
from auth.principal import SessionKind
from datasources.errors import StoreUnavailable
from datasources.stores import Stores
from resolvers.context import Client, utc_now
from resolvers.errors import Forbidden, Overloaded, WrongCredentials
from resolvers.password_commands import change_password
from resolvers.second_factor import SecondFactorRequired
from resolvers.sessions import SignedIn, begin_session
from resolvers.sign_in import sign_in
from tests.factories.accounts import (
    OTHER_PASSWORD,
    PASSWORD,
    account_of,
    an_account,
    audited,
    context_from,
    signed_in_as,
    statements,
)
from tests.factories.operations import context_of, identity_of
from tests.factories.people import change_account
from tests.plugins.round_trips import RoundTrips

COOKIE, TOKENS = SessionKind.COOKIE, SessionKind.TOKENS


async def refused(stores: Stores, login: str, password: str, identity: Identity) -> str:
    with pytest.raises(WrongCredentials) as error:
        await sign_in(context_of(stores, identity=identity), login, password, COOKIE)
    assert type(error.value) is WrongCredentials
    return str(error.value)


@pytest.mark.parametrize("login", ["ann", " Ann ", "ann@example.org", "ANN@EXAMPLE.ORG"])
async def test_by_handle_or_address(empty_stores: Stores, login: str) -> None:
    ann = await an_account(empty_stores)
    context = context_of(empty_stores)
    signed = await sign_in(context, login, PASSWORD, COOKIE)
    assert isinstance(signed, SignedIn)
    assert (signed.user.id, signed.tokens) == (ann, None)
    assert context.reply.session_id
    assert await audited(empty_stores, "signIn") == [("DONE", ann, ann)]


async def test_tokens_need_no_header_and_cookies_do(empty_stores: Stores) -> None:
    await an_account(empty_stores)
    context = context_of(empty_stores, client=Client("192.0.2.1", "app"))
    signed = await sign_in(context, "ann", PASSWORD, TOKENS)
    assert isinstance(signed, SignedIn)
    assert signed.tokens is not None
    with pytest.raises(Forbidden):
        await sign_in(context, "ann", PASSWORD, COOKIE)


async def test_composed_characters_are_the_same(empty_stores: Stores) -> None:
    await an_account(empty_stores, password="caf\u00e9 au bord du lac")
    signed = await sign_in(context_of(empty_stores), "ann", "cafe\u0301 au bord du lac", COOKIE)
    assert isinstance(signed, SignedIn)


async def test_unknown_and_wrong_are_one(empty_stores: Stores, round_trips: RoundTrips) -> None:
    ann = await an_account(empty_stores)
    without = await an_account(empty_stores, "without")
    await change_account(empty_stores, without, password_hash=None)
    identity = identity_of(empty_stores)
    await refused(empty_stores, "warm", PASSWORD, identity)  # connections are open now
    logins = ("ann", "nobody", "without", "ann@example.org", "nobody@example.org", "")
    words, sent, trips = set(), [], []
    for login in logins:
        before = round_trips.copy()
        with statements() as found:
            words.add(await refused(empty_stores, login, "not the password", identity))
        sent.append([text for text in found if "FROM accounts" not in text])
        trips.append(round_trips.since(before))
    assert len(words) == 1
    assert all(one == trips[0] for one in trips)
    assert trips[0] == {"postgres": 2, "redis": 2}
    assert all(one == sent[0] for one in sent)
    subjects = [subject for _, _, subject in await audited(empty_stores, "signInFailed")]
    assert subjects == [None, ann, None, without, ann, None, None]


async def test_hashing_is_done_for_one_who_is_unknown(empty_stores: Stores) -> None:
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    identity = replace(identity_of(empty_stores), passwords=Passwords(1, 1, hasher))
    calls: list[str] = []
    real = PasswordHasher.verify

    def noted(self: PasswordHasher, hash_: str, password: bytes) -> bool:
        calls.append(hash_)
        return real(self, hash_, password)

    with patch.object(PasswordHasher, "verify", noted):
        await refused(empty_stores, "nobody", PASSWORD, identity)
    assert len(calls) == 1


async def test_a_closed_account_looks_like_a_wrong_password(empty_stores: Stores) -> None:
    identity = identity_of(empty_stores)
    closed = await an_account(empty_stores, "closed")
    await change_account(empty_stores, closed, disabled_at=utc_now())
    demo = await an_account(empty_stores, "demo")
    await change_account(empty_stores, demo, demo=True)
    words = {
        await refused(empty_stores, "closed", PASSWORD, identity),
        await refused(empty_stores, "demo", PASSWORD, identity),
        await refused(empty_stores, "nobody", PASSWORD, identity),
    }
    assert len(words) == 1
    in_the_demo = context_of(empty_stores, identity=replace(identity, demo=True))
    assert isinstance(await sign_in(in_the_demo, "demo", PASSWORD, COOKIE), SignedIn)


@pytest.mark.parametrize("login", ["\0", "\ud800", "x" * 1_000_000, "a@b\0", "@", "'; drop --"])
async def test_hostile_names(empty_stores: Stores, login: str) -> None:
    await refused(empty_stores, login, PASSWORD, identity_of(empty_stores))


@pytest.mark.parametrize("password", ["", "\0", "\ud800", "x" * 1_000_000])
async def test_hostile_passwords(empty_stores: Stores, password: str) -> None:
    await an_account(empty_stores)
    await refused(empty_stores, "ann", password, identity_of(empty_stores))


async def test_a_second_factor_is_asked_for(empty_stores: Stores) -> None:
    ann = await an_account(empty_stores)
    await change_account(empty_stores, ann, totp_confirmed_at=utc_now(), totp_sealed=b"x")
    context = context_of(empty_stores)
    asked = await sign_in(context, "ann", PASSWORD, COOKIE)
    assert isinstance(asked, SecondFactorRequired)
    assert asked.challenge not in repr(asked)
    assert context.reply.session_id is None
    assert await audited(empty_stores, "signIn") == []


async def test_a_hash_grows_with_its_parameters(empty_stores: Stores) -> None:
    ann = await an_account(empty_stores)
    before = await account_of(empty_stores, ann)
    stronger = Passwords(1, 5, PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    identity = replace(identity_of(empty_stores), passwords=stronger)
    await refused(empty_stores, "ann", "not the password", identity)
    assert await account_of(empty_stores, ann) == before
    for _ in range(2):
        await sign_in(context_of(empty_stores, identity=identity), "ann", PASSWORD, COOKIE)
    after = await account_of(empty_stores, ann)
    assert after.password_hash is not None
    assert "m=16,t=2,p=1" in after.password_hash
    assert after.password_changed_at == before.password_changed_at
    assert (await stronger.verify(after.password_hash, PASSWORD)).ok


async def test_a_password_that_is_changed_meanwhile_lets_nobody_in(
    empty_stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = await an_account(empty_stores)
    identity = identity_of(empty_stores)

    async def changed(*arguments: Any, **named: Any) -> SignedIn:
        mine = context_of(empty_stores, signed_in_as(ann), identity=identity)
        await change_password(mine, PASSWORD, OTHER_PASSWORD)
        return await begin_session(*arguments, **named)

    monkeypatch.setattr("resolvers.sign_in.begin_session", changed)
    context = context_of(empty_stores, identity=identity)
    with pytest.raises(WrongCredentials):
        await sign_in(context, "ann", PASSWORD, COOKIE)
    assert context.reply.session_id is None
    assert await audited(empty_stores, "signIn") == []


async def test_more_than_may_wait_are_asked_to_come_back(empty_stores: Stores) -> None:
    await an_account(empty_stores)
    identity = replace(identity_of(empty_stores), passwords=Passwords(1, 0))
    async with identity.passwords.slot():
        with pytest.raises(Overloaded):
            await sign_in(context_of(empty_stores, identity=identity), "ann", PASSWORD, COOKIE)
    signed = await sign_in(context_of(empty_stores, identity=identity), "ann", PASSWORD, COOKIE)
    assert isinstance(signed, SignedIn)


async def test_nobody_gets_in_while_redis_is_down(
    empty_stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    await an_account(empty_stores)

    async def down(*_: object, **__: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(empty_stores.redis.client, "eval", down)
    context = context_from(empty_stores, identity_of(empty_stores))
    with pytest.raises(StoreUnavailable):
        await sign_in(context, "ann", PASSWORD, TOKENS)
    assert await audited(empty_stores, "signIn") == []
