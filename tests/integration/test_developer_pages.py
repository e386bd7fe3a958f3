"""The developer portal on stores: keys and apps of one's own, and of nobody else's."""

import re
from collections.abc import AsyncIterator

import httpx2
import pytest

from datasources.stores import Stores
from gateway.oauth.words import meanings
from resolvers.context import utc_now
from tests.factories.apps import sign_in
from tests.factories.http import BASE, client_of, post
from tests.factories.oauth_world import World, a_world

OURS = {"Sec-Fetch-Site": "same-origin"}
KEYS, KEY = "/developers/keys", "/developers/key"
APPS, APP = "/developers/apps", "/developers/app"
NEW_KEY = {"name": "Sync <1>", "kind": "SECRET", "lifetime": "30", "scope:catalog:read": "yes"}
NEW_APP = {
    "name": "Mixtape 2",
    "website": "https://mixtape.example",
    "authentication": "SECRET",
    "grant:AUTHORIZATION_CODE": "yes",
    "redirectUris": "https://mixtape.example/back\r\n\r\n https://mixtape.example/b \r\n",
    "scope:openid": "yes",
    "scope:profile": "yes",
    "jwksUri": "",
}


@pytest.fixture
async def world(empty_stores: Stores) -> AsyncIterator[World]:
    async with a_world(empty_stores) as world:
        yield world


async def sent(browser: httpx2.AsyncClient, path: str, **fields: str) -> httpx2.Response:
    return await browser.post(path, data=fields, headers=OURS)


def secret_in(page: httpx2.Response) -> str:
    assert page.status_code == 200, page.text
    found = re.search(r'<code class="key" id="secret">([^<]+)</code>', page.text)
    assert found, page.text
    return found[1]


def id_in(page: httpx2.Response) -> str:
    found = re.search(r"/developers/(?:key|app)\?id=([0-9a-f-]{36})", page.text)
    assert found, page.text
    return found[1]


async def status_of(world: World, key: str) -> int:
    async with client_of(world.stores, world.identity) as client:
        return (await post(client, "{ __typename }", headers={"X-API-Key": key})).status_code


async def test_a_key_is_made_shown_once_rotated_and_revoked(world: World) -> None:
    made = await sent(world.browser, f"{KEYS}/create", **NEW_KEY)
    secret, id_ = secret_in(made), id_in(made)
    assert made.headers["cache-control"] == "no-store"
    for language in ("curl", "javascript", "python", "swift"):
        snippet = re.search(rf'data-snippet="{language}">(.*?)</code>', made.text, re.DOTALL)
        assert snippet
        assert secret in snippet[1]
        assert f"{BASE}/graphql" in snippet[1]
    assert "Sync &lt;1&gt;" in made.text
    assert await status_of(world, secret) == 200

    for path in (KEYS, f"{KEY}?id={id_}"):
        page = await world.browser.get(path)
        assert page.status_code == 200
        assert secret not in page.text
        assert secret[:8] in page.text
        assert "Sync &lt;1&gt;" in page.text

    rotated = await sent(world.browser, f"{KEY}/rotate", id=id_, overlap="0")
    other = secret_in(rotated)
    assert other != secret
    assert (await status_of(world, secret), await status_of(world, other)) == (401, 200)
    revoked = await sent(world.browser, f"{KEY}/revoke", id=id_)
    assert revoked.headers["location"] == f"{KEY}?id={id_}&notice=key-revoked"
    assert await status_of(world, other) == 401
    page = await world.browser.get(revoked.headers["location"])
    assert "Within seconds no server takes it." in page.text
    assert f"{KEY}/rotate" not in page.text
    again = await sent(world.browser, f"{KEY}/rotate", id=id_, overlap="0")
    assert again.status_code == 404


async def test_use_is_a_chart_and_a_table(world: World) -> None:
    made = await sent(world.browser, f"{KEYS}/create", **NEW_KEY)
    secret, here = secret_in(made), f"{KEY}?id={id_in(made)}"
    assert "It was not used in 30 days." in (await world.browser.get(here)).text
    async with client_of(world.stores, world.identity) as client:
        for _ in range(3):
            await post(client, "{ genres { slug } }", headers={"X-API-Key": secret})
    await world.identity.key_use.flush(world.stores, utc_now())  # as the background does
    page = await world.browser.get(f"{here}&days=7")
    assert "3 operations in 7 days." in page.text
    assert page.text.count("<rect ") == 7
    assert re.search(r'<rect [^>]*height="100.0"><title>[^<]+: 3</title>', page.text)
    assert re.search(r'<code>genres</code></th><td class="number">3</td>', page.text)
    odd = await world.browser.get(f"{here}&days=9999999")
    assert odd.text.count("<rect ") == 30


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"scope:catalog:read": "no"}, "scopes"),
        ({"scope:account:manage": "yes"}, "scopes"),
        ({"scope:admin": "yes"}, "scopes"),
        ({"kind": "PUBLISHABLE"}, "allowedOrigins"),
        ({"allowedOrigins": "http://evil.example"}, "allowedOrigins"),
        ({"allowedAddresses": "192.0.2.0/24\nx"}, "allowedAddresses"),
        ({"kind": "OTHER"}, "kind"),
        ({"lifetime": "99999999999"}, "kind"),
    ],
    ids=str,
)
async def test_what_no_key_can_be_is_said_beside_its_field(
    world: World, changes: dict[str, str], field: str
) -> None:
    page = await sent(world.browser, f"{KEYS}/create", **{**NEW_KEY, **changes})
    assert page.status_code == 422
    assert f'<p class="error" id="{field}-error">' in page.text
    assert f'{field}-error"' in page.text
    assert "autofocus" in page.text
    assert "You have none yet." in page.text


