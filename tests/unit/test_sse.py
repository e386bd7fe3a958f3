"""Streams of events by the PROTOCOL.md of graphql-sse, distinct connections mode."""

import asyncio
import json
from typing import Any

import pytest

from tests.factories.live_schema import Stage
from tests.factories.live_socket import Server
from tests.factories.live_stream import STREAM, asking

NUMBERS = "subscription { numbers }"
ORIGIN = {"graphql-preflight": "1"}


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def stage(server: Server) -> Stage:
    return server.stage


async def settle() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_subscription(server: Server, method: str) -> None:
    async with asking(server, "subscription { count(to: 2) }", ORIGIN, method=method) as client:
        assert client.status == 200
        assert client.headers["content-type"].partition(";")[0] == STREAM
        assert client.headers["x-accel-buffering"] == "no"
        assert {"no-cache", "no-transform"} <= set(client.headers["cache-control"].split(", "))
        assert "content-length" not in client.headers
        assert await client.event() == {"data": {"count": 0}}
        assert await client.event() == {"data": {"count": 1}}
        assert await client.event() == "complete"
        assert await client.event() is None
        await client.gone()


@pytest.mark.parametrize(
    ("query", "data"),
    [('{ echo(text: "a\\nb\\r") }', {"echo": "a\nb\r"}), ("mutation { bump }", {"bump": 1})],
)
async def test_queries_and_mutations(
    server: Server, stage: Stage, query: str, data: dict[str, Any]
) -> None:
    stage.gate.set()
    async with asking(server, query) as client:
        assert client.status == 200
        assert client.headers["content-type"].partition(";")[0] == STREAM
        text = await client.rest()
    assert "\r" not in text
    said = text.removeprefix("event: next\ndata: ").removesuffix("\n\nevent: complete\ndata:\n\n")
    assert json.loads(said) == {"data": data}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { forbidden }", "FORBIDDEN"),
        ("{ broken }", "INTERNAL"),
    ],
)
async def test_what_goes_wrong_is_an_event(server: Server, query: str, code: str) -> None:
    async with asking(server, query) as client:
        assert client.status == 200
        text = (await client.rest()).removeprefix(":\n\n")
        assert text.startswith("event: next\ndata: {")
        assert f'"code":"{code}"' in text
        assert text.endswith("\n\nevent: complete\ndata:\n\n")
        assert "secret" not in text


async def test_a_source_that_breaks(server: Server) -> None:
    async with asking(server, "subscription { breaks }") as client:
        assert await client.event() == {"data": {"breaks": 1}}
        failed = await client.event()
        assert failed["errors"][0]["extensions"]["code"] == "INTERNAL"
        assert await client.event() == "complete"
        assert await client.event() is None


async def test_a_mutation_by_get(server: Server, stage: Stage) -> None:
    async with asking(server, "mutation { bump }", ORIGIN, method="GET") as client:
        assert client.status == 405
    assert stage.bumped == 0


async def test_a_head_alone(server: Server, stage: Stage) -> None:
    async with asking(server, NUMBERS, ORIGIN, method="HEAD") as client:
        assert client.headers["content-type"].partition(";")[0] == STREAM
        await client.gone()
    assert not stage.begun.is_set()


async def test_it_begins_and_beats_while_there_is_nothing_to_say(server: Server) -> None:
    async with asking(server, NUMBERS, heartbeat_s=0.001) as client:
        for _ in range(3):
            assert await client.piece() == b":\n\n"
        server.stage.events.put_nowait(5)
        assert await client.event() == {"data": {"numbers": 5}}


async def test_a_client_that_leaves_ends_the_source(server: Server, stage: Stage) -> None:
    async with asking(server, NUMBERS):
        await stage.begun.wait()
    assert stage.ended == 1


async def test_the_source_waits_for_its_client(server: Server, stage: Stage) -> None:
    async with asking(server, "subscription { flood }") as client:
        await client.event()
        client.reading.clear()
        await settle()
        made = stage.made
        await settle()
        assert stage.made == made
        client.reading.set()
        for _ in range(4):
            await client.event()
        assert stage.made > made
    assert stage.ended == 1


async def test_streams_end_when_the_server_stops(server: Server, stage: Stage) -> None:
    async with asking(server, NUMBERS) as client:
        await stage.begun.wait()
        server.draining.begin(0)
        assert await client.event() is None, "without `complete`: the client is to come back"
        await client.gone()
    assert stage.ended == 1
