"""What administrators do to accounts."""

import pytest
from sqlalchemy import select

from auth.principal import SessionKind
from datasources.postgres.account_tables import audit_log
from datasources.postgres.accounts import fetch_listed_accounts
from datasources.records.accounts import Role
from datasources.stores import Stores
from resolvers.errors import InvalidInput, NotFound, WrongCredentials
from resolvers.roles import (
    NewAccount,
    change_role,
    create_account,
    disable_account,
    enable_account,
)
from resolvers.sessions import SignedIn
from resolvers.sign_in import sign_in
from tests.factories.accounts import PASSWORD, account_of, an_account, audited
from tests.factories.operations import context_of, identity_of
from tests.factories.people import cookie_of, tokens_of


async def cookies(stores: Stores) -> int:
    return len(
        [key async for key in stores.redis.client.scan_iter(stores.redis.key("session", "*"))]
    )


async def test_a_new_role_ends_all_sessions(empty_stores: Stores) -> None:
    ann = await an_account(empty_stores)
    identity = identity_of(empty_stores)
    await cookie_of(empty_stores, identity, ann)
    await tokens_of(empty_stores, identity, ann)
    context = context_of(empty_stores, identity=identity)
    assert await change_role(context, "ANN", Role.ADMIN)
    assert await cookies(empty_stores) == 0
    after = await account_of(empty_stores, ann)
    assert after.role is Role.ADMIN
    assert after.signed_out_at is not None
    rows = await empty_stores.postgres.read(
        select(audit_log.c.actor_kind, audit_log.c.actor_id, audit_log.c.subject_id,
               audit_log.c.details).where(audit_log.c.action == "changeRole")
    )  # fmt: skip
    assert [tuple(row) for row in rows] == [
        ("COMMAND_LINE", None, ann, {"before": "LISTENER", "role": "ADMIN"})
    ]
    assert not await change_role(context, "ann@example.org", Role.ADMIN)
    assert len(await audited(empty_stores, "changeRole")) == 1


async def test_a_disabled_account_is_out_until_it_is_enabled(empty_stores: Stores) -> None:
    ann = await an_account(empty_stores)
    identity = identity_of(empty_stores)
    await cookie_of(empty_stores, identity, ann)
    context = context_of(empty_stores, identity=identity)
    assert await disable_account(context, "ann")
    assert not await disable_account(context, "ann")
    assert await cookies(empty_stores) == 0
    with pytest.raises(WrongCredentials):
        await sign_in(context, "ann", PASSWORD, SessionKind.COOKIE)
    assert await enable_account(context, "ann")
    assert not await enable_account(context, "ann")
    assert isinstance(await sign_in(context, "ann", PASSWORD, SessionKind.COOKIE), SignedIn)
    for action in ("disableAccount", "enableAccount"):
        assert await audited(empty_stores, action) == [("DONE", None, ann)]


async def test_nobody_of_that_name(empty_stores: Stores) -> None:
    context = context_of(empty_stores)
    for use_case in (disable_account, enable_account):
        with pytest.raises(NotFound):
            await use_case(context, "nobody")
    with pytest.raises(NotFound):
        await change_role(context, "nobody@example.org", Role.ADMIN)


@pytest.mark.parametrize(
    ("handle", "email"),
    [("Ann", "other@example.org"), ("other", "ANN@example.org"), ("a", "a@example.org"),
     ("other", "other")],
)  # fmt: skip
async def test_what_cannot_be_created(empty_stores: Stores, handle: str, email: str) -> None:
    await an_account(empty_stores)
    new = NewAccount(handle, email, "Name", Role.LISTENER)
    with pytest.raises(InvalidInput):
        await create_account(context_of(empty_stores), new, PASSWORD)
    assert (
        len(await fetch_listed_accounts(empty_stores.postgres, role=None, after="", limit=9)) == 1
    )


async def test_a_list_in_pages(empty_stores: Stores) -> None:
    for handle in ("cleo", "Ann", "bob", "dora"):
        role = Role.CURATOR if handle in ("bob", "dora") else Role.LISTENER
        await an_account(empty_stores, handle, role=role)
    postgres = empty_stores.postgres

    async def page(role: Role | None, after: str, limit: int) -> list[str]:
        found = await fetch_listed_accounts(postgres, role=role, after=after, limit=limit)
        return [one.handle for one in found]

    assert await page(None, "", 3) == ["Ann", "bob", "cleo"]
    assert await page(None, "cleo", 3) == ["dora"]
    assert await page(Role.CURATOR, "", 3) == ["bob", "dora"]
    assert await page(Role.ADMIN, "", 3) == []
