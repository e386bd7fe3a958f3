"""How many streams of events may be open, and whom they act for while they are."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import strawberry

from auth.principal import ANONYMOUS, KeyRef, Principal, PrincipalKind, person
from datasources.ids import new_id
from datasources.records.api_keys import ApiKeyPlan
from gateway.graphql import http
from gateway.graphql import rights_watch as watched
from gateway.graphql.documents import Documents
from gateway.graphql.pipeline import Pipeline
from gateway.graphql.settings import TransportSettings
from resolvers.context import utc_now
from schema.build import Schema
from tests.factories.live_socket import NO_STORES, Server
from tests.factories.live_stream import asking

NUMBERS = "subscription { numbers }"
BEARER = {"authorization": "Bearer x"}


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[Principal]:
    """Who calls: the last of these."""
    callers = [ANONYMOUS]

    async def authenticate_operation(_: Any) -> Principal:
        return callers[-1]

    monkeypatch.setattr(http, "authenticate_operation", authenticate_operation)
    return callers


async def is_open(server: Server, query: str = NUMBERS, address: str = "192.0.2.1") -> bool:
    async with asking(server, query, address=address) as client:
        assert client.status in {200, 503}
        assert ("retry-after" in client.headers) is (client.status == 503)
        return client.status == 200


async def test_streams_of_an_address(calls: list[Principal]) -> None:
    server = Server(settings=TransportSettings(max_sockets_per_address=2))
    async with asking(server, NUMBERS), asking(server, NUMBERS):
        assert not await is_open(server)
        assert await is_open(server, "{ viewer }"), "one result is no stream"
        assert await is_open(server, address="192.0.2.2")
        calls.append(person(new_id()))
        assert await is_open(server), "who is somebody is not counted by address"
    assert len(server.places) == 0


async def test_streams_of_an_account(calls: list[Principal]) -> None:
    server = Server(settings=TransportSettings(max_sockets_per_principal=1))
    calls.append(person(new_id()))
    async with asking(server, NUMBERS):
        assert not await is_open(server, address="192.0.2.2")
        calls.append(person(new_id()))
        assert await is_open(server)
        calls.pop()
    assert await is_open(server)


@pytest.mark.parametrize(
    "caller",
    [
        Principal(PrincipalKind.SERVICE, service="radio"),
        Principal(PrincipalKind.APP, app_id=new_id()),
    ],
    ids=lambda one: one.kind,
)
async def test_services_and_apps_have_places_of_their_own(
    calls: list[Principal], caller: Principal
) -> None:
    server = Server(settings=TransportSettings(max_sockets_per_address=1))
    async with asking(server, NUMBERS):
        assert not await is_open(server)
        calls.append(caller)
        assert await is_open(server), "it is not counted by address"


async def test_publishable_keys_are_counted_by_address(calls: list[Principal]) -> None:
    server = Server(settings=TransportSettings(max_sockets_per_principal=1))
    key = KeyRef(new_id(), new_id(), ApiKeyPlan.FREE)
    calls.append(Principal(PrincipalKind.API_KEY, key=key))
    async with asking(server, NUMBERS):
        assert await is_open(server, address="192.0.2.2")


async def test_streams_of_a_process() -> None:
    server = Server(settings=TransportSettings(max_sockets=1))
    async with asking(server, NUMBERS):
        assert not await is_open(server, address="192.0.2.2")
    assert await is_open(server)


@pytest.mark.parametrize("query", ["subscription { forbidden }", "subscription { breaks }"])
async def test_what_fails_takes_no_place(query: str) -> None:
    server = Server(settings=TransportSettings(max_sockets=1))
    for _ in range(2):
        assert await is_open(server, query)
    assert len(server.places) == 0


async def test_a_stream_has_the_present_rights_of_its_key(
    calls: list[Principal], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def principal_of(*_: object) -> Principal:
        return Principal(PrincipalKind.API_KEY, service="after")

    monkeypatch.setattr(watched, "principal_of", principal_of)
    calls.append(Principal(PrincipalKind.API_KEY, service="before"))
    server = Server()
    server.pipeline = Pipeline(_schema(server), Documents(1_000))
    async with asking(server, "subscription { seen { by } }", BEARER) as client:
        server.stage.events.put_nowait(1)
        assert await client.event() == {"data": {"seen": {"by": "before"}}}
        await server.watch.look(server.identity, NO_STORES, utc_now())
        server.stage.events.put_nowait(2)
        assert await client.event() == {"data": {"seen": {"by": "after"}}}


def _schema(server: Server) -> Schema:
    @strawberry.type
    class Seen:
        @strawberry.field
        def by(self, info: strawberry.Info) -> str:
            return str(info.context.principal.service)

    @strawberry.type
    class Query:
        one: int = 1

    @strawberry.type
    class Subscription:
        @strawberry.subscription
        async def seen(self) -> AsyncIterator[Seen]:
            while await server.stage.events.get():
                yield Seen()

    return Schema(query=Query, subscription=Subscription)
