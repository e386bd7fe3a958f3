"""Sessions begin, are listed, and end: in browsers and in apps (OWASP ASVS 5, V7)."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from auth.credentials import BadCredential, Credential, principal_of
from auth.identity import Identity
from auth.principal import Principal, SessionKind, SessionRef
from auth.revocations import Revocations
from auth.sessions import session_hash
from datasources.errors import StoreUnavailable
from datasources.postgres.account_tables import audit_log, jobs
from datasources.records.accounts import Role
from datasources.records.jobs import JobKind
from datasources.redis.client import open_redis
from datasources.redis.settings import RedisSettings
from datasources.stores import Stores
from gateway.worker.loop import Duty, Worker
from gateway.worker.sessions import SessionsDuty
from resolvers.context import Client, utc_now
from resolvers.errors import Forbidden, WrongCredentials
from resolvers.sessions import begin_session, end_sessions, forget_ended, forget_sessions
from tests.factories.operations import context_of, identity_of, run_operation
from tests.factories.people import (
    BROWSER,
    PHONE,
    add_account,
    change_account,
    cookie_of,
    tokens_of,
)
from tests.plugins.round_trips import RoundTrips

SESSIONS = """
{ viewer { account { sessions { id kind device address createdAt lastUsedAt current } } } }
"""
SIGN_OUT = """
mutation($id: ID) { signOut(sessionId: $id) { __typename ... on SignedOut { sessionCount } } }
"""
EVERYWHERE = "mutation { signOutEverywhere { ... on SignedOut { sessionCount } } }"


@pytest.fixture
async def ada(empty_stores: Stores) -> UUID:
    return await add_account(empty_stores)


@pytest.fixture
def identity(empty_stores: Stores) -> Identity:
    return identity_of(empty_stores)


async def by_cookie(stores: Stores, identity: Identity, cookie: str) -> Principal:
    return await principal_of(identity, stores, Credential(cookie, cookie=True), utc_now())


async def by_token(stores: Stores, identity: Identity, token: str) -> Principal:
    return await principal_of(identity, stores, Credential(token), utc_now())


async def cookie_lives(stores: Stores, identity: Identity, cookie: str) -> bool:
    try:
        await by_cookie(stores, identity, cookie)
    except BadCredential:
        return False
    return True


async def token_lives(stores: Stores, identity: Identity, token: str) -> bool:
    try:
        await by_token(stores, identity, token)
    except BadCredential:
        return False
    return True


async def ask(
    stores: Stores,
    identity: Identity,
    principal: Principal,
    query: str,
    variables: dict[str, Any] | None = None,
) -> Any:
    """Return the data of an operation, and the context that it ran in."""
    context = context_of(stores, principal, identity=identity)
    result = await run_operation(context, query, variables)
    assert not result.errors, result.errors
    return result.data, context


async def actions(stores: Stores) -> list[tuple[str, UUID]]:
    statement = select(audit_log.c.action, audit_log.c.actor_id).order_by(audit_log.c.id)
    return [(row[0], row[1]) for row in await stores.postgres.read(statement)]


# --- signing in ---------------------------------------------------------------------------------


async def test_a_session_in_a_cookie(empty_stores: Stores, identity: Identity, ada: UUID) -> None:
    cookie = await cookie_of(empty_stores, identity, ada)
    principal = await by_cookie(empty_stores, identity, cookie)
    assert (principal.user_id, principal.role) == (ada, Role.LISTENER)
    assert principal.session == SessionRef(SessionKind.COOKIE, session_hash(cookie))
    assert principal.authenticated_at is not None
    assert await actions(empty_stores) == [("signIn", ada)]


async def test_a_session_id_has_256_random_bits(
    empty_stores: Stores, identity: Identity, ada: UUID
) -> None:
    ids = {await cookie_of(empty_stores, identity, ada) for _ in range(5)}
    assert len(ids) == 5
    assert {len(one) for one in ids} == {43}  # of 64 characters: 258 bits


async def test_the_id_changes_at_sign_in_and_the_old_one_is_dead(
    empty_stores: Stores, identity: Identity, ada: UUID
) -> None:
    """Session fixation: an id that somebody else knew before is worth nothing after."""
    before = await cookie_of(empty_stores, identity, ada)
    grace = await add_account(empty_stores, 2)
    principal = await by_cookie(empty_stores, identity, before)
    after = await cookie_of(empty_stores, identity, grace, principal)
    assert after != before
    assert not await cookie_lives(empty_stores, identity, before)
    assert (await by_cookie(empty_stores, identity, after)).user_id == grace
    data, _ = await ask(
        empty_stores, identity, await by_cookie(empty_stores, identity, after), SESSIONS
    )
    assert len(data["viewer"]["account"]["sessions"]) == 1


@pytest.mark.parametrize("same", [True, False])
async def test_an_operation_that_signs_in_twice_leaves_one_session(
    empty_stores: Stores, identity: Identity, ada: UUID, same: bool
) -> None:
    then = ada if same else await add_account(empty_stores, 2)
    context = context_of(empty_stores, identity=identity, client=BROWSER)
    await begin_session(context, ada, SessionKind.COOKIE, ("password",))
    first = context.reply.session_id
    await begin_session(context, then, SessionKind.COOKIE, ("password",))
    assert first
    assert context.reply.session_id not in {None, first}
    assert not await cookie_lives(empty_stores, identity, first)


async def test_login_csrf_a_cookie_needs_the_preflight_header(
    empty_stores: Stores, identity: Identity, ada: UUID
) -> None:
    """Otherwise a page of another site could sign a visitor in as the attacker."""
    context = context_of(empty_stores, identity=identity, client=replace(BROWSER, preflight=False))
    with pytest.raises(Forbidden):
        await begin_session(context, ada, SessionKind.COOKIE, ("password",))
    assert context.reply.session_id is None
    signed = await begin_session(context, ada, SessionKind.TOKENS, ("password",))
    assert signed.tokens is not None
    assert "refresh_token" not in repr(signed)


@pytest.mark.parametrize("sort", list(SessionKind))
async def test_a_closed_account_gets_no_session(
    empty_stores: Stores, identity: Identity, ada: UUID, sort: SessionKind
) -> None:
    await change_account(empty_stores, ada, disabled_at=utc_now())
    demo = await add_account(empty_stores, 2, demo=True)
    nobody = UUID(int=1)
    said = set()
    for person in (ada, demo, nobody):
        context = context_of(empty_stores, identity=identity, client=BROWSER)
        with pytest.raises(WrongCredentials) as caught:
            await begin_session(context, person, sort, ("password",))
        said.add(str(caught.value))
        assert context.reply.session_id is None
    assert len(said) == 1
    assert await actions(empty_stores) == []


async def test_no_session_begins_where_redis_is_down(
    empty_stores: Stores, identity: Identity, ada: UUID
) -> None:
    gone = open_redis("redis://127.0.0.1:1/0", RedisSettings(url=None))
    context = context_of(replace(empty_stores, redis=gone), identity=identity, client=BROWSER)
    with pytest.raises(StoreUnavailable):
        await begin_session(context, ada, SessionKind.COOKIE, ("password",))
    assert context.reply.session_id is None
    assert await actions(empty_stores) == []
    await gone.close()


# --- my sessions --------------------------------------------------------------------------------


async def test_sessions_are_listed_the_most_recently_used_first(
    empty_stores: Stores, identity: Identity, ada: UUID, round_trips: RoundTrips
) -> None:
    tokens = await tokens_of(empty_stores, identity, ada)
    await tokens_of(empty_stores, identity, await add_account(empty_stores, 2))
    cookie = await cookie_of(empty_stores, identity, ada)
    principal = await by_cookie(empty_stores, identity, cookie)
    phone = (await by_token(empty_stores, identity, tokens.access_token)).session
    assert phone is not None
    round_trips.clear()
    data, _ = await ask(empty_stores, identity, principal, SESSIONS)
    assert round_trips["redis"] == 1
    listed = data["viewer"]["account"]["sessions"]
    assert [
        (one["id"], one["kind"], one["device"], one["address"], one["current"]) for one in listed
    ] == [
        (session_hash(cookie), "COOKIE", "Firefox on Linux", "192.0.2.1", True),
        (phone.id, "TOKENS", "PolyphonyPhone on iOS", "192.0.2.7", False),
    ]
    for one in listed:
        assert one["createdAt"] <= one["lastUsedAt"]


@pytest.mark.parametrize("count", [1, 10])
async def test_any_number_of_sessions_costs_the_same(
    empty_stores: Stores, identity: Identity, ada: UUID, count: int, round_trips: RoundTrips
) -> None:
    for _ in range(count):
        cookie = await cookie_of(empty_stores, identity, ada)
        await tokens_of(empty_stores, identity, ada)
    principal = await by_cookie(empty_stores, identity, cookie)
    round_trips.clear()
    data, _ = await ask(empty_stores, identity, principal, SESSIONS)
    assert len(data["viewer"]["account"]["sessions"]) == 2 * count
    assert round_trips == {"redis": 1, "postgres": 3}  # the viewer, the account, the families


async def test_the_last_use_of_a_session_follows_from_the_time_that_is_left(
    empty_stores: Stores, identity: Identity, ada: UUID
) -> None:
    old = await cookie_of(empty_stores, identity, ada)
    cookie = await cookie_of(empty_stores, identity, ada)
    redis = empty_stores.redis
    await redis.client.expire(redis.key("session", session_hash(old)), 1000)
    later = utc_now() + timedelta(days=20)
    principal = await by_cookie(empty_stores, identity, cookie)
    context = context_of(empty_stores, principal, identity=identity)
    context = replace(context, clock=lambda: later)
    result = await run_operation(context, SESSIONS)
    assert result.data is not None
    first, second = result.data["viewer"]["account"]["sessions"]
    assert (first["id"], second["id"]) == (session_hash(cookie), session_hash(old))
    idle_s = identity.settings.session_idle_s
    used_at = (later - timedelta(seconds=idle_s - 1000)).isoformat()
    assert second["lastUsedAt"][:18] <= used_at[:18]


async def test_nobody_sees_the_sessions_of_others(
    empty_stores: Stores, identity: Identity, ada: UUID
) -> None:
    await cookie_of(empty_stores, identity, ada)
    grace = await add_account(empty_stores, 2)
    principal = await by_cookie(
        empty_stores, identity, await cookie_of(empty_stores, identity, grace)
    )
    query = '{ user(handle: "user1") { account { sessions { id } } } }'
    data, _ = await ask(empty_stores, identity, principal, query)
    assert data["user"]["account"] is None


# --- signing out --------------------------------------------------------------------------------


async def test_signing_out_in_a_browser(
    empty_stores: Stores, identity: Identity, ada: UUID
) -> None:
    other = await cookie_of(empty_stores, identity, ada)
    cookie = await cookie_of(empty_stores, identity, ada)
    principal = await by_cookie(empty_stores, identity, cookie)
    data, context = await ask(empty_stores, identity, principal, SIGN_OUT)
    assert data["signOut"] == {"__typename": "SignedOut", "sessionCount": 1}
    assert context.reply.session_id == ""
    assert not await cookie_lives(empty_stores, identity, cookie)
    assert await cookie_lives(empty_stores, identity, other)
    assert (await actions(empty_stores))[-1] == ("signOut", ada)


async def test_signing_out_in_an_app(empty_stores: Stores, identity: Identity, ada: UUID) -> None:
    tokens = await tokens_of(empty_stores, identity, ada)
    principal = await by_token(empty_stores, identity, tokens.access_token)
    other = replace(identity, revocations=Revocations())
    assert await token_lives(empty_stores, other, tokens.access_token)
    _, context = await ask(empty_stores, identity, principal, SIGN_OUT)
    assert context.reply.session_id is None
    assert not await token_lives(empty_stores, identity, tokens.access_token)  # at once, here
    await other.revocations.refresh(empty_stores.postgres, utc_now())
    assert not await token_lives(empty_stores, other, tokens.access_token)


async def test_ending_another_session_of_mine(
    empty_stores: Stores, identity: Identity, ada: UUID
) -> None:
    tokens = await tokens_of(empty_stores, identity, ada)
    old = await cookie_of(empty_stores, identity, ada)
    cookie = await cookie_of(empty_stores, identity, ada)
    principal = await by_cookie(empty_stores, identity, cookie)
    phone = (await by_token(empty_stores, identity, tokens.access_token)).session
    assert phone is not None
    for session_id in (phone.id, session_hash(old)):
        data, context = await ask(empty_stores, identity, principal, SIGN_OUT, {"id": session_id})
        assert data["signOut"]["sessionCount"] == 1
        assert context.reply.session_id is None
    assert not await cookie_lives(empty_stores, identity, old)
    assert not await token_lives(empty_stores, identity, tokens.access_token)
    assert await cookie_lives(empty_stores, identity, cookie)


async def test_a_session_of_somebody_else_looks_like_none(
    empty_stores: Stores, identity: Identity, ada: UUID
) -> None:
    grace = await add_account(empty_stores, 2)
    theirs = await cookie_of(empty_stores, identity, grace)
    their_tokens = await tokens_of(empty_stores, identity, grace)
    phone = (await by_token(empty_stores, identity, their_tokens.access_token)).session
    cookie = await cookie_of(empty_stores, identity, ada)
    principal = await by_cookie(empty_stores, identity, cookie)
    assert phone is not None
    answers = []
    for session_id in (
        session_hash(theirs),
        phone.id,
        "0" * 64,
        str(UUID(int=5)),
        "",
        "nonsense",
        "\ud800",
        theirs,
    ):
        data, _ = await ask(empty_stores, identity, principal, SIGN_OUT, {"id": session_id})
        answers.append(data["signOut"])
    assert answers == [{"__typename": "NotFound"}] * len(answers)
    assert await cookie_lives(empty_stores, identity, theirs)
    assert await token_lives(empty_stores, identity, their_tokens.access_token)
    assert [one for one, _ in await actions(empty_stores)].count("signOut") == 0


async def test_signing_out_everywhere(empty_stores: Stores, identity: Identity, ada: UUID) -> None:
    grace = await add_account(empty_stores, 2)
    theirs = await cookie_of(empty_stores, identity, grace)
    tokens = await tokens_of(empty_stores, identity, ada)
    cookies = [await cookie_of(empty_stores, identity, ada) for _ in range(3)]
    principal = await by_cookie(empty_stores, identity, cookies[0])
    data, context = await ask(empty_stores, identity, principal, EVERYWHERE)
    assert data["signOutEverywhere"]["sessionCount"] == 4
    assert context.reply.session_id == ""
    for cookie in cookies:
        assert not await cookie_lives(empty_stores, identity, cookie)
    assert not await token_lives(empty_stores, identity, tokens.access_token)
    assert await cookie_lives(empty_stores, identity, theirs)
    assert (await actions(empty_stores))[-1] == ("signOutEverywhere", ada)

    again = await tokens_of(empty_stores, identity, ada)  # in the same second, most likely
    assert await token_lives(empty_stores, identity, again.access_token)
    assert await cookie_lives(empty_stores, identity, await cookie_of(empty_stores, identity, ada))


@pytest.mark.parametrize("sort", list(SessionKind))
async def test_all_but_one_session_can_end(
    empty_stores: Stores, identity: Identity, ada: UUID, sort: SessionKind
) -> None:
    cookie, other = [await cookie_of(empty_stores, identity, ada) for _ in range(2)]
    tokens, more = [await tokens_of(empty_stores, identity, ada) for _ in range(2)]
    if sort is SessionKind.COOKIE:
        principal = await by_cookie(empty_stores, identity, cookie)
    else:
        principal = await by_token(empty_stores, identity, tokens.access_token)
    await end_all(empty_stores, identity, principal, keep=principal.session)
    kept = sort is SessionKind.COOKIE
    assert await cookie_lives(empty_stores, identity, cookie) is kept
    assert await token_lives(empty_stores, identity, tokens.access_token) is not kept
    assert not await cookie_lives(empty_stores, identity, other)
    assert not await token_lives(empty_stores, identity, more.access_token)


async def end_all(
    stores: Stores,
    identity: Identity,
    principal: Principal,
    keep: SessionRef | None = None,
    *,
    redis: bool = True,
) -> None:
    """End sessions as a change of the password does."""
    context = context_of(stores, principal, identity=identity)
    assert principal.user_id is not None
    async with stores.postgres.transaction() as connection:
        await end_sessions(context, connection, principal.user_id, keep=keep)
    if not redis:
        gone = open_redis("redis://127.0.0.1:1/0", RedisSettings(url=None))
        context = replace(context, stores=replace(stores, redis=gone))
    await forget_sessions(context, principal.user_id, keep=keep)


async def test_what_redis_missed_ends_all_the_same(
    empty_stores: Stores, identity: Identity, ada: UUID
) -> None:
    cookie = await cookie_of(empty_stores, identity, ada)
    principal = await by_cookie(empty_stores, identity, cookie)
    await end_all(empty_stores, identity, principal, redis=False)
    await identity.revocations.refresh(empty_stores.postgres, utc_now())
    assert not await cookie_lives(empty_stores, identity, cookie)


async def test_a_job_ends_what_redis_missed_and_nothing_later(
    empty_stores: Stores, identity: Identity, ada: UUID
) -> None:
    cookie, other = [await cookie_of(empty_stores, identity, ada) for _ in range(2)]
    principal = await by_cookie(empty_stores, identity, cookie)
    await end_all(empty_stores, identity, principal, keep=principal.session, redis=False)
    later = await cookie_of(empty_stores, identity, ada)
    assert await cookie_lives(empty_stores, identity, other)
    (job,) = await empty_stores.postgres.read(
        select(jobs.c.payload).where(jobs.c.kind == JobKind.FORGET_SESSIONS)
    )
    duties = {JobKind.FORGET_SESSIONS: Duty(SessionsDuty(empty_stores))}
    assert (await Worker(empty_stores.postgres, duties).drain()).done == 1
    for _ in range(2):  # jobs may be done twice
        assert not await cookie_lives(empty_stores, identity, other)
        assert await cookie_lives(empty_stores, identity, cookie)
        assert await cookie_lives(empty_stores, identity, later)
        await forget_ended(empty_stores.redis, job.payload)


async def test_no_session_slips_through_while_an_account_is_closed(
    empty_stores: Stores, identity: Identity, ada: UUID
) -> None:
    """Signing in and closing at once: whichever is first, no session is left."""

    async def sign_in(number: int) -> None:
        context = context_of(empty_stores, identity=identity, client=Client(str(number), "", True))
        kind = SessionKind.COOKIE if number % 2 else SessionKind.TOKENS
        try:
            signed = await begin_session(context, ada, kind, ("password",))
        except WrongCredentials:
            return
        begun.append((context.reply.session_id, signed.tokens))

    async def close() -> None:
        context = context_of(empty_stores, identity=identity)
        async with empty_stores.postgres.transaction() as connection:
            await end_sessions(context, connection, ada)
        await change_account(empty_stores, ada, disabled_at=utc_now())
        async with empty_stores.postgres.transaction() as connection:
            await end_sessions(context, connection, ada)
        await forget_sessions(context, ada)

    begun: list[Any] = []
    await asyncio.gather(*(sign_in(number) for number in range(5)), close())
    await asyncio.gather(*(sign_in(number) for number in range(5)))
    for cookie, tokens in begun:
        if cookie:
            assert not await cookie_lives(empty_stores, identity, cookie)
        if tokens:
            assert not await token_lives(empty_stores, identity, tokens.access_token)


async def test_devices_of_the_phone_and_the_browser(
    empty_stores: Stores, identity: Identity, ada: UUID
) -> None:
    assert PHONE.preflight is False
    await tokens_of(empty_stores, identity, ada, replace(PHONE, user_agent=""))
    cookie = await cookie_of(empty_stores, identity, ada)
    principal = await by_cookie(empty_stores, identity, cookie)
    data, _ = await ask(empty_stores, identity, principal, SESSIONS)
    devices = {one["device"] for one in data["viewer"]["account"]["sessions"]}
    assert devices == {"Unknown device", "Firefox on Linux"}
