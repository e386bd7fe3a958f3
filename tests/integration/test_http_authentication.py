"""Who is calling, over HTTP: never anonymous by accident (RFC 6750, OWASP ASVS 5 V7 and V10)."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from auth.identity import Identity
from auth.revocations import Revocations
from auth.sessions import session_hash
from datasources.breaker import PAUSE_S
from datasources.errors import StoreUnavailable
from datasources.redis.client import open_redis
from datasources.redis.settings import RedisSettings
from datasources.stores import Stores
from gateway.cookies import SESSION_COOKIE
from resolvers.context import utc_now
from tests.factories.http import PREFLIGHT, client_of, post
from tests.factories.jwts import signed
from tests.factories.operations import identity_of
from tests.factories.people import add_account, cookie_of, tokens_of
from tests.plugins.round_trips import RoundTrips

VIEWER = "{ viewer { handle } }"
PUBLIC = "{ genres { slug } }"
ADA = {"data": {"viewer": {"handle": "user1"}}}
NOBODY: dict[str, Any] = {"data": {"viewer": None}}


@pytest.fixture
async def ada(empty_stores: Stores) -> UUID:
    return await add_account(empty_stores)


@pytest.fixture
def identity(empty_stores: Stores) -> Identity:
    return identity_of(empty_stores)


@pytest.fixture
async def client(empty_stores: Stores, identity: Identity) -> AsyncIterator[httpx2.AsyncClient]:
    async with client_of(empty_stores, identity) as client:
        yield client


@pytest.fixture
async def cookie(empty_stores: Stores, identity: Identity, ada: UUID) -> str:
    return await cookie_of(empty_stores, identity, ada)


@pytest.fixture
async def token(empty_stores: Stores, identity: Identity, ada: UUID) -> str:
    return (await tokens_of(empty_stores, identity, ada)).access_token


def shows(cookie: str, *, preflight: bool = True) -> dict[str, str]:
    return {"Cookie": f"{SESSION_COOKIE}={cookie}"} | (PREFLIGHT if preflight else {})


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def refusal(answer: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    """Return the one error of an answer that has no data."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert set(body) == {"errors"}
    (error,) = body["errors"]
    assert error["message"]
    assert error["extensions"]["code"] == code
    shown: dict[str, Any] = error
    return shown


# --- good ones ----------------------------------------------------------------------------------


async def test_nobody(client: httpx2.AsyncClient) -> None:
    answer = await post(client, VIEWER)
    assert answer.json() == NOBODY
    assert "set-cookie" not in answer.headers


async def test_a_session(client: httpx2.AsyncClient, cookie: str) -> None:
    assert (await post(client, VIEWER, headers=shows(cookie))).json() == ADA


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_an_access_token_needs_no_preflight(
    client: httpx2.AsyncClient, token: str, scheme: str
) -> None:
    headers = {"Authorization": f"{scheme} {token}"}
    assert (await post(client, VIEWER, headers=headers)).json() == ADA


async def test_answers_are_kept_by_nobody(client: httpx2.AsyncClient, token: str) -> None:
    answer = await post(client, VIEWER, headers=bearer(token))
    assert answer.headers["cache-control"] == "no-store"


# --- what they cost -----------------------------------------------------------------------------


async def test_a_session_costs_one_round_trip(
    client: httpx2.AsyncClient, cookie: str, round_trips: RoundTrips
) -> None:
    round_trips.clear()
    assert (await post(client, "{ __typename }", headers=shows(cookie))).status_code == 200
    assert round_trips == {"redis": 1}


async def test_an_access_token_costs_none(
    client: httpx2.AsyncClient, token: str, round_trips: RoundTrips
) -> None:
    await post(client, "{ __typename }", headers=bearer(token))  # revocations are read once
    round_trips.clear()
    for _ in range(3):
        assert (await post(client, "{ __typename }", headers=bearer(token))).status_code == 200
    assert round_trips == {}