async def test_an_app_is_registered_changed_rotated_and_deleted(world: World) -> None:
    made = await sent(world.browser, f"{APPS}/register", **NEW_APP)
    secret, id_ = secret_in(made), id_in(made)
    page = await world.browser.get(f"{APP}?id={id_}")
    assert secret not in page.text
    assert "\nhttps://mixtape.example/back\nhttps://mixtape.example/b</textarea>" in page.text
    ticked = re.findall(r'name="([^"]+)" value="yes" checked', page.text)
    assert ticked == ["grant:AUTHORIZATION_CODE", "scope:openid", "scope:profile"]

    wrong = await sent(world.browser, f"{APP}/update", id=id_, **{**NEW_APP, "website": "x"})
    assert wrong.status_code == 422
    assert '<p class="error" id="website-error">' in wrong.text
    keys = {**NEW_APP, "jwksUri": "https://mixtape.example/keys"}
    wrong = await sent(world.browser, f"{APP}/update", id=id_, **keys)
    assert '<p class="error" id="jwksUri-error">Only an app that signs' in wrong.text
    saved = await sent(world.browser, f"{APP}/update", id=id_, **{**NEW_APP, "name": "Tape"})
    assert saved.headers["location"] == f"{APP}?id={id_}&notice=app-saved"
    assert "<h1>Tape</h1>" in (await world.browser.get(saved.headers["location"])).text

    other = secret_in(await sent(world.browser, f"{APP}/rotate", id=id_, overlap="3600"))
    assert other != secret
    assert "Secret before" in (await world.browser.get(f"{APP}?id={id_}")).text
    gone = await sent(world.browser, f"{APP}/delete", id=id_)
    assert gone.headers["location"] == f"{APPS}?notice=app-deleted"
    assert (await world.browser.get(f"{APP}?id={id_}")).status_code == 404


async def test_apps_without_a_secret_and_with_keys(world: World) -> None:
    public = await sent(world.browser, f"{APPS}/register", **{**NEW_APP, "authentication": "NONE"})
    assert "It has no secret" in public.text
    rotated = await sent(world.browser, f"{APP}/rotate", id=id_in(public), overlap="0")
    assert rotated.status_code == 400
    assert "This app has no secret." in rotated.text
    signs = {**NEW_APP, "authentication": "PRIVATE_KEY_JWT"}
    without = await sent(world.browser, f"{APPS}/register", **signs)
    assert '<p class="error" id="jwksUri-error">' in without.text
    signs["jwksUri"] = "https://mixtape.example/keys"
    assert "is registered." in (await sent(world.browser, f"{APPS}/register", **signs)).text
    odd = await sent(world.browser, f"{APPS}/register", **{**NEW_APP, "authentication": "X"})
    assert '<p class="error" id="authentication-error">' in odd.text


async def test_what_is_anothers_is_not_there(world: World) -> None:
    made = await sent(world.browser, f"{KEYS}/create", **NEW_KEY)
    key, secret = id_in(made), secret_in(made)
    async with client_of(world.stores, world.identity) as browser:
        await sign_in(browser, world.stores, world.identity, world.bob)
        for path in (f"{KEY}?id={key}", f"{KEY}?id=x", f"{APP}?id={key}", KEY, APP):
            assert (await browser.get(path)).status_code == 404, path
        for path in (f"{KEY}/rotate", f"{KEY}/revoke", f"{APP}/rotate", f"{APP}/delete"):
            answer = await sent(browser, path, id=key, overlap="0")
            assert answer.status_code == 404, path
    assert (await world.browser.get(f"{APP}?id={world.app.id}")).status_code == 404
    assert await status_of(world, secret) == 200


async def test_no_key_opens_the_portal(world: World) -> None:
    secret = secret_in(await sent(world.browser, f"{KEYS}/create", **NEW_KEY))
    world.browser.cookies.clear()
    for path in ("/developers", KEYS):
        answer = await world.browser.get(path, headers={"X-API-Key": secret})
        assert answer.status_code == 403


async def test_a_key_for_a_page_has_an_example_that_it_may_send(world: World) -> None:
    page = {"kind": "PUBLISHABLE", "allowedOrigins": "https://a.example\nhttp://localhost:3000"}
    made = await sent(world.browser, f"{KEYS}/create", **{**NEW_KEY, **page})
    assert "pk_dev_pub_" in secret_in(made)
    assert made.text.count("{ genres { slug } }") == 4
    shown = await world.browser.get(f"{KEY}?id={id_in(made)}")
    assert "https://a.example, http://localhost:3000" in shown.text


async def test_scopes_and_quick_starts_are_for_everybody(world: World) -> None:
    world.browser.cookies.clear()
    scopes = await world.browser.get("/developers/scopes")
    assert all(f"<code>{one.name}</code>" in scopes.text for one in meanings())
    starts = await world.browser.get("/developers/quick-starts")
    assert starts.text.count("YOUR_KEY") == 5
