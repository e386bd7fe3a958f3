"""Whatever ends credentials tells so in the live stream: whose they are, and no more."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from auth.principal import SessionKind, SessionRef, person
from auth.sessions import session_hash
from datasources.errors import StoreUnavailable
from datasources.postgres.account_tables import token_families
from datasources.records.accounts import MailTokenPurpose, Role
from datasources.redis.credentials import CREDENTIALS
from datasources.redis.live import locate, read_on
from datasources.stores import Stores
from resolvers.account_deletion import delete_account
from resolvers.api_keys import revoke_api_key, rotate_api_key
from resolvers.app_commands import delete_app, set_app_disabled
from resolvers.app_consents import withdraw_consent
from resolvers.context import RequestContext, utc_now
from resolvers.errors import NotFound, WrongCredentials
from resolvers.key_administration import revoke_any_key
from resolvers.key_reports import report_api_key
from resolvers.password_commands import change_password, reset_password
from resolvers.roles import change_role, disable_account
from resolvers.session_commands import refresh_tokens, sign_out, sign_out_everywhere
from resolvers.sessions import MAX_SESSIONS, forget_ended
from tests.factories.accounts import OTHER_PASSWORD, PASSWORD, context_from, link
from tests.factories.api_keys import PAGE, a_key
from tests.factories.apps import a_code, an_app, as_app, exchange, tokens
from tests.factories.oauth_world import World, a_world
from tests.factories.operations import identity_of
from tests.factories.people import cookie_of, tokens_of


@pytest.fixture
async def world(empty_stores: Stores) -> AsyncIterator[World]:
    identity = identity_of(empty_stores)
    settings = identity.settings.model_copy(update={"refresh_grace_s": 0.0})
    async with a_world(empty_stores, replace(identity, settings=settings)) as world:
        yield world


@asynccontextmanager
async def told(world: World, *owners: UUID) -> AsyncIterator[None]:
    """Expect that the ends of these owners' credentials are told during the block, and no other."""
    redis = world.stores.redis
    before = await locate(redis, redis.client)
    yield
    events = await read_on(redis, redis.client, before.entry_id, block_ms=1)
    assert {UUID(one.body) for one in events if one.topic == CREDENTIALS} == set(owners)


def of_ann(world: World, session: SessionRef | None = None) -> RequestContext:
    """Return the context of an operation of Ann's."""
    return context_from(world.stores, world.identity, principal=person(world.ann, session=session))


def of_bob(world: World) -> RequestContext:
    return context_from(world.stores, world.identity, principal=person(world.bob))


def of_nobody(world: World) -> RequestContext:
    return context_from(world.stores, world.identity)


def in_browser(cookie: str) -> SessionRef:
    return SessionRef(SessionKind.COOKIE, session_hash(cookie))


async def families(world: World) -> Sequence[UUID]:
    async with world.stores.postgres.transaction() as connection:
        return (await connection.scalars(select(token_families.c.id))).all()


# --- sessions -------------------------------------------------------------------------------------


async def test_signing_out_in_a_browser(world: World) -> None:
    cookie = await cookie_of(world.stores, world.identity, world.ann)
    async with told(world, world.ann):
        await sign_out(of_ann(world, in_browser(cookie)))


async def test_signing_in_as_somebody_else(world: World) -> None:
    cookie = await cookie_of(world.stores, world.identity, world.bob)
    async with told(world, world.bob):
        before = person(world.bob, session=in_browser(cookie))
        await cookie_of(world.stores, world.identity, world.ann, before)


async def test_signing_out_in_an_app(world: World) -> None:
    async with told(world):
        await tokens_of(world.stores, world.identity, world.ann)
    (family,) = await families(world)
    async with told(world, world.ann):
        await sign_out(of_ann(world), str(family))


async def test_signing_out_everywhere(world: World) -> None:
    async with told(world, world.ann):
        await sign_out_everywhere(of_ann(world))


async def test_more_sessions_than_anybody_has(world: World) -> None:
    for _ in range(MAX_SESSIONS):
        await tokens_of(world.stores, world.identity, world.ann)
    async with told(world, world.ann):
        await tokens_of(world.stores, world.identity, world.ann)


async def test_more_browsers_than_anybody_has(world: World) -> None:
    async with told(world):
        for _ in range(MAX_SESSIONS - 1):  # in one she is signed in
            await cookie_of(world.stores, world.identity, world.ann)
    async with told(world, world.ann):
        await cookie_of(world.stores, world.identity, world.ann)


async def test_a_session_that_is_none(world: World) -> None:
    async with told(world):
        with pytest.raises(NotFound):
            await sign_out(of_ann(world), "0" * 64)


