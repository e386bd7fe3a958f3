"""The accounts of the demo: the same at each start, and good for nothing elsewhere."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import select

from auth.principal import SessionKind
from datasources.postgres.account_tables import accounts
from datasources.records.accounts import Role
from datasources.stores import Stores
from gateway.sample.accounts import DemoAccount, ensure_demo_accounts
from resolvers.context import utc_now
from resolvers.errors import WrongCredentials
from resolvers.sessions import SignedIn
from resolvers.sign_in import sign_in
from tests.factories.accounts import OTHER_PASSWORD, an_account
from tests.factories.operations import context_of, identity_of
from tests.factories.people import change_account


async def ensure(stores: Stores, key: str = "a key") -> list[DemoAccount]:
    return await ensure_demo_accounts(stores, identity_of(stores).passwords, key, utc_now())


async def test_they_sign_in_to_the_demo_alone(empty_stores: Stores) -> None:
    made = await ensure(empty_stores)
    assert [(one.handle, one.role) for one in made] == [
        ("ada", Role.LISTENER), ("fjord_fan", Role.LISTENER), ("admin", Role.ADMIN)
    ]  # fmt: skip
    identity = identity_of(empty_stores)
    for one in made:
        assert one.password not in repr(one)
        with pytest.raises(WrongCredentials):
            await sign_in(
                context_of(empty_stores, identity=identity), one.handle, one.password,
                SessionKind.COOKIE,
            )  # fmt: skip
        in_the_demo = context_of(empty_stores, identity=replace(identity, demo=True))
        signed = await sign_in(in_the_demo, one.handle, one.password, SessionKind.COOKIE)
        assert isinstance(signed, SignedIn)


async def test_they_are_the_same_at_each_start(empty_stores: Stores) -> None:
    first = await ensure(empty_stores)
    before = await empty_stores.postgres.read(select(accounts).order_by(accounts.c.user_id))
    assert await ensure(empty_stores) == first
    after = await empty_stores.postgres.read(select(accounts).order_by(accounts.c.user_id))
    assert after == before
    assert [row.demo for row in after] == [True, True, True]


async def test_two_demos_may_start_at_once(empty_stores: Stores) -> None:
    both = await asyncio.gather(ensure(empty_stores), ensure(empty_stores))
    assert both[0] == both[1]
    assert len(both[0]) == 3


async def test_passwords_are_of_this_folder(empty_stores: Stores) -> None:
    first = await ensure(empty_stores)
    other = await ensure(empty_stores, "another key")
    assert {one.password for one in first}.isdisjoint(one.password for one in other)


async def test_a_password_that_was_changed_is_set_back(empty_stores: Stores) -> None:
    [ada, *_] = await ensure(empty_stores)
    [row] = await empty_stores.postgres.read(
        select(accounts.c.user_id).where(accounts.c.email == "ada@demo.example")
    )
    await change_account(empty_stores, row[0], password_hash="$argon2id$x")
    await ensure(empty_stores)
    identity = replace(identity_of(empty_stores), demo=True)
    context = context_of(empty_stores, identity=identity)
    assert isinstance(await sign_in(context, "ada", ada.password, SessionKind.COOKIE), SignedIn)


async def test_somebody_elses_account_is_left_alone(empty_stores: Stores) -> None:
    await an_account(empty_stores, "admin", password=OTHER_PASSWORD)
    assert [one.handle for one in await ensure(empty_stores)] == ["ada", "fjord_fan"]
    context = context_of(empty_stores)
    assert isinstance(await sign_in(context, "admin", OTHER_PASSWORD, SessionKind.COOKIE), SignedIn)
