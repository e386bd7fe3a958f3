"""Callers of a running server, over real HTTP: tokens, cookies, keys, and stores that are down."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import httpx2
import pytest
from pydantic import SecretStr
from sqlalchemy import select

from auth.identity import Identity
from datasources.postgres.account_tables import token_families
from datasources.postgres.settings import PostgresSettings
from datasources.postgres.token_families import revoke_families
from datasources.redis.settings import RedisSettings
from datasources.settings import StoreSettings
from datasources.stores import Stores, open_stores
from gateway.cookies import SESSION_COOKIE
from gateway.identity import open_identity
from gateway.settings import Settings
from resolvers.context import utc_now
from tests.e2e.test_serve import environment, run, serving
from tests.factories.jwts import hmac_with_public_key, signed, unsigned
from tests.factories.people import add_account, cookie_of, tokens_of
from tests.plugins.databases import URLS, scratch_database
from tests.plugins.proxy import proxy_to
from tests.plugins.server import demo_data

VIEWER = "{ viewer { handle } }"
NAME = "{ __typename }"
REFRESH = """
mutation($token: String!) {
  refreshTokens(refreshToken: $token) { ... on TokensRefreshed { tokens { accessToken } } }
}
"""
REVOKED_WITHIN_S = 5.0
SLACK_S = 5.0  # machines that run tests are busy
PUBLIC_URL = "https://music.example"
NO_REDIS = "redis://127.0.0.1:1/0"
real_only = pytest.mark.skipif(not all(URLS.values()), reason="no real stores: set POLYPHONY_*_URL")


@dataclass
class House:
    """Stores and an identity as a server of this environment has them, and a person in them."""

    env: dict[str, str]
    data_dir: Path
    stores: Stores
    identity: Identity
    ada: UUID

    @contextmanager
    def server(self, **settings: str) -> Iterator[str]:
        """Yield the address of a server that runs."""
        with serving(self.env | settings, self.data_dir / "log") as (url, _):
            yield url

    def logged(self) -> str:
        """Return what the server said."""
        return (self.data_dir / "log").read_text()


@asynccontextmanager
async def house(kind: str, tests_data: Path) -> AsyncIterator[House]:
    """Yield migrated stores with one person: embedded, or real with Redis."""
    async with AsyncExitStack() as stack:
        data_dir = stack.enter_context(demo_data())
        settings = {"POLYPHONY_PUBLIC_URL": PUBLIC_URL}
        stores = StoreSettings(data_dir=data_dir)
        if kind == "real":
            url = await stack.enter_async_context(scratch_database("real", tests_data))
            prefix = f"test_{uuid4().hex}:"
            settings |= {
                "POLYPHONY_POSTGRES_URL": url,
                "POLYPHONY_REDIS_URL": URLS["redis"] or "",
                "POLYPHONY_REDIS_PREFIX": prefix,
            }
            stores = StoreSettings(
                data_dir=data_dir,
                postgres=PostgresSettings(url=SecretStr(url)),
                redis=RedisSettings(url=SecretStr(URLS["redis"] or ""), prefix=prefix),
            )
        env = environment(data_dir, **settings)
        migrated = run(env, "migrate")
        assert migrated.returncode == 0, migrated.stderr
        opened = await stack.enter_async_context(open_stores(stores.patient()))
        identity = await stack.enter_async_context(
            open_identity(Settings(data_dir=data_dir, public_url=PUBLIC_URL), opened)
        )
        yield House(env, data_dir, opened, identity, await add_account(opened))


@pytest.fixture
async def home(kind: str, data_dir: Path) -> AsyncIterator[House]:
    async with house(kind, data_dir) as made:
        yield made


@pytest.fixture
async def real_home(data_dir: Path) -> AsyncIterator[House]:
    async with house("real", data_dir) as made:
        yield made


def post(url: str, query: str, headers: dict[str, str] | None = None) -> httpx2.Response:
    return httpx2.post(f"{url}/graphql", json={"query": query}, headers=headers, timeout=30)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def shows(cookie: str) -> dict[str, str]:
    return {"Cookie": f"{SESSION_COOKIE}={cookie}", "GraphQL-Preflight": "1"}


async def test_tokens_over_http(home: House) -> None:
    tokens = await tokens_of(home.stores, home.identity, home.ada)
    good = tokens.access_token
    bad = [signed(), unsigned(), hmac_with_public_key(), "x", good[:-6] + "AAAAAA", "a" * 9000]
    with home.server() as url:
        assert post(url, VIEWER, bearer(good)).json() == {"data": {"viewer": {"handle": "user1"}}}
        for token in [*bad, tokens.refresh_token]:
            answer = post(url, VIEWER, bearer(token))
            assert answer.status_code == 401, answer.text
            assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
            assert answer.json()["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}
        both = post(url, VIEWER, bearer(good) | shows("x"))
        assert both.status_code == 400
        in_address = httpx2.get(f"{url}/graphql?query={{__typename}}&access_token={good}")
        assert in_address.status_code == 400
        assert post(url, VIEWER).json() == {"data": {"viewer": None}}

        await _revoke(home)
        deadline = time.monotonic() + REVOKED_WITHIN_S + SLACK_S
        while (status := post(url, NAME, bearer(good)).status_code) == 200:
            assert time.monotonic() < deadline, "a revoked token is still good"
            await asyncio.sleep(0.1)
        assert status == 401
    for secret in (good, tokens.refresh_token, *(one for one in bad if len(one) > 9)):
        assert secret not in home.logged()


async def _revoke(home: House) -> None:
    async with home.stores.postgres.transaction() as connection:
        assert await revoke_families(connection, home.ada, utc_now())


async def test_keys_that_have_leaked_end_from_the_command_line(home: House) -> None:
    tokens = await tokens_of(home.stores, home.identity, home.ada)
    with home.server() as url:
        assert post(url, VIEWER, bearer(tokens.access_token)).status_code == 200
    rotated = run(home.env, "signing-keys", "rotate", "--now")
    assert rotated.returncode == 0, rotated.stderr
    listed = run(home.env, "signing-keys", "list").stdout.splitlines()
    assert [line.split()[1] for line in listed] == ["ended,", "active,"]
    assert rotated.stdout.startswith(f"{listed[1].split()[0]} is published")
    with home.server() as url:
        assert post(url, VIEWER, bearer(tokens.access_token)).status_code == 401
        answer = httpx2.get(f"{url}/.well-known/jwks.json")
        assert [key["kid"] for key in answer.json()["keys"]] == [listed[1].split()[0]]


async def test_keys_are_rotated_from_the_command_line(home: House) -> None:
    tokens = await tokens_of(home.stores, home.identity, home.ada)
    rotated = run(home.env, "signing-keys", "rotate")
    assert rotated.returncode == 0, rotated.stderr
    listed = run(home.env, "signing-keys", "list").stdout.splitlines()
    assert [re.sub(r"signs from.*?UTC", "", line).split()[1] for line in listed] == [
        "active,",
        "published,",
    ]
    kids = [line.split()[0] for line in listed]
    assert rotated.stdout.startswith(f"{kids[1]} is published")
    with home.server() as url:
        answer = httpx2.get(f"{url}/.well-known/jwks.json")
        assert [key["kid"] for key in answer.json()["keys"]] == kids
        assert "max-age=600" in answer.headers["cache-control"]
        assert '"d"' not in answer.text
        assert post(url, VIEWER, bearer(tokens.access_token)).status_code == 200


@pytest.mark.parametrize(("proxies", "address"), [("", "127.0.0.1"), ("127.0.0.1", "198.51.100.9")])
async def test_forwarded_addresses_are_believed_of_our_proxies_only(
    home: House, proxies: str, address: str
) -> None:
    tokens = await tokens_of(home.stores, home.identity, home.ada)
    # Without a setting of ours even a variable of uvicorn's own is without effect.
    settings = {"POLYPHONY_TRUSTED_PROXIES": proxies, "FORWARDED_ALLOW_IPS": "*"}
    with home.server(**settings) as url:
        answer = httpx2.post(
            f"{url}/graphql",
            json={"query": REFRESH, "variables": {"token": tokens.refresh_token}},
            headers={"X-Forwarded-For": "203.0.113.5, 198.51.100.9"},
        )
        assert answer.json()["data"]["refreshTokens"]["tokens"]["accessToken"]
        assert answer.headers["cache-control"] == "no-store"
    (family,) = await home.stores.postgres.read(select(token_families.c.address))
    assert family.address == address


@real_only
async def test_sessions_over_http(real_home: House) -> None:
    cookie = await cookie_of(real_home.stores, real_home.identity, real_home.ada)
    with real_home.server() as url:
        assert post(url, VIEWER, shows(cookie)).json() == {"data": {"viewer": {"handle": "user1"}}}
        assert post(url, VIEWER, {"Cookie": f"{SESSION_COOKIE}={cookie}"}).status_code == 403
        signed_out = post(url, "mutation { signOut { __typename } }", shows(cookie))
        assert signed_out.json() == {"data": {"signOut": {"__typename": "SignedOut"}}}
        assert signed_out.headers["set-cookie"].startswith(f'{SESSION_COOKIE}="";')
        over = post(url, VIEWER, shows(cookie))
        assert over.status_code == 401
        assert "Max-Age=0" in over.headers["set-cookie"]
    assert cookie not in real_home.logged()


async def test_redis_down_fails_closed_for_sessions_alone(home: House) -> None:
    tokens = await tokens_of(home.stores, home.identity, home.ada)
    with home.server(POLYPHONY_REDIS_URL=NO_REDIS) as url:
        answer = post(url, VIEWER, shows("x" * 43))
        assert answer.status_code == 503
        error = answer.json()["errors"][0]
        assert error["extensions"] == {"code": "SERVICE_UNAVAILABLE", "service": "redis"}
        assert "set-cookie" not in answer.headers
        assert post(url, VIEWER, bearer(tokens.access_token)).status_code == 200
        assert post(url, VIEWER).json() == {"data": {"viewer": None}}


@real_only
async def test_postgres_down_leaves_access_tokens_good(real_home: House) -> None:
    tokens = await tokens_of(real_home.stores, real_home.identity, real_home.ada)
    parts = urlsplit(real_home.env["POLYPHONY_POSTGRES_URL"])
    async with proxy_to(parts.hostname or "", parts.port or 5432) as proxy:
        login = parts.netloc.rpartition("@")[0]
        through = parts._replace(netloc=f"{login}@127.0.0.1:{proxy.port}").geturl()
        with real_home.server(POLYPHONY_POSTGRES_URL=through) as url:
            async with httpx2.AsyncClient(base_url=url, timeout=30) as client:
                headers = bearer(tokens.access_token)
                body = {"query": NAME}
                before = await client.post("/graphql", json=body, headers=headers)
                assert before.status_code == 200, before.text
                await proxy.die()
                for _ in range(3):
                    after = await client.post("/graphql", json=body, headers=headers)
                    assert after.json() == {"data": {"__typename": "Query"}}
                keys = await client.get("/.well-known/jwks.json")
                assert len(keys.json()["keys"]) == 1
                unknown = await client.post(
                    "/graphql", json=body, headers=bearer(signed({"kid": "unknown"}))
                )
                assert unknown.status_code == 503, unknown.text
