"""API keys over HTTP: what they open, what they cost, from where, and until when."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import select, update
from starlette.requests import HTTPConnection
from structlog.testing import capture_logs

from auth.api_keys import FRESH_S, ApiKeys
from auth.credentials import Credential, principal_of
from auth.identity import Identity
from auth.principal import PrincipalKind
from auth.scopes import Scope
from datasources.errors import StoreUnavailable
from datasources.postgres.account_tables import audit_log
from datasources.postgres.api_key_tables import api_keys
from datasources.records.api_keys import ApiKeyPlan
from datasources.stores import Stores
from gateway.authentication import Refused, authenticate_operation
from gateway.cookies import SESSION_COOKIE
from resolvers.api_keys import revoke_api_key, rotate_api_key
from resolvers.context import utc_now
from resolvers.roles import disable_account
from tests.factories.accounts import an_account
from tests.factories.api_keys import PAGE, a_key, a_key_on, made_up, mistyped, owner_context
from tests.factories.http import BASE, application, client_of, post
from tests.factories.operations import context_of, identity_of
from tests.plugins.round_trips import RoundTrips

NAME = "{ __typename }"
VIEWER = "{ viewer { handle } }"
GENRES = "{ genres { slug } }"
FLOOD = 10_000


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def identity(empty_stores: Stores, clock: Clock) -> Identity:
    return replace(identity_of(empty_stores), api_keys=ApiKeys(clock=clock))


@pytest.fixture
async def ann(empty_stores: Stores) -> UUID:
    return await an_account(empty_stores)


@pytest.fixture
async def client(empty_stores: Stores, identity: Identity) -> AsyncIterator[httpx2.AsyncClient]:
    async with client_of(empty_stores, identity) as client:
        yield client


def as_key(text: str) -> dict[str, str]:
    return {"X-API-Key": text}


def refused(answer: httpx2.Response, status: int, code: str) -> str:
    assert answer.status_code == status, answer.text
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == code
    message: str = error["message"]
    return message


# --- what it opens ------------------------------------------------------------------------------


async def test_a_secret_key_acts_for_its_owner_within_its_scopes(
    client: httpx2.AsyncClient, empty_stores: Stores, identity: Identity, ann: UUID
) -> None:
    text = (await a_key(empty_stores, identity, ann)).secret
    for headers in (as_key(text), {"Authorization": f"Bearer {text}"}, as_key(f" {text} ")):
        answer = await post(client, VIEWER, headers=headers)
        assert answer.json() == {"data": {"viewer": {"handle": "ann"}}}
    for query in (
        "{ viewer { email } }",
        "{ apiKeys { id } }",
        "mutation { signOut { __typename }}",
    ):
        message = refused(await post(client, query, headers=as_key(text)), 200, "FORBIDDEN")
        assert "lacks a scope" in message


async def test_a_publishable_key_acts_for_nobody(
    client: httpx2.AsyncClient, empty_stores: Stores, identity: Identity, ann: UUID
) -> None:
    text = (await a_key(empty_stores, identity, ann, PAGE)).secret
    headers = as_key(text) | {"Origin": "https://page.example"}
    assert (await post(client, VIEWER, headers=headers)).json() == {"data": {"viewer": None}}
    assert (await post(client, GENRES, headers=headers)).json() == {"data": {"genres": []}}


async def test_its_principal_has_its_plan(
    empty_stores: Stores, identity: Identity, ann: UUID
) -> None:
    made = await a_key_on(empty_stores, identity, ann, ApiKeyPlan.PARTNER)
    principal = await principal_of(identity, empty_stores, Credential(made.secret), utc_now())
    assert principal.kind is PrincipalKind.API_KEY
    assert principal.user_id == ann
    assert principal.scopes == {Scope.CATALOG_READ, Scope.PLAYLISTS_READ}
    assert principal.key is not None
    assert (principal.key.id, principal.key.plan) == (made.api_key.id, ApiKeyPlan.PARTNER)
    assert identity.key_settings.budget(ApiKeyPlan.PARTNER).requests_per_minute == 6000


async def test_pages_are_for_people(
    client: httpx2.AsyncClient, empty_stores: Stores, identity: Identity, ann: UUID
) -> None:
    text = (await a_key(empty_stores, identity, ann)).secret
    for path in ("/account", "/account/export"):
        answer = await client.get(path, headers=as_key(text))
        assert answer.status_code == 403, path
        assert "ann@example.org" not in answer.text


# --- what it costs ------------------------------------------------------------------------------


async def test_a_key_costs_one_look_up_in_some_seconds(
    client: httpx2.AsyncClient,
    empty_stores: Stores,
    identity: Identity,
    ann: UUID,
    clock: Clock,
    round_trips: RoundTrips,
) -> None:
    text = (await a_key(empty_stores, identity, ann)).secret
    round_trips.clear()
    for _ in range(20):
        assert (await post(client, NAME, headers=as_key(text))).status_code == 200
    assert round_trips == {"postgres": 1}
    clock.now += FRESH_S
    assert (await post(client, NAME, headers=as_key(text))).status_code == 200
    assert round_trips == {"postgres": 2}


async def test_an_unknown_key_costs_one_look_up_too(
    client: httpx2.AsyncClient, round_trips: RoundTrips
) -> None:
    text = made_up()
    round_trips.clear()
    for _ in range(5):
        refused(await post(client, NAME, headers=as_key(text)), 401, "UNAUTHENTICATED")
    assert round_trips == {"postgres": 1}


async def test_a_flood_of_bad_checksums_touches_no_store(
    empty_stores: Stores, identity: Identity, ann: UUID, round_trips: RoundTrips
) -> None:
    good = (await a_key(empty_stores, identity, ann)).secret
    state = {"stores": empty_stores, "identity": identity, "request_id": "test"}
    round_trips.clear()
    for number in range(FLOOD):
        text = mistyped(good if number % 2 else made_up())
        header = (b"x-api-key", text.encode())
        if number % 3:
            header = (b"authorization", f"Bearer {text}".encode())
        scope = {"type": "http", "headers": [header], "query_string": b"", "state": state}
        with pytest.raises(Refused) as refusal:
            await authenticate_operation(HTTPConnection(scope))
        assert refusal.value.status == 401
    assert round_trips == {}


async def test_what_is_not_of_this_installation_touches_no_store(
    client: httpx2.AsyncClient, round_trips: RoundTrips
) -> None:
    for text in (made_up("live"), "", "pk_", "x" * 9000, "a.b.c"):
        refused(await post(client, NAME, headers=as_key(text)), 401, "UNAUTHENTICATED")
    assert round_trips == {}


# --- until when ---------------------------------------------------------------------------------


async def test_a_revoked_key_is_refused_here_at_once_and_elsewhere_in_seconds(
    client: httpx2.AsyncClient, empty_stores: Stores, identity: Identity, ann: UUID
) -> None:
    made = await a_key(empty_stores, identity, ann)
    elsewhere_clock = Clock()
    elsewhere = replace(identity_of(empty_stores), api_keys=ApiKeys(clock=elsewhere_clock))
    async with client_of(empty_stores, elsewhere) as other:
        for one in (client, other):
            assert (await post(one, NAME, headers=as_key(made.secret))).status_code == 200
        await revoke_api_key(owner_context(empty_stores, identity, ann), made.api_key.id)
        refused(await post(client, NAME, headers=as_key(made.secret)), 401, "UNAUTHENTICATED")
        elsewhere_clock.now += FRESH_S
        refused(await post(other, NAME, headers=as_key(made.secret)), 401, "UNAUTHENTICATED")


async def test_a_key_ends_at_its_time_whatever_is_known_of_it(
    client: httpx2.AsyncClient,
    empty_stores: Stores,
    identity: Identity,
    ann: UUID,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = (
        await a_key(empty_stores, identity, ann, expires_at=utc_now() + timedelta(hours=1))
    ).secret
    assert (await post(client, NAME, headers=as_key(text))).status_code == 200
    monkeypatch.setattr("gateway.authentication.utc_now", lambda: utc_now() + timedelta(hours=1))
    refused(await post(client, NAME, headers=as_key(text)), 401, "UNAUTHENTICATED")


async def test_both_texts_are_good_while_a_key_is_rotated(
    client: httpx2.AsyncClient,
    empty_stores: Stores,
    identity: Identity,
    ann: UUID,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = await a_key(empty_stores, identity, ann)
    context = owner_context(empty_stores, identity, ann)
    rotated = await rotate_api_key(context, made.api_key.id, overlap_s=600)
    for text in (made.secret, rotated.secret):
        assert (await post(client, NAME, headers=as_key(text))).status_code == 200
    monkeypatch.setattr("gateway.authentication.utc_now", lambda: utc_now() + timedelta(minutes=10))
    refused(await post(client, NAME, headers=as_key(made.secret)), 401, "UNAUTHENTICATED")
    assert (await post(client, NAME, headers=as_key(rotated.secret))).status_code == 200


async def test_keys_of_a_closed_account_are_refused(
    client: httpx2.AsyncClient,
    empty_stores: Stores,
    identity: Identity,
    ann: UUID,
    clock: Clock,
) -> None:
    text = (await a_key(empty_stores, identity, ann)).secret
    assert (await post(client, NAME, headers=as_key(text))).status_code == 200
    await disable_account(context_of(empty_stores, identity=identity), "ann")
    clock.now += FRESH_S
    refused(await post(client, NAME, headers=as_key(text)), 401, "UNAUTHENTICATED")


# --- from where ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("192.0.2.9", 200),
        ("::ffff:192.0.2.9", 200),
        ("2001:db8::1", 200),
        ("198.51.100.1", 403),
        ("2001:db9::1", 403),
        ("testclient", 403),
    ],
)
async def test_a_key_is_good_from_its_networks_alone(
    empty_stores: Stores, identity: Identity, ann: UUID, address: str, status: int
) -> None:
    networks = ["192.0.2.0/24", "2001:db8::/32"]
    text = (await a_key(empty_stores, identity, ann, allowed_addresses=networks)).secret
    transport = httpx2.ASGITransport(application(empty_stores, identity), client=(address, 1))
    async with httpx2.AsyncClient(transport=transport, base_url=BASE) as client:
        forwarded = as_key(text) | {"X-Forwarded-For": "192.0.2.9"}
        answer = await post(client, NAME, headers=forwarded)
    assert answer.status_code == status
    if status != 200:
        assert "address" in refused(answer, 403, "FORBIDDEN")
        denials = select(audit_log).where(audit_log.c.action == "denied")
        (row,) = await empty_stores.postgres.read(denials)
        assert (row.actor_kind, row.subject_id, row.address) == ("API_KEY", ann, address)
        assert row.details["what"] == ["apiKey:address"]
        assert row.details["apiKey"]


async def test_a_publishable_key_is_good_from_its_pages_alone(
    client: httpx2.AsyncClient, empty_stores: Stores, identity: Identity, ann: UUID
) -> None:
    text = (await a_key(empty_stores, identity, ann, PAGE)).secret
    for origin in ("https://page.example", "HTTPS://PAGE.EXAMPLE"):
        answer = await post(client, NAME, headers=as_key(text) | {"Origin": origin})
        assert answer.status_code == 200
    for headers in (
        {},
        {"Origin": "null"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://page.example"},
        {"Origin": "https://page.example:8443"},
        {"Origin": "https://page.example.evil.example"},
        {"Referer": "https://page.example/"},
    ):
        message = refused(
            await post(client, NAME, headers=as_key(text) | headers), 403, "FORBIDDEN"
        )
        assert "origin" in message


async def test_browsers_let_pages_read_what_came_with_their_key(
    client: httpx2.AsyncClient, empty_stores: Stores, identity: Identity, ann: UUID
) -> None:
    made = await a_key(empty_stores, identity, ann, PAGE)
    await identity.page_origins.refresh(empty_stores.postgres)
    page, asks = {"Origin": "https://page.example"}, {"Access-Control-Request-Method": "POST"}
    preflight = await client.request("OPTIONS", "/graphql", headers=page | asks)
    assert preflight.status_code == 204
    allowed = preflight.headers["access-control-allow-headers"].lower().split(", ")
    assert {"x-api-key", "content-type"} <= set(allowed)
    assert "graphql-preflight" not in allowed
    answer = await post(client, GENRES, headers=page | as_key(made.secret))
    assert answer.json() == {"data": {"genres": []}}
    dead = await post(client, GENRES, headers=page | as_key(made_up()))
    assert dead.status_code == 401
    for one in (preflight, answer, dead):
        assert one.headers["access-control-allow-origin"] == "https://page.example"
        assert "Origin" in one.headers["vary"]
        assert "access-control-allow-credentials" not in one.headers

    evil = {"Origin": "https://evil.example"}
    for one in (
        await client.request("OPTIONS", "/graphql", headers=evil | asks),
        await post(client, GENRES, headers=evil | as_key(made.secret)),
        await post(client, GENRES, headers=evil),
        await post(client, GENRES, headers=page),  # without a key
        await post(client, GENRES),
    ):
        assert not [name for name in one.headers if name.startswith("access-control-")]

    await revoke_api_key(owner_context(empty_stores, identity, ann), made.api_key.id)
    await identity.page_origins.refresh(empty_stores.postgres)
    gone = await client.request("OPTIONS", "/graphql", headers=page | asks)
    assert "access-control-allow-origin" not in gone.headers


# --- in the wrong place -------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["api_key", "key", "x-api-key", "k", "access_token", "variables"])
async def test_a_key_in_the_address_is_refused_whatever_it_is_called(
    client: httpx2.AsyncClient, empty_stores: Stores, identity: Identity, ann: UUID, name: str
) -> None:
    text = (await a_key(empty_stores, identity, ann)).secret
    answer = await client.get("/graphql", params={"query": NAME, name: text})
    refused(answer, 400, "BAD_USER_INPUT")
    assert text not in answer.text


async def test_a_key_never_gets_into_a_log(
    client: httpx2.AsyncClient, empty_stores: Stores, identity: Identity, ann: UUID
) -> None:
    good = (await a_key(empty_stores, identity, ann)).secret
    with capture_logs() as logs:
        for text in (good, mistyped(good), made_up(), made_up("live")):
            await post(client, VIEWER, headers=as_key(text))
            await client.get(f"/graphql/{text}")
            await client.get(f"/{text}?key={text}")
    assert len(logs) >= 12
    assert good[8:40] not in str(logs)
    assert "pk_…" in str(logs)


async def test_one_credential_is_enough(
    client: httpx2.AsyncClient, empty_stores: Stores, identity: Identity, ann: UUID
) -> None:
    text = (await a_key(empty_stores, identity, ann)).secret
    headers: list[Any] = [
        as_key(text) | {"Authorization": f"Bearer {text}"},
        as_key(text) | {"Cookie": f"{SESSION_COOKIE}=x", "GraphQL-Preflight": "1"},
        [("X-API-Key", text), ("X-API-Key", text)],
    ]
    for shown in headers:
        answer = await client.post("/graphql", json={"query": NAME}, headers=shown)
        refused(answer, 400, "BAD_USER_INPUT")


# --- stores that are down -----------------------------------------------------------------------


class _NoPostgres:
    """A PostgreSQL that does not answer."""

    async def read(self, *_: object) -> None:
        raise StoreUnavailable("postgres")


async def test_without_postgresql_a_key_is_believed_for_seconds_and_then_nobody_can_tell(
    empty_stores: Stores, identity: Identity, ann: UUID, clock: Clock
) -> None:
    text = (await a_key(empty_stores, identity, ann)).secret
    async with client_of(empty_stores, identity) as client:
        assert (await post(client, NAME, headers=as_key(text))).status_code == 200
    down: Any = _NoPostgres()
    async with client_of(replace(empty_stores, postgres=down), identity) as client:
        assert (await post(client, NAME, headers=as_key(text))).status_code == 200
        clock.now += FRESH_S
        refused(await post(client, NAME, headers=as_key(text)), 503, "SERVICE_UNAVAILABLE")
        refused(await post(client, NAME, headers=as_key(mistyped(text))), 401, "UNAUTHENTICATED")


async def test_kinds_keep_their_bounds_whatever_was_written(
    empty_stores: Stores, identity: Identity, ann: UUID
) -> None:
    """What a kind may be used for can become less later."""
    made = await a_key(empty_stores, identity, ann)
    wide = update(api_keys).values(scopes=["catalog:read", "admin", "keys:manage", "gone:write"])
    async with empty_stores.postgres.transaction() as connection:
        await connection.execute(wide)
    principal = await principal_of(identity, empty_stores, Credential(made.secret), utc_now())
    assert principal.scopes == {Scope.CATALOG_READ}
