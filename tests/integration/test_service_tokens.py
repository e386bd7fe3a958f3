"""Services over HTTP: what their tokens cost, what they open, and what the log says of them."""

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx2
import pytest
from sqlalchemy import select

from auth.identity import Identity
from datasources.postgres.account_tables import audit_log
from datasources.stores import Stores
from resolvers.context import utc_now
from tests.factories.http import client_of, post
from tests.factories.operations import identity_of
from tests.factories.people import add_account, tokens_of
from tests.factories.service_tokens import Wire, claims_at, services, token_of
from tests.plugins.round_trips import RoundTrips

GENRES = "{ genres { slug } }"
AUDIT = "{ auditLog(first: 1) { nodes { action } } }"


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def identity(empty_stores: Stores, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> Identity:
    return replace(identity_of(empty_stores), services=services(wire, monkeypatch))


@pytest.fixture
async def client(empty_stores: Stores, identity: Identity) -> AsyncIterator[httpx2.AsyncClient]:
    async with client_of(empty_stores, identity) as client:
        yield client


def bearer(**claims: object) -> dict[str, str]:
    return {"Authorization": f"Bearer {token_of('ec', claims_at(utc_now(), **claims))}"}


async def test_a_service_costs_no_round_trip(
    client: httpx2.AsyncClient, wire: Wire, round_trips: RoundTrips
) -> None:
    round_trips.clear()
    for _ in range(10):
        answer = await post(client, "{ __typename }", headers=bearer())
        assert answer.json() == {"data": {"__typename": "Query"}}
    assert round_trips == {}
    assert sum(wire.fetched.values()) == 2  # each of its key sets once


async def test_a_service_does_what_its_scopes_say(
    client: httpx2.AsyncClient, empty_stores: Stores
) -> None:
    assert (await post(client, GENRES, headers=bearer())).json() == {"data": {"genres": []}}
    admin = await post(client, AUDIT, headers=bearer(scope="admin"))
    assert admin.json() == {"data": {"auditLog": {"nodes": []}}}
    viewer = await post(client, "{ viewer { handle } }", headers=bearer())
    assert viewer.json() == {"data": {"viewer": None}}
    denied = (await post(client, AUDIT, headers=bearer())).json()
    assert denied["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    (row,) = await empty_stores.postgres.read(select(audit_log))
    assert (row.actor_kind, row.actor_id, row.action) == ("SERVICE", None, "denied")
    assert row.details["service"] == "billing"


async def test_a_service_is_no_person(client: httpx2.AsyncClient) -> None:
    saves = 'mutation { updateProfile(input: {displayName: "x"}) { __typename } }'
    answer = await post(client, saves, headers=bearer(scope="account:manage admin"))
    assert answer.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    page = await client.get("/account", headers=bearer())
    assert page.status_code == 403


async def test_people_are_told_from_services(
    client: httpx2.AsyncClient, empty_stores: Stores, identity: Identity, wire: Wire
) -> None:
    ada = await add_account(empty_stores)
    token = (await tokens_of(empty_stores, identity, ada)).access_token
    answer = await post(
        client, "{ viewer { handle } }", headers={"Authorization": f"Bearer {token}"}
    )
    assert answer.json() == {"data": {"viewer": {"handle": "user1"}}}
    assert wire.fetched == {}


async def test_a_bad_token_is_never_anonymous(client: httpx2.AsyncClient) -> None:
    answer = await post(client, GENRES, headers=bearer(exp=1))
    assert answer.status_code == 401
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_an_issuer_that_is_down_is_said(client: httpx2.AsyncClient, wire: Wire) -> None:
    wire.answers = {}
    answer = await post(client, GENRES, headers=bearer())
    assert answer.status_code == 503
    assert answer.json()["errors"][0]["extensions"]["service"] == "house"
    assert (await post(client, GENRES)).status_code == 200
