"""What others try while somebody signs in at an OpenID provider."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from auth.identity import Identity
from datasources.stores import Stores
from tests.factories.elsewhere import begin, path_of, with_providers
from tests.factories.http import client_of
from tests.factories.id_tokens import ISSUER
from tests.factories.operations import identity_of
from tests.factories.rogue_provider import (
    Rogue,
    arrives,
    back,
    begun,
    refused,
    settings,
)

OURS = {"Sec-Fetch-Site": "same-origin"}
CALLBACK = "/auth/callback/acme"
BACKCHANNEL = "/auth/backchannel-logout/acme"


@pytest.fixture
def rogue() -> Rogue:
    return Rogue()


@pytest.fixture
def identity(empty_stores: Stores, rogue: Rogue) -> Identity:
    return with_providers(identity_of(empty_stores), rogue, acme=settings())


@pytest.fixture
async def client(empty_stores: Stores, identity: Identity) -> AsyncIterator[httpx2.AsyncClient]:
    async with client_of(empty_stores, identity) as client:
        yield client


async def test_the_way_there_asks_for_what_it_should(
    client: httpx2.AsyncClient, rogue: Rogue
) -> None:
    url = await begin(client)
    asked = parse_qs(urlsplit(url).query)
    assert url.startswith(f"{ISSUER}/authorize?")
    assert asked["response_type"] == ["code"]
    assert asked["code_challenge_method"] == ["S256"]
    assert len(asked["code_challenge"][0]) == 43
    assert len(asked["state"][0]) == len(asked["nonce"][0]) == 43
    assert asked["scope"] == ["openid email profile"]
    assert asked["redirect_uri"] == ["https://music.example/auth/callback/acme"]
    other = parse_qs(urlsplit(await begin(client)).query)
    for name in ("state", "nonce", "code_challenge"):
        assert asked[name] != other[name]
    rogue.nonce = asked["nonce"][0]
    assert path_of(await back(client, asked["state"][0])) == "/account/welcome"
    [form] = rogue.forms
    assert (form["grant_type"], form["code"]) == ("authorization_code", "a code")
    assert len(form["code_verifier"]) == 43
    assert "client_secret" not in form  # it is in the header


async def test_the_cookie_of_an_attempt_is_of_this_host_and_no_script(
    client: httpx2.AsyncClient,
) -> None:
    answer = await client.get("/auth/login/acme")
    [cookie] = answer.headers.get_list("set-cookie")
    assert re.match(r"__Host-login_[0-9a-f]{12}=[\w-]{43};", cookie)
    for part in ("HttpOnly", "Secure", "SameSite=lax", "Path=/", "Max-Age=600"):
        assert part in cookie
    assert "Domain" not in cookie


# --- what the browser brings back ---------------------------------------------------------------


async def test_an_attempt_ends_once(client: httpx2.AsyncClient, rogue: Rogue) -> None:
    state = await begun(client, rogue)
    jar = dict(client.cookies)
    assert path_of(await back(client, state)) == "/account/welcome"
    client.cookies.update(jar)
    assert refused(await back(client, state))
    assert len(rogue.forms) == 1


async def test_of_many_at_once_one_ends_it(client: httpx2.AsyncClient, rogue: Rogue) -> None:
    state = await begun(client, rogue)
    answers = await asyncio.gather(*(back(client, state) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [303, *[400] * 9]
    assert len(rogue.forms) == 1


async def test_an_attempt_of_another_browser_does_not_end_here(
    client: httpx2.AsyncClient, rogue: Rogue, empty_stores: Stores, identity: Identity
) -> None:
    """Whoever sends somebody a link with their own code would sign them in as themselves."""
    state = await begun(client, rogue)
    async with client_of(empty_stores, identity) as victim:
        assert refused(await back(victim, state))
        name = next(name for name in client.cookies if name.startswith("__Host-login_"))
        victim.cookies.set(name, "guessed", domain="music.example")
        assert refused(await back(victim, await begun(client, rogue)))
    assert rogue.forms == []


async def test_the_cookie_of_another_attempt_does_not_fit(
    client: httpx2.AsyncClient, rogue: Rogue
) -> None:
    states = [await begun(client, rogue) for _ in range(2)]
    kept = {name: one for name, one in client.cookies.items() if name.startswith("__Host-login_")}
    swapped = zip(kept, reversed(kept.values()), strict=True)
    client.cookies.clear()
    cookie = "; ".join(f"{name}={value}" for name, value in swapped)
    for state in states:
        query = {"state": state, "code": "a code", "iss": ISSUER}
        assert refused(await client.get(CALLBACK, params=query, headers={"Cookie": cookie}))
    assert rogue.forms == []


@pytest.mark.parametrize("iss", ["https://evil.example", f"{ISSUER}/", "", ISSUER.upper()])
async def test_an_answer_of_another_issuer_is_refused(
    client: httpx2.AsyncClient, rogue: Rogue, iss: str
) -> None:
    """Mix-up (RFC 9207): the code must not be sent to who did not give it."""
    assert refused(await arrives(client, rogue, iss=iss))
    assert rogue.forms == []


async def test_a_provider_that_does_not_name_itself_need_not(
    client: httpx2.AsyncClient, rogue: Rogue
) -> None:
    rogue.metadata["authorization_response_iss_parameter_supported"] = False
    assert path_of(await arrives(client, rogue, iss="")) == "/account/welcome"
    assert refused(await arrives(client, rogue, iss="https://evil.example"))


async def test_an_attempt_at_one_provider_does_not_end_at_another(
    empty_stores: Stores, rogue: Rogue
) -> None:
    other = with_providers(
        identity_of(empty_stores),
        Rogue(issuer="https://two.example"),
        two=settings("https://two.example"),
    )
    one = with_providers(identity_of(empty_stores), rogue, acme=settings())
    both = replace(one, providers={**one.providers, **other.providers})
    async with client_of(empty_stores, both) as client:
        state = await begun(client, rogue)
        query = {"state": state, "code": "a code", "iss": "https://two.example"}
        assert refused(await client.get("/auth/callback/two", params=query))
        state = await begun(client, rogue)
        assert refused(await client.get("/auth/callback/two", params=query | {"iss": ISSUER}))
    assert rogue.forms == []


@pytest.mark.parametrize(
    "query",
    ["", "state=", "state=unknown", "code=a&state=%00", "state=" + "a" * 5000, "state=%ED%A0%80",
     "state=a&state=b", "code=a&code=b&state=c", "iss=a&iss=b&state=c", "error=a&error=b"],
)  # fmt: skip
async def test_nonsense_is_refused(client: httpx2.AsyncClient, query: str) -> None:
    assert refused(await client.get(f"{CALLBACK}?{query}"))


@pytest.mark.parametrize("more", [{"code": ""}, {"code": "a" * 5000}])
async def test_a_code_that_is_none_is_not_sent(
    client: httpx2.AsyncClient, rogue: Rogue, more: dict[str, str]
) -> None:
    assert refused(await arrives(client, rogue, **more))
    assert rogue.forms == []


async def test_an_error_ends_the_attempt_without_its_words(
    client: httpx2.AsyncClient, rogue: Rogue
) -> None:
    state = await begun(client, rogue)
    answer = await back(
        client, state, code="", error="access_denied", error_description="<b>Call 555</b>"
    )
    assert answer.headers["location"] == "/account/sign-in?notice=not-signed-in"
    assert refused(await back(client, state))


async def test_an_attempt_takes_ten_minutes_at_most(
    client: httpx2.AsyncClient, rogue: Rogue, empty_stores: Stores
) -> None:
    await begun(client, rogue)
    redis = empty_stores.redis
    [name] = [
        one async for one in redis.client.scan_iter(f"{redis.prefix}challenge:provider-sign-in:*")
    ]
    assert 0 < await redis.client.ttl(name) <= 600


async def test_one_network_begins_a_hundred_at_most(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resolvers.provider_attempts._PER_NETWORK", 3)
    answers = [await client.get("/auth/login/acme") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [303, 303, 303, 429]
    assert answers[-1].headers["retry-after"]


async def test_a_browser_keeps_eight_attempts(client: httpx2.AsyncClient, rogue: Rogue) -> None:
    for _ in range(12):
        state = await begun(client, rogue)
    kept = [name for name in client.cookies if name.startswith("__Host-login_")]
    assert len(kept) <= 8
    assert path_of(await back(client, state)) == "/account/welcome"
