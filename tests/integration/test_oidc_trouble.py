"""OpenID providers that lie, fail or are slow, and what they say of who signed out."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from auth.identity import Identity
from auth.outgoing import Outgoing, OutgoingError
from datasources.redis.client import open_redis
from datasources.redis.settings import RedisSettings
from datasources.stores import Stores
from resolvers.context import RequestContext, utc_now
from tests.factories.accounts import PASSWORD, an_account
from tests.factories.elsewhere import path_of, with_providers
from tests.factories.http import client_of
from tests.factories.id_tokens import ISSUER, LOGOUT_TOKEN, signed
from tests.factories.operations import identity_of
from tests.factories.rogue_provider import (
    DISCOVERY,
    KEYS,
    TOKEN,
    USERINFO,
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


# --- what the provider says ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"},
        {"aud": "another"},
        {"nonce": "of another attempt"},
        {"nonce": ...},
        {"exp": 5},
        {"iat": 4_000_000_000, "exp": 4_000_000_300},
        {"sub": ...},
    ],
    ids=str,
)
async def test_an_id_token_that_is_not_good_signs_nobody_in(
    client: httpx2.AsyncClient, rogue: Rogue, claims: dict[str, Any]
) -> None:
    rogue.claims = claims
    assert refused(await arrives(client, rogue))


async def test_a_code_of_another_session_is_told_by_its_nonce(
    client: httpx2.AsyncClient, rogue: Rogue, empty_stores: Stores, identity: Identity
) -> None:
    """Code injection, at a provider that forgets to compare the verifier (RFC 9700, 4.5)."""
    async with client_of(empty_stores, identity) as victim:
        await begun(victim, rogue)
        victims_nonce = rogue.nonce
    state = await begun(client, rogue)
    rogue.nonce = victims_nonce  # it is the victim's code that comes back here
    assert refused(await back(client, state, code="the victim's"))


async def test_a_code_that_the_provider_does_not_know_is_refused(
    client: httpx2.AsyncClient, rogue: Rogue
) -> None:
    rogue.answers[TOKEN] = httpx2.Response(400, json={"error": "invalid_grant"})
    assert refused(await arrives(client, rogue))


_PAGE = b"<html>Welcome to our captive portal</html>"


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        (DISCOVERY, OutgoingError("took too long")),
        (DISCOVERY, _PAGE),
        (DISCOVERY, b""),
        (DISCOVERY, b"[]"),
        (DISCOVERY, b"null"),
        (DISCOVERY, httpx2.Response(302, headers={"Location": "https://evil.example"})),
        (DISCOVERY, httpx2.Response(500)),
        (DISCOVERY, {"issuer": ISSUER}),
    ],
    ids=range(8),
)
async def test_a_provider_whose_metadata_is_rubbish_costs_only_its_button(
    client: httpx2.AsyncClient, rogue: Rogue, empty_stores: Stores, path: str, answer: Any
) -> None:
    rogue.answers[path] = answer
    response = await client.get("/auth/login/acme")
    assert refused(response, 503)
    assert "does not answer as it should" in response.text
    assert "Sign in another way" in response.text
    await an_account(empty_stores, "ann")
    page = await client.get("/account/sign-in")
    assert (page.status_code, "/auth/login/acme" in page.text) == (200, True)
    form = {"login": "ann", "password": PASSWORD}
    assert path_of(await client.post("/account/sign-in", data=form, headers=OURS)) == "/account"
    for _ in range(5):
        await client.get("/auth/login/acme")
    assert len(rogue.asked) == 2  # a minute


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://evil.example"}, {"issuer": f"{ISSUER}/"}, {"issuer": ...},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": "http://id.example/authorize"},
        {"authorization_endpoint": "https://user@evil.example/"},
        {"authorization_endpoint": 5}, {"authorization_endpoint": "https://id.example/\r\nX: y"},
        {"token_endpoint": None}, {"token_endpoint": "file:///etc/passwd"}, {"jwks_uri": ""},
        {"jwks_uri": "http://169.254.169.254/"}, {"end_session_endpoint": "data:text/html,hi"},
        {"userinfo_endpoint": "https://[bad/"},
    ],
    ids=str,
)  # fmt: skip
async def test_metadata_that_leads_elsewhere_is_refused(
    client: httpx2.AsyncClient, rogue: Rogue, metadata: dict[str, Any]
) -> None:
    rogue.metadata = metadata
    if metadata.get("issuer") is ...:
        rogue.metadata = {"issuer": None}
    assert refused(await client.get("/auth/login/acme"), 503)


async def test_metadata_sets_nothing_else_of_ours(client: httpx2.AsyncClient, rogue: Rogue) -> None:
    rogue.metadata = {
        "verify": False,
        "id_token_signing_alg_values_supported": ["none", "HS256"],
        "token_endpoint_auth_methods_supported": ["none", "client_secret_post"],
        "trust_env": True,
        "scope": "admin",
        "client_id": "another",
    }
    assert path_of(await arrives(client, rogue)) == "/account/welcome"
    assert rogue.forms[0]["client_secret"] == "a secret"
    assert rogue.forms[0]["client_id"] == "polyphony"


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        (TOKEN, OutgoingError("took too long")),
        (TOKEN, _PAGE),
        (TOKEN, b"[]"),
        (TOKEN, b'"text"'),
        (TOKEN, {}),
        (TOKEN, {"access_token": "a"}),
        (TOKEN, {"access_token": "a", "id_token": 5}),
        (TOKEN, {"access_token": ["a"], "id_token": "a.b.c"}),
        (TOKEN, httpx2.Response(500)),
        (TOKEN, httpx2.Response(401, json={"error": "invalid_client"})),
        (TOKEN, httpx2.Response(302, headers={"Location": "https://evil.example"})),
        (KEYS, OutgoingError("took too long")),
        (KEYS, _PAGE),
        (KEYS, {"keys": "none"}),
        (USERINFO, OutgoingError("took too long")),
        (USERINFO, _PAGE),
        (USERINFO, httpx2.Response(401)),
    ],
    ids=range(17),
)
async def test_a_provider_that_fails_on_the_way_back_signs_nobody_in(
    client: httpx2.AsyncClient, rogue: Rogue, path: str, answer: Any
) -> None:
    state = await begun(client, rogue)
    rogue.answers[path] = answer
    assert refused(await back(client, state), 503)


async def test_the_userinfo_of_somebody_else_is_refused(
    client: httpx2.AsyncClient, rogue: Rogue
) -> None:
    rogue.answers[USERINFO] = {"sub": "bob", "email": "bob@example.org", "email_verified": True}
    assert refused(await arrives(client, rogue))


async def test_an_address_of_the_userinfo_is_confirmed_there_alone(
    client: httpx2.AsyncClient, rogue: Rogue
) -> None:
    rogue.claims = {"email_verified": True}
    rogue.answers[USERINFO] = {"sub": "ann", "email": "ann@example.org"}
    assert path_of(await arrives(client, rogue)) == "/account/welcome"
    page = await client.get("/account/welcome")
    assert "no e-mail address of yours that it has confirmed" in page.text


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "ann@example.org"},
        {"email": "ann@example.org", "email_verified": "true"},
        {"email": "ann@example.org", "email_verified": 1},
        {"email": "no address", "email_verified": True},
        {"email": "a@example.org, b@example.org", "email_verified": True},
        {"email": ["ann@example.org"], "email_verified": True},
    ],
    ids=str,
)
async def test_an_address_that_is_not_confirmed_is_none(
    client: httpx2.AsyncClient, rogue: Rogue, claims: dict[str, Any]
) -> None:
    rogue.claims = claims
    assert path_of(await arrives(client, rogue)) == "/account/welcome"
    page = await client.get("/account/welcome")
    assert "no e-mail address of yours that it has confirmed" in page.text


async def test_names_from_elsewhere_are_text(client: httpx2.AsyncClient, rogue: Rogue) -> None:
    rogue.claims = {
        "email": "ann@example.org",
        "email_verified": True,
        "name": '"><script>alert(1)</script>' + "a" * 500,
    }
    await arrives(client, rogue)
    page = await client.get("/account/welcome")
    assert "<script>alert" not in page.text
    assert page.status_code == 200


async def test_a_newcomer_waits_ten_minutes_in_one_browser(
    client: httpx2.AsyncClient, rogue: Rogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    await arrives(client, rogue)
    sealed = client.cookies["__Host-newcomer"]
    assert "ann" not in sealed
    tampered = sealed[:-6] + ("A" if sealed[-6] != "A" else "B") + sealed[-5:]
    for value in (tampered, "", "a", "🎵".encode().hex()):
        page = await client.get("/account/welcome", headers={"Cookie": f"__Host-newcomer={value}"})
        assert path_of(page) == "/account/sign-in"
    later = utc_now() + timedelta(minutes=11)
    monkeypatch.setattr("gateway.context.RequestContext", _at(later))
    assert path_of(await client.get("/account/welcome")) == "/account/sign-in"


def _at(moment: Any) -> Any:
    def build(**parts: Any) -> RequestContext:
        return RequestContext(**parts, clock=lambda: moment)

    return build


# --- a network that is one ----------------------------------------------------------------------


@pytest.mark.parametrize("drips", [False, True])
async def test_a_slow_provider_is_given_up_in_time(empty_stores: Stores, *, drips: bool) -> None:
    """One never answers; the other sends a byte now and then, so that no single read is slow."""

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if drips:
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            while True:
                if drips:
                    writer.write(b" ")
                    await writer.drain()
                await asyncio.sleep(0.02)
        except ConnectionError:
            pass

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    issuer = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    slow = Outgoing(loopback=True, timeout_s=0.3)
    identity = with_providers(identity_of(empty_stores), slow, acme=settings(issuer))
    async with asyncio.timeout(30), client_of(empty_stores, identity) as client:
        assert refused(await client.get("/auth/login/acme"), 503)
    server.close()


async def test_a_provider_that_is_down_is_told_at_once(empty_stores: Stores) -> None:
    identity = with_providers(
        identity_of(empty_stores), Outgoing(loopback=True), acme=settings("http://127.0.0.1:1")
    )
    async with client_of(empty_stores, identity) as client:
        assert refused(await client.get("/auth/login/acme"), 503)


async def test_production_asks_no_private_address(empty_stores: Stores) -> None:
    hit = asyncio.Event()

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hit.set()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1"):
        one = settings(f"https://{host}:{port}")
        identity = with_providers(identity_of(empty_stores), Outgoing(), acme=one)
        async with client_of(empty_stores, identity) as client:
            assert refused(await client.get("/auth/login/acme"), 503)
    server.close()
    assert not hit.is_set()


async def test_without_redis_nobody_signs_in_there(
    empty_stores: Stores, rogue: Rogue, identity: Identity
) -> None:
    redis = open_redis("redis://127.0.0.1:1/0", RedisSettings(url=None))
    stores = replace(empty_stores, redis=redis)
    async with client_of(stores, identity) as client:
        assert refused(await client.get("/auth/login/acme"), 503)
        assert (await client.get("/account/sign-in")).status_code == 200
        answer = await client.post(BACKCHANNEL, data={"logout_token": rogue.logout_token()})
        assert answer.status_code == 503
    await redis.close()


# --- logout tokens ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [{}, {"logout_token": ""}, {"logout_token": "a.b.c"}, {"id_token": "a.b.c"}],
)
async def test_what_is_no_logout_token_is_refused(
    client: httpx2.AsyncClient, fields: dict[str, str]
) -> None:
    answer = await client.post(BACKCHANNEL, data=fields)
    assert answer.status_code in {400, 415}
    assert answer.json() == {"error": "invalid_request"}
    assert answer.headers["cache-control"] == "no-store"


async def test_a_logout_by_person_ends_their_sessions_from_there_and_no_others(
    client: httpx2.AsyncClient, rogue: Rogue, empty_stores: Stores, identity: Identity
) -> None:
    rogue.claims = {"email": "zoe@example.org", "email_verified": True}
    await arrives(client, rogue)
    form = {"do": "sign-up", "handle": "zoe_q", "displayName": "Zoe"}
    assert path_of(await client.post("/account/welcome", data=form, headers=OURS)) == "/account"
    await an_account(empty_stores, "ann")
    async with client_of(empty_stores, identity) as ann:
        form = {"login": "ann", "password": PASSWORD}
        await ann.post("/account/sign-in", data=form, headers=OURS)
        for sub, left in (("bob", 200), ("ann", 303)):  # "ann" is what the provider calls Zoe
            token = rogue.logout_token(sub=sub, sid=..., jti=f"about {sub}")
            answer = await client.post(BACKCHANNEL, data={"logout_token": token})
            assert answer.status_code == 200
            assert (await client.get("/account")).status_code == left
            assert (await ann.get("/account")).status_code == 200


async def test_a_thousand_logout_tokens_of_unknown_keys_are_two_fetches(
    client: httpx2.AsyncClient, rogue: Rogue
) -> None:
    tokens = [signed(LOGOUT_TOKEN, {}, {"kid": f"unknown-{i}"}) for i in range(1000)]
    for token in tokens:
        answer = await client.post(BACKCHANNEL, data={"logout_token": token})
        assert answer.status_code == 400
    assert rogue.asked.count(KEYS) == 2
