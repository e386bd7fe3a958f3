"""Whoever finds the text of a key ends it, by showing it, and its owner is told."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import select

from auth.api_key_text import read_key
from auth.identity import Identity
from datasources.breaker import PAUSE_S
from datasources.errors import StoreUnavailable
from datasources.postgres.account_tables import audit_log
from datasources.redis.client import open_redis
from datasources.redis.settings import RedisSettings
from datasources.stores import Stores
from resolvers import key_reports
from resolvers.api_keys import revoke_api_key, rotate_api_key
from tests.factories.accounts import an_account, audited, queued
from tests.factories.api_keys import PAGE, a_key, made_up, mistyped, owner_context
from tests.factories.http import client_of, post
from tests.factories.operations import identity_of
from tests.plugins.round_trips import RoundTrips

PATH = "/keys/report"


@pytest.fixture
async def ann(empty_stores: Stores) -> UUID:
    return await an_account(empty_stores)


@pytest.fixture
def identity(empty_stores: Stores) -> Identity:
    return identity_of(empty_stores)


@pytest.fixture
async def client(empty_stores: Stores, identity: Identity) -> AsyncIterator[httpx2.AsyncClient]:
    async with client_of(empty_stores, identity) as client:
        yield client


async def status_of(client: httpx2.AsyncClient, text: str) -> int:
    """Return how a request with a key is answered."""
    return (await post(client, "{ __typename }", headers={"X-API-Key": text})).status_code


async def told(stores: Stores) -> list[str]:
    """Return which keys their owners are told of."""
    mails = await queued(stores)
    return [one["change"] for one in mails if one["template"] == "API_KEY_REPORTED"]


async def test_a_key_that_is_shown_is_ended_and_its_owner_told(
    client: httpx2.AsyncClient, empty_stores: Stores, identity: Identity, ann: UUID
) -> None:
    text = (await a_key(empty_stores, identity, ann)).secret
    assert await status_of(client, text) == 200
    for _ in range(2):  # again changes nothing, and looks the same
        answer = await client.post(PATH, json={"key": f" {text}\n"})
        assert (answer.status_code, answer.content) == (204, b"")
        assert answer.headers["cache-control"] == "no-store"
        assert await status_of(client, text) == 401
    assert await told(empty_stores) == [read_key(text).prefix]
    assert await audited(empty_stores, "reportApiKey") == [("DONE", None, ann)]
    rows = await empty_stores.postgres.read(select(audit_log.c.details))
    assert text[-20:] not in str([row[0] for row in rows])


async def test_a_text_that_was_replaced_ends_alone(
    client: httpx2.AsyncClient, empty_stores: Stores, identity: Identity, ann: UUID
) -> None:
    made = await a_key(empty_stores, identity, ann)
    context = owner_context(empty_stores, identity, ann)
    rotated = await rotate_api_key(context, made.api_key.id)
    assert (await client.post(PATH, json={"key": made.secret})).status_code == 204
    assert await status_of(client, made.secret) == 401
    assert await status_of(client, rotated.secret) == 200
    assert await told(empty_stores) == [read_key(made.secret).prefix]


async def test_a_publishable_key_goes_on_and_its_owner_sees_the_report(
    client: httpx2.AsyncClient, empty_stores: Stores, identity: Identity, ann: UUID
) -> None:
    text = (await a_key(empty_stores, identity, ann, PAGE)).secret
    for _ in range(2):
        answer = await client.post(PATH, json={"key": text})
        assert (answer.status_code, answer.content) == (204, b"")
    page = {"X-API-Key": text, "Origin": "https://page.example"}
    assert (await post(client, "{ __typename }", headers=page)).status_code == 200
    assert await told(empty_stores) == []
    assert await audited(empty_stores, "reportPublishableKey") == [("DONE", None, ann)]


async def test_what_has_ended_is_no_news(
    client: httpx2.AsyncClient, empty_stores: Stores, identity: Identity, ann: UUID
) -> None:
    made = await a_key(empty_stores, identity, ann)
    await revoke_api_key(owner_context(empty_stores, identity, ann), made.api_key.id)
    assert (await client.post(PATH, json={"key": made.secret})).status_code == 204
    assert await told(empty_stores) == []


async def test_an_unknown_key_looks_the_same(client: httpx2.AsyncClient) -> None:
    answer = await client.post(PATH, json={"key": made_up()})
    assert (answer.status_code, answer.content) == (204, b"")


async def test_what_is_no_key_touches_no_store(
    client: httpx2.AsyncClient, round_trips: RoundTrips
) -> None:
    bodies: list[Any] = [{"key": mistyped(made_up())}, {"key": "x"}, {"key": ""}, {"key": None}]
    bodies += [{"key": ["pk_"]}, {}, [], "x", 5]
    for body in bodies:
        answer = await client.post(PATH, json=body)
        assert answer.status_code == 400, body
        assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    for raw in (b"", b"{", b"\xff", b'{"key": "\\ud800"}', b'{"key": 1, "key": 2}', b"[" * 1000):
        answer = await client.post(PATH, content=raw, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400, raw
    assert round_trips == {}


async def test_bodies_of_another_kind(client: httpx2.AsyncClient) -> None:
    assert (await client.post(PATH, data={"key": made_up()})).status_code == 415
    assert (await client.post(PATH, content=made_up())).status_code == 415
    assert (await client.post(PATH, json={"key": "x" * 2000})).status_code == 413
    answer = await client.get(PATH)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


async def test_reports_without_end_are_limited(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_reports, "_PER_HOUR", 2)
    statuses = [(await client.post(PATH, json={"key": made_up()})).status_code for _ in range(3)]
    assert statuses == [204, 204, 429]
    answer = await client.post(PATH, json={"key": made_up()})
    assert int(answer.headers["retry-after"]) > 0


async def test_without_redis_a_key_is_ended_all_the_same(
    empty_stores: Stores, identity: Identity, ann: UUID
) -> None:
    text = (await a_key(empty_stores, identity, ann)).secret
    gone = open_redis("redis://127.0.0.1:1/0", RedisSettings(url=None, timeout_s=PAUSE_S))
    async with client_of(replace(empty_stores, redis=gone), identity) as client:
        assert (await client.post(PATH, json={"key": text})).status_code == 204
        assert await status_of(client, text) == 401
    await gone.close()


class _NoPostgres:
    """A PostgreSQL that does not answer."""

    def transaction(self) -> None:
        raise StoreUnavailable("postgres")


async def test_without_postgresql_it_is_said(empty_stores: Stores, identity: Identity) -> None:
    down: Any = _NoPostgres()
    async with client_of(replace(empty_stores, postgres=down), identity) as client:
        assert (await client.post(PATH, json={"key": made_up()})).status_code == 503