async def test_a_bad_token_costs_none(
    client: httpx2.AsyncClient, token: str, round_trips: RoundTrips
) -> None:
    await post(client, "{ __typename }", headers=bearer(token))
    round_trips.clear()
    cut = token[:-8] + "AAAAAAAA"
    for bad in (cut, "x", "a.b.c", "x" * 9000):
        refusal(await post(client, VIEWER, headers=bearer(bad)), 401, "UNAUTHENTICATED")
    assert round_trips == {}


async def test_unknown_keys_cost_two_look_ups_in_all(
    client: httpx2.AsyncClient, token: str, round_trips: RoundTrips
) -> None:
    await post(client, VIEWER, headers=bearer(token))
    round_trips.clear()
    for number in range(20):
        bad = signed({"kid": f"unknown-{number}"})
        refusal(await post(client, VIEWER, headers=bearer(bad)), 401, "UNAUTHENTICATED")
    assert round_trips == {"postgres": 2}


# --- bad ones -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Bearer a.b.c",
        "Bearer pk_live_0123456789",
        "Basic dXNlcjpwYXNzd29yZA==",
        "Digest username=x",
        "DPoP a.b.c",
        "a.b.c",
        "",
    ],
)
async def test_a_bad_token_is_never_anonymous(client: httpx2.AsyncClient, value: str) -> None:
    answer = await post(client, PUBLIC, headers={"Authorization": value})
    refusal(answer, 401, "UNAUTHENTICATED")
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    assert "set-cookie" not in answer.headers


async def test_an_answer_does_not_repeat_the_token(client: httpx2.AsyncClient, token: str) -> None:
    bad = token[:-8] + "AAAAAAAA"
    answer = await post(client, VIEWER, headers=bearer(bad))
    assert bad not in answer.text
    assert bad not in str(answer.headers)


@pytest.mark.parametrize("value", ["", "x", "x" * 5000, "a%00b", '"x"'])
async def test_a_dead_cookie_is_never_anonymous_and_forgotten(
    client: httpx2.AsyncClient, value: str
) -> None:
    answer = await post(client, PUBLIC, headers=shows(value))
    refusal(answer, 401, "UNAUTHENTICATED")
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    gone = answer.headers["set-cookie"]
    assert gone.startswith(f'{SESSION_COOKIE}="";')
    assert {"Max-Age=0", "Path=/", "Secure", "HttpOnly"} <= set(gone.split("; "))


async def test_two_credentials_are_refused(
    client: httpx2.AsyncClient, cookie: str, token: str
) -> None:
    both = shows(cookie) | bearer(token)
    refusal(await post(client, VIEWER, headers=both), 400, "BAD_USER_INPUT")
    twice = {"Cookie": f"{SESSION_COOKIE}={cookie}; {SESSION_COOKIE}=planted"} | PREFLIGHT
    refusal(await post(client, VIEWER, headers=twice), 400, "BAD_USER_INPUT")


@pytest.mark.parametrize("second", ["Bearer x", "Basic dXNlcjpwYXNzd29yZA==", "", "the same"])
async def test_a_second_authorization_header_is_refused(
    client: httpx2.AsyncClient, token: str, second: str
) -> None:
    """Of a proxy and us, each might believe another one."""
    good = f"Bearer {token}"
    both = [("Authorization", good), ("Authorization", good if second == "the same" else second)]
    for headers in (both, both[::-1]):
        answers = [
            await client.post("/graphql", json={"query": VIEWER}, headers=headers),
            await client.get("/graphql", params={"query": VIEWER}, headers=headers),
            await client.get("/account/export", headers=headers),
        ]
        for answer in answers:
            refusal(answer, 400, "BAD_USER_INPUT")
    joined = {"Authorization": f"{good}, {second}"}
    refusal(await post(client, VIEWER, headers=joined), 401, "UNAUTHENTICATED")


@pytest.mark.parametrize(
    "name", ["access_token", "token", "Authorization", "api-key", "apiKey", "refresh_token"]
)
async def test_a_token_in_the_address_is_refused(
    client: httpx2.AsyncClient, token: str, name: str
) -> None:
    query = {"query": VIEWER, name: token}
    for answer in (
        await client.get("/graphql", params=query),
        await client.post(f"/graphql?{name}={token}", json={"query": VIEWER}),
    ):
        refusal(answer, 400, "BAD_USER_INPUT")
        assert token not in answer.text