async def test_a_session_that_is_over_by_itself(world: World) -> None:
    session = in_browser(await cookie_of(world.stores, world.identity, world.ann))
    await world.stores.redis.client.delete(world.stores.redis.key("session", session.id))
    async with told(world):
        with pytest.raises(NotFound):
            await sign_out(of_ann(world), session.id)


async def test_the_job_that_ends_what_could_not_be_ended_at_once(world: World) -> None:
    later = (utc_now() + timedelta(seconds=1)).isoformat()
    job = {"user_id": str(world.ann), "keep": None, "before": later}
    async with told(world, world.ann):
        await forget_ended(world.stores.redis, job)
    async with told(world):
        await forget_ended(world.stores.redis, job)


async def test_a_refresh_token_that_was_spent(world: World) -> None:
    spent = (await tokens_of(world.stores, world.identity, world.ann)).refresh_token
    async with told(world):
        await refresh_tokens(of_nobody(world), spent)
    async with told(world, world.ann):
        with pytest.raises(WrongCredentials):
            await refresh_tokens(of_nobody(world), spent)


# --- accounts -------------------------------------------------------------------------------------


async def test_another_password(world: World) -> None:
    async with told(world, world.ann):
        await change_password(of_ann(world), PASSWORD, OTHER_PASSWORD)


async def test_a_password_that_was_forgotten(world: World) -> None:
    purpose, address = MailTokenPurpose.RESET_PASSWORD, "ann@example.org"
    token = await link(world.stores, purpose, world.ann, address)
    async with told(world, world.ann):
        await reset_password(of_nobody(world), token, OTHER_PASSWORD)


async def test_another_role(world: World) -> None:
    async with told(world, world.ann):
        await change_role(of_nobody(world), "ann", Role.CURATOR)


async def test_a_disabled_account(world: World) -> None:
    async with told(world, world.ann):
        await disable_account(of_nobody(world), "ann")


async def test_a_deleted_account_and_its_apps(world: World) -> None:
    other = await an_app(world.stores, world.identity, world.bob)
    async with told(world, world.bob, world.app.record.id, other.record.id):
        await delete_account(of_bob(world), PASSWORD)


# --- API keys -------------------------------------------------------------------------------------


async def test_a_revoked_key(world: World) -> None:
    key = await a_key(world.stores, world.identity, world.ann)
    async with told(world, world.ann):
        await revoke_api_key(of_ann(world), key.api_key.id)


async def test_a_key_that_an_operator_revoked(world: World) -> None:
    key = await a_key(world.stores, world.identity, world.ann, PAGE)
    async with told(world, world.ann):
        assert await revoke_any_key(of_nobody(world), key.api_key.id)
    async with told(world):
        assert not await revoke_any_key(of_nobody(world), key.api_key.id)


async def test_a_key_with_another_text(world: World) -> None:
    key = await a_key(world.stores, world.identity, world.ann)
    async with told(world, world.ann):
        await rotate_api_key(of_ann(world), key.api_key.id, 0)


async def test_a_key_that_was_found(world: World) -> None:
    key = await a_key(world.stores, world.identity, world.ann)
    async with told(world, world.ann):
        await report_api_key(of_nobody(world), key.secret)


# --- apps -----------------------------------------------------------------------------------------


async def test_a_consent_that_is_withdrawn(world: World) -> None:
    await tokens(world.browser, world.app)
    async with told(world, world.ann):
        await withdraw_consent(of_ann(world), world.app.record.id)


async def test_a_token_that_its_app_revokes(world: World) -> None:
    got = await tokens(world.browser, world.app)
    async with told(world, world.ann):
        form = {"token": got["refresh_token"], **world.app.proof}
        assert (await as_app(world.browser, "/oauth/revoke", form)).status_code == 200


async def test_a_code_that_comes_again(world: World) -> None:
    code = await a_code(world.browser, world.app)
    async with told(world):
        assert (await exchange(world.browser, world.app, code)).status_code == 200
    async with told(world, world.ann):
        assert (await exchange(world.browser, world.app, code)).status_code == 400


async def test_a_disabled_app(world: World) -> None:
    app_id = world.app.record.id
    async with told(world, app_id):
        await set_app_disabled(of_nobody(world), app_id, disabled=True)
    async with told(world):
        await set_app_disabled(of_nobody(world), app_id, disabled=False)


async def test_a_deleted_app(world: World) -> None:
    async with told(world, world.app.record.id):
        await delete_app(of_bob(world), world.app.record.id)


# --- trouble --------------------------------------------------------------------------------------


async def test_what_cannot_be_told_is_done_all_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lost(*_: object) -> None:
        raise StoreUnavailable("redis", "gone")

    key = await a_key(world.stores, world.identity, world.ann)
    monkeypatch.setattr("resolvers.credentials.announce_ending", lost)
    revoked = await revoke_api_key(of_ann(world), key.api_key.id)
    assert revoked.api_key.revoked_at is not None
