"""Apps that run in pages: what browsers let them send to our endpoints, and read of the answers."""

from collections.abc import AsyncIterator, Mapping

import httpx2
import pytest

from datasources.stores import Stores
from tests.factories.apps import PUBLIC, a_code, an_app, exchange
from tests.factories.oauth_world import World, a_world

PAGE = "https://app.example"
OPEN = {
    "/oauth/token": "POST",
    "/oauth/revoke": "POST",
    "/oauth/device_authorization": "POST",
    "/oauth/userinfo": "GET",
    "/.well-known/jwks.json": "GET",
    "/.well-known/openid-configuration": "GET",
    "/.well-known/oauth-authorization-server": "GET",
}


@pytest.fixture
async def world(empty_stores: Stores) -> AsyncIterator[World]:
    async with a_world(empty_stores) as made:
        yield made


async def preflight(world: World, path: str, method: str, headers: str) -> httpx2.Response:
    asked = {
        "Origin": PAGE,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": headers,
    }
    return await world.browser.request("OPTIONS", path, headers=asked)


def open_to_all(headers: Mapping[str, str]) -> bool:
    """Whether any page may read an answer, which no cookie had a part in."""
    return (
        headers.get("Access-Control-Allow-Origin") == "*"
        and "Access-Control-Allow-Credentials" not in headers
    )


@pytest.mark.parametrize(("path", "method"), OPEN.items())
async def test_browsers_are_told_that_any_page_may_ask(
    world: World, path: str, method: str
) -> None:
    world.browser.cookies.clear()
    answer = await preflight(world, path, method, "authorization, content-type")
    assert answer.status_code == 200
    assert open_to_all(answer.headers)
    assert method in answer.headers["Access-Control-Allow-Methods"]
    other = await preflight(world, path, "DELETE", "authorization")
    assert other.status_code == 400
    assert (await preflight(world, path, method, "x-api-key")).status_code == 400


async def test_a_page_exchanges_its_code_and_reads_who_it_is(world: World) -> None:
    app = await an_app(world.stores, world.identity, world.bob, PUBLIC)
    code = await a_code(world.browser, app)
    world.browser.cookies.clear()
    world.browser.headers["Origin"] = PAGE
    answer = await exchange(world.browser, app, code)
    assert answer.status_code == 200, answer.text
    assert open_to_all(answer.headers)
    bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    known = await world.browser.get("/oauth/userinfo", headers=bearer)
    assert known.json()["sub"] == str(world.ann)
    assert open_to_all(known.headers)


async def test_a_page_reads_why_it_was_refused(world: World) -> None:
    world.browser.cookies.clear()
    world.browser.headers["Origin"] = PAGE
    for path in ("/oauth/token", "/oauth/revoke"):
        answer = await world.browser.post(path, data={"client_id": "nobody"})
        assert answer.json()["error"]
        assert open_to_all(answer.headers)
    answer = await world.browser.get("/oauth/userinfo")
    assert answer.status_code == 401
    assert open_to_all(answer.headers)
    assert "WWW-Authenticate" in answer.headers["Access-Control-Expose-Headers"]


async def test_a_page_of_another_site_learns_nothing_by_a_cookie(world: World) -> None:
    answer = await world.browser.get("/oauth/userinfo", headers={"Origin": PAGE})
    assert answer.status_code == 401
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize("path", ["/oauth/introspect", "/oauth/authorize", "/oauth/consent"])
async def test_what_is_not_for_scripts_stays_closed(world: World, path: str) -> None:
    answer = await preflight(world, path, "POST", "content-type")
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("path", [path for path, method in OPEN.items() if method == "POST"])
async def test_other_methods_are_refused_as_before(world: World, path: str) -> None:
    for method in ("GET", "OPTIONS"):
        answer = await world.browser.request(method, path)
        assert answer.status_code == 405
        assert answer.headers["Allow"] == "POST"


async def test_public_documents_say_so_to_whoever_asks(world: World) -> None:
    for path in OPEN:
        if path.startswith("/.well-known/"):  # caches give the same answer to pages
            assert open_to_all((await world.browser.get(path)).headers)