# --- forged requests ----------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_session_without_a_preflight_header_is_refused(
    client: httpx2.AsyncClient, cookie: str, method: str, round_trips: RoundTrips
) -> None:
    """A page of another site makes the browser send the cookie, but no such header."""
    round_trips.clear()
    headers = shows(cookie, preflight=False)
    if method == "GET":
        answer = await client.get("/graphql", params={"query": VIEWER}, headers=headers)
    else:
        answer = await post(client, VIEWER, headers=headers)
    error = refusal(answer, 403, "FORBIDDEN")
    assert "GraphQL-Preflight" in error["message"]
    assert round_trips == {}


@pytest.mark.parametrize("site", ["same-origin", "same-site", "cross-site", "none"])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_session_is_enough_for_what_our_own_pages_get(
    client: httpx2.AsyncClient, cookie: str, site: str, method: str
) -> None:
    headers = shows(cookie, preflight=False) | {"Sec-Fetch-Site": site}
    if method == "GET":
        answer = await client.get("/graphql", params={"query": VIEWER}, headers=headers)
    else:
        answer = await post(client, VIEWER, headers=headers)
    assert (answer.json() == ADA) == (method == "GET" and site == "same-origin")


@pytest.mark.parametrize("name", ["GraphQL-Preflight", "Apollo-Require-Preflight"])
async def test_both_preflight_headers_do(
    client: httpx2.AsyncClient, cookie: str, name: str
) -> None:
    headers = shows(cookie, preflight=False) | {name: "true"}
    assert (await post(client, VIEWER, headers=headers)).json() == ADA


@pytest.mark.parametrize(
    "params",
    [
        {"query": "mutation { signOutEverywhere { __typename } }"},
        {
            "query": "query A { __typename } mutation B { signOutEverywhere { __typename } }",
            "operationName": "B",
        },
    ],
)
async def test_a_mutation_over_get_is_refused(
    client: httpx2.AsyncClient, cookie: str, token: str, params: dict[str, str]
) -> None:
    """A link or a picture sends one, and addresses are kept by many."""
    for headers in (shows(cookie), bearer(token), PREFLIGHT):
        answer = await client.get("/graphql", params=params, headers=headers)
        refusal(answer, 405, "BAD_USER_INPUT")
        assert answer.headers["allow"] == "POST"
        sent_along = await client.post("/graphql", params=params, headers=headers)
        assert sent_along.status_code >= 400  # an address is no body
    refusal(await client.get("/graphql", params=params), 403, "FORBIDDEN")  # any page may send it
    assert (await post(client, VIEWER, headers=shows(cookie))).json() == ADA
    assert (await post(client, VIEWER, headers=bearer(token))).json() == ADA


# --- lifetimes ----------------------------------------------------------------------------------


async def test_an_unused_session_ends(
    client: httpx2.AsyncClient, empty_stores: Stores, identity: Identity, cookie: str
) -> None:
    redis = empty_stores.redis
    name = redis.key("session", session_hash(cookie))
    idle_s = identity.settings.session_idle_s
    await redis.client.expire(name, 100)
    assert (await post(client, VIEWER, headers=shows(cookie))).json() == ADA
    assert await redis.client.ttl(name) > idle_s - 60  # use prolongs it
    await redis.client.delete(name)  # as Redis does when the time has come
    refusal(await post(client, VIEWER, headers=shows(cookie)), 401, "UNAUTHENTICATED")


