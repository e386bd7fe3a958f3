"""Origins that the operator names stay open, also where somebody's API key names them, too."""

from dataclasses import replace

import httpx2
import pytest

from auth.page_origins import PageOrigins
from tests.factories.http import client_of, post
from tests.factories.live_socket import NO_STORES
from tests.factories.operations import identity_of

SITE, PAGE = "https://app.example", "https://page.example"
ASKS = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "content-type, graphql-preflight, x-api-key",
}


@pytest.fixture
def named_on_keys(monkeypatch: pytest.MonkeyPatch) -> PageOrigins:
    monkeypatch.setenv("POLYPHONY_TRANSPORT_ALLOWED_ORIGINS", SITE)
    return PageOrigins(frozenset({SITE, PAGE}))


async def answers(
    origins: PageOrigins, origin: str, key: dict[str, str]
) -> tuple[httpx2.Response, httpx2.Response]:
    identity = replace(identity_of(NO_STORES), page_origins=origins)
    page = {"Origin": origin}
    async with client_of(NO_STORES, identity) as client:
        preflight = await client.request("OPTIONS", "/graphql", headers=page | ASKS)
        return preflight, await post(client, "{ __typename }", headers=page | key)


@pytest.mark.parametrize("key", [{}, {"X-API-Key": "pk_no"}])
async def test_a_strangers_key_takes_nothing_from_a_configured_origin(
    named_on_keys: PageOrigins, key: dict[str, str]
) -> None:
    for one in await answers(named_on_keys, SITE, key):
        assert one.headers["access-control-allow-origin"] == SITE
        assert one.headers["access-control-allow-credentials"] == "true"
    preflight, _ = await answers(named_on_keys, SITE, key)
    allowed = preflight.headers["access-control-allow-headers"].lower().split(", ")
    assert preflight.status_code == 200
    assert {"graphql-preflight", "x-api-key"} <= set(allowed)


async def test_an_origin_of_a_key_alone_gets_no_sessions(named_on_keys: PageOrigins) -> None:
    preflight, answer = await answers(named_on_keys, PAGE, {"X-API-Key": "pk_no"})
    for one in (preflight, answer):
        assert one.headers["access-control-allow-origin"] == PAGE
        assert "access-control-allow-credentials" not in one.headers
