"""Refresh tokens rotate; one that is used twice ends its family (RFC 9700, 4.14)."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, text

from auth.credentials import BadCredential, Credential, principal_of
from auth.identity import Identity
from auth.principal import Principal
from auth.revocations import Revocations
from auth.scopes import Scope
from datasources.postgres.account_tables import audit_log, jobs, refresh_tokens, token_families
from datasources.records.accounts import Role
from datasources.records.jobs import JobKind
from datasources.stores import Stores
from resolvers.context import utc_now
from resolvers.errors import WrongCredentials
from resolvers.session_commands import refresh_tokens as refresh
from resolvers.sessions import Tokens
from tests.factories.operations import context_of, identity_of
from tests.factories.people import PHONE, add_account, change_account, tokens_of

GRACE = timedelta(seconds=10)
SOON = timedelta(seconds=1)


@pytest.fixture
async def ada(empty_stores: Stores) -> UUID:
    return await add_account(empty_stores)


@pytest.fixture
def identity(empty_stores: Stores) -> Identity:
    return identity_of(empty_stores)


async def exchange(
    stores: Stores, identity: Identity, token: str, after: timedelta = timedelta()
) -> Tokens:
    """Exchange a refresh token, some time from now."""
    context = context_of(stores, identity=identity, client=PHONE)
    context = replace(context, clock=lambda: utc_now() + after)
    return (await refresh(context, token)).tokens


async def is_refused(
    stores: Stores, identity: Identity, token: str, after: timedelta = timedelta()
) -> bool:
    try:
        await exchange(stores, identity, token, after)
    except WrongCredentials:
        return True
    return False


async def caller(stores: Stores, identity: Identity, access_token: str) -> Principal:
    return await principal_of(identity, stores, Credential(access_token), utc_now())


async def audited(stores: Stores, action: str) -> list[Any]:
    rows = await stores.postgres.read(select(audit_log).where(audit_log.c.action == action))
    return list(rows)


async def test_a_refresh_token_brings_new_tokens(
    empty_stores: Stores, identity: Identity, ada: UUID
) -> None:
    first = await tokens_of(empty_stores, identity, ada)
    second = await exchange(empty_stores, identity, first.refresh_token)
    third = await exchange(empty_stores, identity, second.refresh_token)
    assert len({first.refresh_token, second.refresh_token, third.refresh_token}) == 3
    assert first.expires_in_s == third.expires_in_s == 900
    before, after = [
        await caller(empty_stores, identity, tokens.access_token) for tokens in (first, third)
    ]
    assert after == before  # the same family, and the same moment of signing in
    assert after.user_id == ada


async def test_reuse_after_the_grace_ends_the_family(
    empty_stores: Stores, identity: Identity, ada: UUID
) -> None:
    first = await tokens_of(empty_stores, identity, ada)
    second = await exchange(empty_stores, identity, first.refresh_token)
    assert await is_refused(empty_stores, identity, first.refresh_token, GRACE + SOON)

    assert await is_refused(empty_stores, identity, second.refresh_token)
    for tokens in (first, second):
        with pytest.raises(BadCredential):
            await caller(empty_stores, identity, tokens.access_token)
    (entry,) = await audited(empty_stores, "refreshTokenReused")
    assert (entry.subject_id, entry.result) == (ada, "DENIED")
    (mail,) = await empty_stores.postgres.read(
        select(jobs.c.payload).where(jobs.c.kind == JobKind.SEND_MAIL)
    )
    assert mail.payload == {"template": "TOKEN_REUSED", "user_id": str(ada)}


async def test_reuse_reaches_another_process_with_its_next_reading(
    empty_stores: Stores, identity: Identity, ada: UUID
) -> None:
    other = replace(identity, revocations=Revocations())
    first = await tokens_of(empty_stores, identity, ada)
    assert await caller(empty_stores, other, first.access_token)
    await exchange(empty_stores, identity, first.refresh_token)
    assert await is_refused(empty_stores, identity, first.refresh_token, GRACE + SOON)
    await other.revocations.refresh(empty_stores.postgres, utc_now())
    with pytest.raises(BadCredential):
        await caller(empty_stores, other, first.access_token)


async def test_ten_refreshes_at_once_all_succeed(
    empty_stores: Stores, identity: Identity, ada: UUID
) -> None:
    first = await tokens_of(empty_stores, identity, ada)
    brought = await asyncio.gather(
        *(exchange(empty_stores, identity, first.refresh_token) for _ in range(10))
    )
    assert len({tokens.refresh_token for tokens in brought}) == 10
    for tokens in brought:
        assert (await caller(empty_stores, identity, tokens.access_token)).user_id == ada
    later = await exchange(empty_stores, identity, brought[-1].refresh_token, timedelta(minutes=15))
    assert await exchange(empty_stores, identity, later.refresh_token, timedelta(minutes=30))


async def test_one_token_does_not_bring_tokens_without_end(
    empty_stores: Stores, identity: Identity, ada: UUID
) -> None:
    first = await tokens_of(empty_stores, identity, ada)
    brought = await asyncio.gather(
        *(exchange(empty_stores, identity, first.refresh_token) for _ in range(30)),
        return_exceptions=True,
    )
    tokens = [one for one in brought if isinstance(one, Tokens)]
    assert len(tokens) == 10
    assert sum(isinstance(one, WrongCredentials) for one in brought) == 20
    (unused,) = await empty_stores.postgres.read(
        select(func.count()).where(refresh_tokens.c.used_at.is_(None))
    )
    assert unused[0] == 10
    # It was in a hurry, not stolen: the family goes on.
    assert await audited(empty_stores, "refreshTokenReused") == []
    assert await exchange(empty_stores, identity, tokens[3].refresh_token, timedelta(minutes=15))


async def test_of_twenty_reuses_at_once_none_succeeds(
    empty_stores: Stores, identity: Identity, ada: UUID
) -> None:
    first = await tokens_of(empty_stores, identity, ada)
    await exchange(empty_stores, identity, first.refresh_token)
    refused = await asyncio.gather(
        *(is_refused(empty_stores, identity, first.refresh_token, GRACE + SOON) for _ in range(20))
    )
    assert all(refused)
    assert len(await audited(empty_stores, "refreshTokenReused")) == 1


async def test_a_copy_made_within_the_grace_is_found_out(
    empty_stores: Stores, identity: Identity, ada: UUID
) -> None:
    """Whoever steals a token and is fast has a line of descent of their own, but not for long."""
    first = await tokens_of(empty_stores, identity, ada)
    ours = await exchange(empty_stores, identity, first.refresh_token)
    stolen = await exchange(empty_stores, identity, first.refresh_token)
    quarter = timedelta(minutes=15)
    ours = await exchange(empty_stores, identity, ours.refresh_token, quarter)
    assert await is_refused(empty_stores, identity, stolen.refresh_token, quarter + GRACE + SOON)
    assert await is_refused(empty_stores, identity, ours.refresh_token, 2 * quarter)


async def test_reuse_leaves_other_families_alone(
    empty_stores: Stores, identity: Identity, ada: UUID
) -> None:
    other = await tokens_of(empty_stores, identity, ada)
    first = await tokens_of(empty_stores, identity, ada)
    await exchange(empty_stores, identity, first.refresh_token)
    assert await is_refused(empty_stores, identity, first.refresh_token, GRACE + SOON)
    assert await exchange(empty_stores, identity, other.refresh_token)
    assert (await caller(empty_stores, identity, other.access_token)).user_id == ada


@pytest.mark.parametrize("token", ["", "x", "é\0", "\ud800", "x" * 100_000])
async def test_what_is_no_refresh_token_is_refused(
    empty_stores: Stores, identity: Identity, token: str
) -> None:
    assert await is_refused(empty_stores, identity, token)


async def test_an_access_token_does_not_refresh_nor_the_other_way_round(
    empty_stores: Stores, identity: Identity, ada: UUID
) -> None:
    tokens = await tokens_of(empty_stores, identity, ada)
    assert await is_refused(empty_stores, identity, tokens.access_token)
    with pytest.raises(BadCredential):
        await caller(empty_stores, identity, tokens.refresh_token)


async def test_an_unused_token_expires(empty_stores: Stores, identity: Identity, ada: UUID) -> None:
    tokens = await tokens_of(empty_stores, identity, ada)
    unused = timedelta(seconds=identity.settings.refresh_token_s)
    assert await is_refused(empty_stores, identity, tokens.refresh_token, unused + SOON)


async def test_no_family_lasts_longer_than_a_session_may(
    empty_stores: Stores, identity: Identity, ada: UUID
) -> None:
    tokens = await tokens_of(empty_stores, identity, ada)
    lifetime = timedelta(seconds=identity.settings.session_lifetime_s)
    age = timedelta()
    while (age := age + timedelta(days=25)) < lifetime:
        tokens = await exchange(empty_stores, identity, tokens.refresh_token, age)
    assert age > timedelta(days=80)
    assert await is_refused(empty_stores, identity, tokens.refresh_token, lifetime + SOON)


async def test_a_closed_account_is_refused(
    empty_stores: Stores, identity: Identity, ada: UUID
) -> None:
    tokens = await tokens_of(empty_stores, identity, ada)
    await change_account(empty_stores, ada, disabled_at=utc_now())
    assert await is_refused(empty_stores, identity, tokens.refresh_token)


async def test_an_account_of_the_demo_is_refused_elsewhere(
    empty_stores: Stores, identity: Identity
) -> None:
    someone = await add_account(empty_stores, 2, demo=True)
    demo = replace(identity, demo=True)
    tokens = await tokens_of(empty_stores, demo, someone)
    assert await exchange(empty_stores, demo, tokens.refresh_token)
    assert await is_refused(empty_stores, identity, tokens.refresh_token)


async def test_what_tokens_allow_is_what_the_account_may_do_now(
    empty_stores: Stores, identity: Identity
) -> None:
    admin = await add_account(empty_stores, 2, role=Role.ADMIN)
    tokens = await tokens_of(empty_stores, identity, admin)
    assert Scope.ADMIN in (await caller(empty_stores, identity, tokens.access_token)).scopes
    await change_account(empty_stores, admin, role=Role.LISTENER)
    tokens = await exchange(empty_stores, identity, tokens.refresh_token)
    now = await caller(empty_stores, identity, tokens.access_token)
    assert now.role is Role.LISTENER
    assert Scope.ADMIN not in now.scopes


async def test_no_token_lies_in_the_store(
    empty_stores: Stores, identity: Identity, ada: UUID
) -> None:
    first = await tokens_of(empty_stores, identity, ada)
    tokens = await exchange(empty_stores, identity, first.refresh_token)
    everything = ""
    for table in ("refresh_tokens", "token_families", "audit_log", "jobs", "signing_keys"):
        rows = await empty_stores.postgres.read(text(f"select t::text from {table} t"))  # noqa: S608  our tables
        everything += "".join(row[0] for row in rows)
    assert str(ada) in everything
    for secret in (first.refresh_token, tokens.refresh_token, tokens.access_token):
        assert secret not in everything
        assert secret not in repr(tokens)


async def test_spent_tokens_do_not_pile_up(
    empty_stores: Stores, identity: Identity, ada: UUID
) -> None:
    tokens = await tokens_of(empty_stores, identity, ada)
    for day in range(0, 80, 20):
        tokens = await exchange(empty_stores, identity, tokens.refresh_token, timedelta(days=day))
    rows = await empty_stores.postgres.read(select(refresh_tokens.c.hash))
    assert len(rows) < 4
    (family,) = await empty_stores.postgres.read(select(token_families))
    assert (family.device, family.address) == ("PolyphonyPhone on iOS", "192.0.2.7")
    assert family.last_used_at > family.created_at + timedelta(days=50)
