"""Devices without a browser: codes that are short-lived, few to guess, and never let in unread."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx2
import pytest
from sqlalchemy import text

from auth.principal import SessionKind, SessionRef, person
from datasources.postgres.app_tables import device_codes
from datasources.stores import Stores
from resolvers.app_consents import withdraw_consent
from resolvers.password_commands import change_password
from tests.factories.accounts import OTHER_PASSWORD, PASSWORD
from tests.factories.apps import (
    OURS,
    PUBLIC,
    App,
    a_code,
    an_app,
    as_app,
    exchange,
    ticket_in,
    viewer,
)
from tests.factories.oauth_world import World, a_world, code_of, is_void
from tests.factories.operations import context_of

GRANT = "urn:ietf:params:oauth:grant-type:device_code"


@pytest.fixture
async def world(empty_stores: Stores) -> AsyncIterator[World]:
    async with a_world(empty_stores) as made:
        made.app = await an_app(empty_stores, made.identity, made.bob, PUBLIC)
        yield made


async def begun(world: World, **changes: str) -> dict[str, str]:
    form = {"scope": "openid playlists:read", **world.app.proof, **changes}
    headers = {"User-Agent": "PolyphonyTV/2 (Linux)"}
    answer = await as_app(world.browser, "/oauth/device_authorization", form, **headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, str] = answer.json()
    return found


async def poll(world: World, code: str, app: App | None = None) -> httpx2.Response:
    form = {"grant_type": GRANT, "device_code": code, **(app or world.app).proof}
    return await as_app(world.browser, "/oauth/token", form)


async def typed(world: World, code: str) -> httpx2.Response:
    return await world.browser.post("/device", data={"code": code}, headers=OURS)


async def decided(world: World, page: httpx2.Response, decision: str = "allow") -> httpx2.Response:
    form = {"ticket": ticket_in(page), "decision": decision}
    return await world.browser.post("/device/decide", data=form, headers=OURS)


async def change(world: World, statement: str) -> None:
    async with world.stores.postgres.transaction() as connection:
        await connection.execute(text(f"update device_codes set {statement}"))  # noqa: S608  the test's own words


async def test_a_device_waits_until_it_is_let_in(world: World) -> None:
    told = await begun(world)
    assert re.fullmatch(r"[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}", told["user_code"])
    assert code_of(await poll(world, told["device_code"])) == "authorization_pending"
    shown = await world.browser.get(told["verification_uri_complete"])
    assert told["user_code"] in shown.text
    assert 'name="ticket"' not in shown.text  # a link alone lets nobody in, nor asks yet
    page = await typed(world, told["user_code"].lower().replace("-", " "))
    for said in ("Pocket", "PolyphonyTV on Linux", "127.0.0.1", "See your playlists"):
        assert said in page.text
    assert page.headers["x-frame-options"] == "DENY"
    assert "is let in" in (await decided(world, page)).text
    got = (await poll(world, told["device_code"])).json()
    assert got["scope"] == "openid playlists:read"
    assert (await viewer(world.browser, got["access_token"])).json()["data"]["viewer"]
    assert code_of(await poll(world, told["device_code"])) == "invalid_grant"
    await withdraw_consent(
        context_of(world.stores, person(world.ann), identity=world.identity), world.app.record.id
    )
    assert await is_void(world, got["access_token"])


async def test_a_device_that_is_refused_gets_nothing(world: World) -> None:
    told = await begun(world)
    page = await typed(world, told["user_code"])
    assert "is refused" in (await decided(world, page, "deny")).text
    assert code_of(await poll(world, told["device_code"])) == "access_denied"
    again = await typed(world, told["user_code"])
    assert 'name="ticket"' not in again.text


async def test_a_device_elsewhere_is_warned_of(world: World) -> None:
    told = await begun(world)
    assert "another network" not in (await typed(world, told["user_code"])).text
    await change(world, "address = '203.0.113.9'")
    page = await typed(world, told["user_code"])
    assert "another network" in page.text
    assert "203.0.113.9" in page.text


async def test_a_code_ends_soon(world: World) -> None:
    told = await begun(world)
    assert int(told["expires_in"]) == 600
    page = await typed(world, told["user_code"])
    await change(world, "expires_at = now() - interval '1 second'")
    assert "has expired" in (await decided(world, page)).text
    assert 'name="ticket"' not in (await typed(world, told["user_code"])).text
    assert code_of(await poll(world, told["device_code"])) == "expired_token"


async def test_who_asks_too_fast_has_to_wait_longer(world: World) -> None:
    told = await begun(world)
    assert code_of(await poll(world, told["device_code"])) == "authorization_pending"
    assert code_of(await poll(world, told["device_code"])) == "slow_down"
    rows = await world.stores.postgres.read(device_codes.select())
    assert [row.interval_s for row in rows] == [10]
    await change(world, "polled_at = now() - interval '1 minute'")
    assert code_of(await poll(world, told["device_code"])) == "authorization_pending"


async def test_codes_are_not_guessed(world: World) -> None:
    told = await begun(world)
    for _ in range(5):
        assert (await typed(world, "BBBB-BBBB")).status_code == 422
    limited = await typed(world, told["user_code"])
    assert limited.status_code == 429
    assert int(limited.headers["retry-after"]) > 0


async def test_no_other_site_lets_a_device_in(world: World) -> None:
    told = await begun(world)
    page = await typed(world, told["user_code"])
    form = {"ticket": ticket_in(page), "decision": "allow"}
    for headers in ({}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        assert (
            await world.browser.post("/device/decide", data=form, headers=headers)
        ).status_code == 403
        forged = await world.browser.post(
            "/device", data={"code": told["user_code"]}, headers=headers
        )
        assert forged.status_code == 403
    assert code_of(await poll(world, told["device_code"])) == "authorization_pending"


async def test_a_device_code_belongs_to_its_app(world: World) -> None:
    other = await an_app(world.stores, world.identity, world.bob)
    told = await begun(world)
    assert code_of(await poll(world, told["device_code"], other)) == "invalid_grant"
    assert code_of(await poll(world, told["user_code"])) == "invalid_grant"


async def test_too_many_codes_are_not_made(world: World) -> None:
    for _ in range(30):
        await begun(world)
    form = {"scope": "openid", **world.app.proof}
    answer = await as_app(world.browser, "/oauth/device_authorization", form)
    assert (answer.status_code, code_of(answer)) == (429, "slow_down")
    assert timedelta(seconds=int(answer.headers["retry-after"])) <= timedelta(minutes=10)


async def test_another_password_voids_what_has_no_tokens_yet(world: World) -> None:
    """Who let a device in from a stolen session is out, and so is the device."""
    told, refused, waiting = [await begun(world) for _ in range(3)]
    await decided(world, await typed(world, told["user_code"]))
    await decided(world, await typed(world, refused["user_code"]), "deny")
    code = await a_code(world.browser, world.app)
    mine = person(world.ann, session=SessionRef(SessionKind.COOKIE, "a" * 64))
    context = context_of(world.stores, mine, identity=world.identity)
    await change_password(context, PASSWORD, OTHER_PASSWORD)
    assert code_of(await poll(world, told["device_code"])) == "invalid_grant"
    assert code_of(await exchange(world.browser, world.app, code)) == "invalid_grant"
    assert code_of(await poll(world, refused["device_code"])) == "access_denied"
    assert code_of(await poll(world, waiting["device_code"])) == "authorization_pending"