async def test_no_session_lasts_longer_than_it_may(
    client: httpx2.AsyncClient,
    empty_stores: Stores,
    identity: Identity,
    cookie: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lifetime = timedelta(seconds=identity.settings.session_lifetime_s)
    monkeypatch.setattr("gateway.authentication.utc_now", lambda: utc_now() + lifetime)
    refusal(await post(client, VIEWER, headers=shows(cookie)), 401, "UNAUTHENTICATED")
    name = empty_stores.redis.key("session", session_hash(cookie))
    assert not await empty_stores.redis.client.exists(name)


async def test_a_session_that_redis_garbled_is_dead(
    client: httpx2.AsyncClient, empty_stores: Stores, cookie: str
) -> None:
    name = empty_stores.redis.key("session", session_hash(cookie))
    for value in ("", "null", "[]", '{"user_id": 5}', "\x00"):
        await empty_stores.redis.client.set(name, value)
        refusal(await post(client, VIEWER, headers=shows(cookie)), 401, "UNAUTHENTICATED")


async def test_the_id_in_the_cookie_is_not_in_redis(empty_stores: Stores, cookie: str) -> None:
    redis = empty_stores.redis
    found = []
    async for name in redis.client.scan_iter(match=f"{redis.prefix}*"):
        kind = await redis.client.type(name)
        value = await (redis.client.get(name) if kind == "string" else redis.client.smembers(name))
        found += [name, str(value)]
    assert len(found) == 4
    assert session_hash(cookie) in "".join(found)
    assert cookie not in "".join(found)


# --- stores that are down -----------------------------------------------------------------------


@pytest.fixture
async def without_redis(empty_stores: Stores) -> AsyncIterator[Stores]:
    gone = open_redis("redis://127.0.0.1:1/0", RedisSettings(url=None, timeout_s=PAUSE_S))
    yield replace(empty_stores, redis=gone)
    await gone.close()


async def test_redis_down_closes_sessions_and_nothing_else(
    without_redis: Stores, identity: Identity, cookie: str, token: str
) -> None:
    async with client_of(without_redis, identity) as client:
        for _ in range(2):  # the breaker's answer is the same
            answer = await post(client, PUBLIC, headers=shows(cookie))
            error = refusal(answer, 503, "SERVICE_UNAVAILABLE")
            assert error["extensions"]["service"] == "redis"
            assert "set-cookie" not in answer.headers  # it may be good
        assert (await post(client, VIEWER, headers=bearer(token))).json() == ADA
        assert (await post(client, PUBLIC)).json() == {"data": {"genres": []}}


class _NoPostgres:
    """A PostgreSQL that does not answer."""

    async def read(self, *_: object) -> None:
        raise StoreUnavailable("postgres")


async def test_postgres_down_leaves_callers_known(
    empty_stores: Stores, identity: Identity, cookie: str, token: str
) -> None:
    await identity.revocations.refresh(empty_stores.postgres, utc_now())
    down: Any = _NoPostgres()
    without = replace(empty_stores, postgres=down)
    identity.keys._postgres = down
    async with client_of(without, identity) as client:
        for headers in (bearer(token), shows(cookie)):
            answer = await post(client, "{ __typename }", headers=headers)
            assert answer.json() == {"data": {"__typename": "Query"}}
        refusal(await post(client, VIEWER, headers=bearer("a.b.c")), 401, "UNAUTHENTICATED")


async def test_before_revocations_were_ever_read_no_token_is_believed(
    empty_stores: Stores, identity: Identity, token: str
) -> None:
    down: Any = _NoPostgres()
    fresh = replace(identity, revocations=Revocations())
    async with client_of(replace(empty_stores, postgres=down), fresh) as client:
        answer = await post(client, "{ __typename }", headers=bearer(token))
        error = refusal(answer, 503, "SERVICE_UNAVAILABLE")
        assert error["extensions"]["service"] == "postgres"


# --- published keys -----------------------------------------------------------------------------


async def test_the_keys_are_published(client: httpx2.AsyncClient, token: str) -> None:
    answer = await client.get("/.well-known/jwks.json")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "public, max-age=600"
    published = answer.json()
    for key in published["keys"]:
        assert set(key) == {"kty", "crv", "x", "y", "kid", "alg", "use"}
    decoded = jwt.decode(token, KeySet.import_key_set(published), algorithms=["ES256"])
    assert decoded.header["typ"] == "at+jwt"
    assert decoded.claims["iss"] == "https://music.example"
