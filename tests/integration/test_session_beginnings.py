"""Sessions begin where what was shown still holds, whole or not at all, and not without end."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from auth.oidc import Person
from auth.principal import SessionKind, SessionRef, person
from auth.sessions import session_hash
from datasources.errors import StoreTimeout, StoreUnavailable
from datasources.ids import new_id
from datasources.postgres import identities
from datasources.postgres.account_tables import token_families
from datasources.postgres.client import Postgres
from datasources.postgres.revocations import fetch_revoked
from datasources.records.identities import IdentityRecord
from datasources.redis.sessions import fetch_session, put_session
from datasources.stores import Stores
from resolvers import (
    app_tokens,
    cookie_sessions,
    passkey_sign_in,
    passkeys,
    provider_sign_in,
    second_factor,
    sessions,
)
from resolvers import sign_in as signing_in
from resolvers.context import RequestContext
from resolvers.errors import WrongCredentials
from resolvers.identities import unlink_identity
from resolvers.second_factor import SecondFactorRequired, complete_sign_in, disable_totp
from resolvers.sessions import MAX_SESSIONS, begin_session
from resolvers.sign_in import sign_in
from tests.factories.apps import an_app, tokens, viewer
from tests.factories.authenticator import Authenticator
from tests.factories.oauth_world import a_world, is_void
from tests.factories.people import BROWSER, add_account, change_account, tokens_of
from tests.factories.second_factors import PASSWORD, House

# Not "kind": that says which stores.
KINDS = pytest.mark.parametrize("sort", list(SessionKind))


async def alive(stores: Stores) -> list[str]:
    """Return the ids of all sessions that live, in browsers and apps, of anybody."""
    redis = stores.redis
    prefix = redis.key("session", "")
    names = [str(name) async for name in redis.client.scan_iter(match=f"{prefix}*")]
    rows = await stores.postgres.read(
        select(token_families.c.id).where(token_families.c.revoked_at.is_(None))
    )
    return [*(name.removeprefix(prefix) for name in names), *(str(row[0]) for row in rows)]


def just_before(
    monkeypatch: pytest.MonkeyPatch, module: object, change: Callable[[], Awaitable[object]]
) -> None:
    """Have something changed after a module has seen the proof, and before the session begins."""

    async def late(*args: Any, **options: Any) -> object:
        await change()
        return await begin_session(*args, **options)

    monkeypatch.setattr(module, "begin_session", late)


async def nothing_began(house: House, context: RequestContext) -> None:
    assert context.reply.session_id is None
    assert await alive(house.stores) == []
    assert "signIn" not in [action for action, _, _ in await house.audited()]


# --- what was shown still holds -----------------------------------------------------------------


@KINDS
async def test_a_second_factor_that_comes_meanwhile_is_not_passed_by(
    empty_stores: Stores, monkeypatch: pytest.MonkeyPatch, sort: SessionKind
) -> None:
    house = House.of(empty_stores)
    ada = await house.person()
    just_before(monkeypatch, signing_in, lambda: house.enrol(ada))
    context = house.context(client=BROWSER)
    with pytest.raises(WrongCredentials):
        await sign_in(context, "user1", PASSWORD, sort)
    await nothing_began(house, context)


@KINDS
@pytest.mark.parametrize("anew", [False, True], ids=["removed", "replaced"])
async def test_a_second_factor_that_goes_meanwhile_lets_nobody_in(
    empty_stores: Stores, monkeypatch: pytest.MonkeyPatch, sort: SessionKind, anew: bool
) -> None:
    house = House.of(empty_stores)
    ada = await house.person()
    app, _ = await house.enrol(ada)

    async def change() -> None:
        await disable_totp(house.signed_in(ada), PASSWORD)
        if anew:
            await house.enrol(ada)

    challenge = await house.challenge(kind=sort, client=BROWSER)
    just_before(monkeypatch, second_factor, change)
    context = house.context(client=BROWSER)
    with pytest.raises(WrongCredentials):
        await complete_sign_in(context, challenge, app.at(house.now))
    await nothing_began(house, context)


@KINDS
async def test_an_account_that_is_closed_meanwhile_lets_nobody_in(
    empty_stores: Stores, monkeypatch: pytest.MonkeyPatch, sort: SessionKind
) -> None:
    house = House.of(empty_stores)
    ada = await house.person()
    just_before(
        monkeypatch, signing_in, lambda: change_account(empty_stores, ada, disabled_at=house.now)
    )
    context = house.context(client=BROWSER)
    with pytest.raises(WrongCredentials):
        await sign_in(context, "user1", PASSWORD, sort)
    await nothing_began(house, context)


@KINDS
async def test_a_passkey_that_is_removed_meanwhile_lets_nobody_in(
    empty_stores: Stores, monkeypatch: pytest.MonkeyPatch, sort: SessionKind
) -> None:
    house, device = House.of(empty_stores), Authenticator()
    ada = await house.person()
    mine = house.signed_in(ada)
    asked = await passkeys.start_passkey_registration(mine)
    added = await passkeys.add_passkey(mine, device.create(asked.options), "Phone")

    async def remove() -> None:
        await passkeys.remove_passkey(house.signed_in(ada), added.passkey.id, PASSWORD)

    just_before(monkeypatch, passkey_sign_in, remove)
    context = house.context(client=BROWSER)
    begun = await passkey_sign_in.start_passkey_sign_in(context)
    with pytest.raises(WrongCredentials):
        await passkey_sign_in.sign_in_with_passkey(context, device.get(begun.options), sort)
    await nothing_began(house, context)


@pytest.mark.parametrize("second_step", [False, True], ids=["alone", "with a second step"])
async def test_an_identity_that_is_unlinked_meanwhile_lets_nobody_in(
    empty_stores: Stores, monkeypatch: pytest.MonkeyPatch, *, second_step: bool
) -> None:
    house = House.of(empty_stores)
    ada, issuer = await house.person(), "https://id.example"
    app, _ = await house.enrol(ada) if second_step else (None, [])
    mine = IdentityRecord(new_id(), ada, issuer, "ada there", None, house.now, None)
    async with empty_stores.postgres.transaction() as connection:
        assert await identities.add_identity(connection, mine)

    just_before(
        monkeypatch,
        second_factor if second_step else provider_sign_in,
        lambda: unlink_identity(house.signed_in(ada), mine.id, PASSWORD),
    )
    context = house.context(client=BROWSER)
    vouched = Person(issuer, mine.subject, None, "Ada", None, "an ID token")

    async def come() -> None:
        asked = await provider_sign_in.sign_in_with(context, "acme", vouched)
        if app is not None and isinstance(asked, SecondFactorRequired):
            await complete_sign_in(context, asked.challenge, app.at(house.now))

    with pytest.raises(WrongCredentials):
        await come()
    assert "unlinkIdentity" in [action for action, _, _ in await house.audited()]
    await nothing_began(house, context)


# --- whole, or not at all -----------------------------------------------------------------------


class CutOff(Postgres):
    """Breaks off when a transaction is to be committed."""

    context: RequestContext

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        async with super().transaction() as connection:
            yield connection
            assert self.context.reply.session_id is None  # not before this is certain
            raise StoreUnavailable("postgres", "cut off")


@KINDS
async def test_nothing_lives_of_which_the_log_knows_nothing(
    empty_stores: Stores, sort: SessionKind
) -> None:
    house = House.of(empty_stores)
    ada = await house.person()
    postgres = CutOff(empty_stores.postgres.engine)
    context = replace(
        house.context(client=BROWSER), stores=replace(empty_stores, postgres=postgres)
    )
    postgres.context = context
    with pytest.raises(StoreUnavailable):
        await begin_session(context, ada, sort, ("password",))
    await nothing_began(house, context)
    assert context.reply.browser_mark is None


@pytest.mark.parametrize("cut", [StoreTimeout("redis"), asyncio.CancelledError()], ids=type)
async def test_what_redis_did_without_saying_so_is_taken_back(
    empty_stores: Stores, monkeypatch: pytest.MonkeyPatch, cut: BaseException
) -> None:
    house = House.of(empty_stores)
    ada = await house.person()

    async def put(*args: Any, **options: Any) -> None:
        await put_session(*args, **options)
        assert len(await alive(empty_stores)) == 1
        raise cut

    monkeypatch.setattr(cookie_sessions, "put_session", put)
    context = house.context(client=BROWSER)
    with pytest.raises(type(cut)):
        await begin_session(context, ada, SessionKind.COOKIE, ("password",))
    await nothing_began(house, context)


# --- only so many -------------------------------------------------------------------------------


async def begun(house: House, who: UUID, kind: SessionKind) -> str:
    """Begin a session, and return its id."""
    context = house.context(client=BROWSER)
    before = set(await alive(house.stores))
    await begin_session(context, who, kind, ("password",))
    if context.reply.session_id:
        return session_hash(context.reply.session_id)
    (id_,) = set(await alive(house.stores)) - before
    return id_


async def used(house: House, session: str, seconds_ago: int) -> None:
    """Make it so that a session was used last so long ago."""
    redis, idle_s = house.stores.redis, house.identity.settings.session_idle_s
    if len(session) == 64:
        await redis.client.expire(redis.key("session", session), idle_s - seconds_ago)
        return
    at = house.now - timedelta(seconds=seconds_ago)
    async with house.stores.postgres.transaction() as connection:
        theirs = update(token_families).where(token_families.c.id == UUID(session))
        await connection.execute(theirs.values(last_used_at=at))


@KINDS
async def test_the_session_that_was_unused_for_longest_makes_room(
    empty_stores: Stores, sort: SessionKind
) -> None:
    house = House.of(empty_stores)
    ada, grace = await house.person(), await add_account(empty_stores, 2)
    theirs = await begun(house, grace, sort)
    other_sort = next(one for one in SessionKind if one is not sort)
    other = await begun(house, ada, other_sort)
    mine = [await begun(house, ada, sort) for _ in range(MAX_SESSIONS)]
    for ago, session in enumerate(mine[3:] + mine[:3]):
        await used(house, session, 1000 - ago)
    assert set(await alive(empty_stores)) == {theirs, other, *mine}

    new = await begun(house, ada, sort)
    assert set(await alive(empty_stores)) == {theirs, other, new, *mine} - {mine[3]}
    ended = house.identity.revocations.families  # at once, here
    assert {str(one) for one in ended} == ({mine[3]} if sort is SessionKind.TOKENS else set())
    await used(house, mine[4], 0)
    newer = await begun(house, ada, sort)
    kept = {theirs, other, new, newer, *mine} - {mine[3], mine[5]}
    assert set(await alive(empty_stores)) == kept


@KINDS
async def test_as_many_at_once_as_one_likes_are_no_more(
    empty_stores: Stores, sort: SessionKind
) -> None:
    house = House.of(empty_stores)
    ada = await house.person()
    contexts = [house.context(client=BROWSER) for _ in range(MAX_SESSIONS + 10)]
    await asyncio.gather(*(begin_session(one, ada, sort, ("password",)) for one in contexts))
    assert len(await alive(empty_stores)) == MAX_SESSIONS


async def test_apps_of_others_push_out_their_own_families_alone(
    empty_stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "MAX_SESSIONS", 2)
    monkeypatch.setattr(app_tokens, "MAX_SESSIONS", 2)
    async with a_world(empty_stores) as world:
        phone = (await tokens_of(empty_stores, world.identity, world.ann)).access_token
        other_app = await an_app(empty_stores, world.identity, world.bob)
        other = (await tokens(world.browser, other_app))["access_token"]
        got = [(await tokens(world.browser, world.app))["access_token"] for _ in range(3)]
        second = (await tokens_of(empty_stores, world.identity, world.ann)).access_token
        codes = [
            (await viewer(world.browser, one)).status_code for one in (phone, second, other, *got)
        ]
        assert codes == [200, 200, 200, 401, 200, 200]
        assert await is_void(world, got[0])


async def test_a_browser_that_signs_in_anew_ends_its_own_session_and_no_other(
    empty_stores: Stores,
) -> None:
    house = House.of(empty_stores)
    ada = await house.person()
    mine = [await begun(house, ada, SessionKind.COOKIE) for _ in range(MAX_SESSIONS)]
    await used(house, mine[0], 1000)
    session = SessionRef(SessionKind.COOKIE, mine[-1])
    context = house.context(person(ada, session=session), client=BROWSER)
    await begin_session(context, ada, SessionKind.COOKIE, ("password",))
    assert set(mine[:-1]) < set(await alive(empty_stores))
    assert await fetch_session(empty_stores.redis, mine[-1], 1000) is None


async def test_the_list_of_what_is_revoked_holds_what_may_still_matter(
    empty_stores: Stores,
) -> None:
    """An access token lives for an hour at most: one that was not renewed since is over anyway."""
    house = House.of(empty_stores)
    ada = await house.person()
    old, new = [await begun(house, ada, SessionKind.TOKENS) for _ in range(2)]
    await used(house, old, 81 * 60)
    await used(house, new, 59 * 60)
    async with empty_stores.postgres.transaction() as connection:
        await connection.execute(update(token_families).values(revoked_at=house.now))
    found = await fetch_revoked(empty_stores.postgres, house.now - timedelta(minutes=80))
    assert found.families == {UUID(new)}
    await house.identity.revocations.refresh(empty_stores.postgres, house.now)
    assert house.identity.revocations.families == {UUID(new)}
