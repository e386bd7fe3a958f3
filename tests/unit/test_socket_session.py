"""Sockets by PROTOCOL.md of graphql-ws, without a network: states, siblings, limits, ends."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from gateway.context import build_context
from gateway.graphql.settings import TransportSettings
from tests.factories.live_schema import Stage
from tests.factories.live_socket import Client, Server, accepted, connection, initialised

NUMBERS = "subscription { numbers }"
INIT = {"type": "connection_init"}
PING = {"type": "ping"}
PONG = {"type": "pong"}


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def stage(server: Server) -> Stage:
    return server.stage


def next_(id_: str, **data: Any) -> dict[str, Any]:
    return {"type": "next", "id": id_, "payload": {"data": data}}


def complete(id_: str) -> dict[str, Any]:
    return {"type": "complete", "id": id_}


async def sibling(client: Client, stage: Stage) -> None:
    """Open a subscription that has to outlive what comes."""
    client.subscribe("sibling", NUMBERS)
    await stage.begun.wait()


async def sibling_lives(client: Client, stage: Stage, number: int = 7) -> None:
    stage.events.put_nowait(number)
    assert await client.hears() == next_("sibling", numbers=number)


# --- operations ---------------------------------------------------------------------------------


async def test_a_query(server: Server) -> None:
    async with initialised(server) as client:
        client.subscribe("a", "query ($text: String!) { echo(text: $text) }", text="hello")
        assert await client.hears() == next_("a", echo="hello")
        assert await client.hears() == complete("a")


async def test_a_mutation(server: Server, stage: Stage) -> None:
    stage.gate.set()
    async with initialised(server) as client:
        client.subscribe("a", "mutation { bump }")
        assert await client.hears() == next_("a", bump=1)
        assert await client.hears() == complete("a")


async def test_a_subscription(server: Server) -> None:
    async with initialised(server) as client:
        client.subscribe("a", "subscription { count(to: 3) }")
        for number in range(3):
            assert await client.hears() == next_("a", count=number)
        assert await client.hears() == complete("a")


async def test_several_at_once(server: Server, stage: Stage) -> None:
    async with initialised(server) as client:
        await sibling(client, stage)
        client.subscribe("slow", "{ slow }")
        client.subscribe("quick", '{ echo(text: "x") }')
        assert await client.hears() == next_("quick", echo="x")
        assert await client.hears() == complete("quick")
        await sibling_lives(client, stage)
        stage.gate.set()
        assert await client.hears() == next_("slow", slow=1)


async def test_one_of_several_operations_by_name(server: Server) -> None:
    query = 'query A { echo(text: "a") } query B { echo(text: "b") }'
    async with initialised(server) as client:
        payload = {"query": query, "operationName": "B", "extensions": None, "variables": None}
        client.send({"type": "subscribe", "id": "a", "payload": payload})
        assert await client.hears() == next_("a", echo="b")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("query ($text: String!) { echo(text: $text) }", "BAD_USER_INPUT"),
        ("subscription { forbidden }", "FORBIDDEN"),
    ],
)
async def test_what_cannot_be_run_is_an_error_of_its_own(
    server: Server, stage: Stage, query: str, code: str
) -> None:
    async with initialised(server) as client:
        await sibling(client, stage)
        client.subscribe("a", query)
        message = await client.hears()
        assert (message["type"], message["id"]) == ("error", "a")
        assert message["payload"][0]["extensions"]["code"] == code
        client.subscribe("a", '{ echo(text: "again") }')  # the id is free
        assert await client.hears() == next_("a", echo="again")
        assert await client.hears() == complete("a")
        await sibling_lives(client, stage)


async def test_a_defect_is_masked_and_harms_no_sibling(server: Server, stage: Stage) -> None:
    async with initialised(server) as client:
        await sibling(client, stage)
        client.subscribe("a", "{ broken }")
        message = await client.hears()
        assert message["payload"]["data"] is None
        assert message["payload"]["errors"][0]["extensions"]["code"] == "INTERNAL"
        assert "secret" not in json.dumps(message)
        assert await client.hears() == complete("a")
        await sibling_lives(client, stage)


async def test_a_source_that_breaks_ends_with_an_error(server: Server, stage: Stage) -> None:
    async with initialised(server) as client:
        await sibling(client, stage)
        client.subscribe("a", "subscription { breaks }")
        assert await client.hears() == next_("a", breaks=1)
        message = await client.hears()
        assert message["type"] == "error"
        assert message["payload"][0]["extensions"]["code"] == "INTERNAL"
        assert "secret" not in json.dumps(message)
        await sibling_lives(client, stage)


async def test_complete_ends_the_source_and_frees_the_id(server: Server, stage: Stage) -> None:
    async with initialised(server) as client:
        client.subscribe("a", NUMBERS)
        await stage.begun.wait()
        client.complete("a")
        client.subscribe("a", '{ echo(text: "again") }')
        assert await client.hears() == next_("a", echo="again")
        assert stage.ended == 1


async def test_what_a_client_has_completed_is_not_sent(server: Server, stage: Stage) -> None:
    async with initialised(server) as client:
        client.subscribe("a", "mutation { bump }")
        await stage.begun.wait()
        client.complete("a")
        client.subscribe("b", '{ echo(text: "b") }')
        assert await client.hears() == next_("b", echo="b")
        assert await client.hears() == complete("b")
        stage.gate.set()
        await server.pipeline.finish()
        await client.settle()
        assert stage.bumped == 1, "a mutation that has begun is finished"
        assert client.silent()


async def test_complete_for_what_does_not_run_is_ignored(server: Server) -> None:
    async with initialised(server) as client:
        client.complete("unknown")
        client.send(PING)
        assert await client.hears() == PONG


async def test_a_client_that_leaves_ends_queries_and_sources(server: Server, stage: Stage) -> None:
    async with initialised(server) as client:
        client.subscribe("a", NUMBERS)
        client.subscribe("b", "{ slow }")
        await client.settle()
    await asyncio.sleep(0)
    assert stage.ended == 1
    assert len(server.sockets) == 0


async def test_a_client_that_leaves_does_not_stop_its_mutation(
    server: Server, stage: Stage
) -> None:
    async with initialised(server) as client:
        client.subscribe("a", "mutation { bump }")
        await stage.begun.wait()
    stage.gate.set()
    await server.pipeline.finish()
    assert stage.bumped == 1


async def test_too_many_operations(stage: Stage) -> None:
    server = Server(stage, TransportSettings(max_operations_per_socket=2))
    async with initialised(server) as client:
        await sibling(client, stage)
        client.subscribe("b", NUMBERS)
        client.subscribe("c", NUMBERS)
        message = await client.hears()
        assert (message["type"], message["id"]) == ("error", "c")
        assert message["payload"][0]["extensions"]["code"] == "LIMIT_EXCEEDED"
        client.complete("b")
        client.subscribe("c", '{ echo(text: "c") }')
        assert await client.hears() == next_("c", echo="c")


async def test_each_operation_has_a_context_and_each_event_loaders_of_its_own(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    def noting(*arguments: Any) -> Any:
        made.append(build(*arguments))
        return made[-1]

    build = build_context
    monkeypatch.setattr("gateway.graphql.socket_session.build_context", noting)
    async with initialised(server) as client:
        client.subscribe("a", "subscription { count(to: 2) }")
        for _ in range(3):
            await client.hears()
    assert len({id(context.loaders) for context in made}) == len(made) == 3


# --- the protocol -------------------------------------------------------------------------------


async def test_ping_and_pong_at_any_time(server: Server) -> None:
    async with accepted(server) as client:
        client.send(PING)
        assert await client.hears() == PONG
        client.send({"type": "ping", "payload": {"at": 1}})
        assert await client.hears() == PONG
        client.send({"type": "pong", "payload": None})
        client.send(INIT)
        assert await client.hears() == {"type": "connection_ack"}


async def test_operations_before_init(server: Server) -> None:
    async with accepted(server) as client:
        client.subscribe("a", "{ __typename }")
        assert await client.closed() == 4401


async def test_two_inits(server: Server) -> None:
    async with initialised(server) as client:
        client.send(INIT)
        assert await client.closed() == 4429


async def test_the_same_id_twice(server: Server, stage: Stage) -> None:
    async with initialised(server) as client:
        client.subscribe("ä" * 200, NUMBERS)
        await stage.begun.wait()
        client.subscribe("ä" * 200, "{ slow }")
        assert await client.closed() == 4409
    assert stage.ended == 1


async def test_other_subprotocols(server: Server) -> None:
    for offered in ((), ("graphql-ws",), ("",)):
        client = connection(server, subprotocols=offered)
        event = await client.event()
        assert event["type"] == "websocket.accept"
        assert event["subprotocol"] is None
        assert await client.closed() == 4406


async def test_ours_among_other_subprotocols(server: Server) -> None:
    async with accepted(server, subprotocols=("graphql-ws", "graphql-transport-ws")):
        pass


@pytest.mark.parametrize(
    "message",
    [
        None,
        [],
        5,
        "connection_init",
        {},
        {"type": 5},
        {"type": None},
        {"type": "unknown"},
        {"type": "connection_ack"},
        {"type": "next", "id": "a", "payload": {}},
        {"type": "error", "id": "a", "payload": []},
        {"type": "ping", "payload": []},
        {"type": "pong", "payload": 1},
        {"type": "connection_init", "payload": "x"},
        {"type": "complete"},
        {"type": "complete", "id": 5},
        {"type": "subscribe"},
        {"type": "subscribe", "id": "", "payload": {"query": "{ a }"}},
        {"type": "subscribe", "id": {}, "payload": {"query": "{ a }"}},
        {"type": "subscribe", "id": "x" * 257, "payload": {"query": "{ a }"}},
        {"type": "subscribe", "id": "a"},
        {"type": "subscribe", "id": "a", "payload": None},
        {"type": "subscribe", "id": "a", "payload": []},
        {"type": "subscribe", "id": "a", "payload": {}},
        {"type": "subscribe", "id": "a", "payload": {"query": 5}},
        {"type": "subscribe", "id": "a", "payload": {"query": "{a}", "variables": []}},
        {"type": "subscribe", "id": "a", "payload": {"query": "{a}", "operationName": 1}},
        {"type": "subscribe", "id": "a", "payload": {"query": "{a}", "extensions": "x"}},
    ],
    ids=str,
)
async def test_what_is_no_message(server: Server, message: Any) -> None:
    async with initialised(server) as client:
        client.send(message)
        assert await client.closed() == 4400


@pytest.mark.parametrize(
    "text", ["", "{", "\x00", "NaN", '{"type":"ping"} x', '"\\ud800"', "[" * 100_000]
)
async def test_what_is_no_json(server: Server, text: str) -> None:
    async with initialised(server) as client:
        client.send_text(text)
        assert await client.closed() == 4400


async def test_binary_frames(server: Server) -> None:
    async with initialised(server) as client:
        client.send_bytes(b'{"type":"ping"}')
        assert await client.closed() == 4400


@pytest.mark.parametrize("padding", ["x", "é", "😀"])
async def test_a_message_that_is_too_long(stage: Stage, padding: str) -> None:
    server = Server(stage, TransportSettings(max_message_bytes=1000))
    spare = 1000 - len('{"type":"ping","payload":{"a":""}}')
    fits = spare // len(padding.encode())
    async with initialised(server) as client:
        client.send_text('{"type":"ping","payload":{"a":"%s"}}' % (padding * fits))
        assert await client.hears() == PONG
        client.send_text('{"type":"ping","payload":{"a":"%s"}}' % (padding * (fits + 1)))
        assert await client.closed() == 1009


# --- time ---------------------------------------------------------------------------------------


async def test_no_init_in_time(server: Server) -> None:
    async with accepted(server) as client:
        server.pass_time(9)
        client.send(PING)
        assert await client.hears() == PONG
        server.pass_time(2)
        assert await client.closed() == 4408


async def test_a_silent_client_is_pinged_and_given_up(server: Server, stage: Stage) -> None:
    async with initialised(server) as client:
        await sibling(client, stage)
        server.pass_time(13)
        assert await client.hears() == PING
        server.pass_time(10)
        assert client.silent()
        server.pass_time(2)
        assert await client.closed() == 1013
    assert stage.ended == 1


async def test_a_client_that_answers_pings_lives(server: Server) -> None:
    async with initialised(server) as client:
        for _ in range(10):
            server.pass_time(13)
            assert await client.hears() == PING
            client.send(PONG)
            await client.settle()


async def test_a_flood_of_messages(server: Server) -> None:
    async with initialised(server) as client:
        for _ in range(400):
            client.send(PONG)
        assert await client.closed() == 1008


async def test_fifty_messages_a_second_are_no_flood(server: Server) -> None:
    async with initialised(server) as client:
        for _ in range(20):
            server.pass_time(1)
            for _ in range(50):
                client.send(PONG)
            await client.settle()
            await client.settle()
        client.send(PING)
        assert await client.hears() == PONG


# --- slow clients -------------------------------------------------------------------------------


async def test_a_subscription_waits_for_its_client(server: Server, stage: Stage) -> None:
    async with initialised(server) as client:
        client.reading.clear()
        client.subscribe("a", "subscription { flood }")
        await client.settle()
        made = stage.made
        await client.settle()
        assert stage.made == made <= 3
        client.reading.set()
        await client.hears()
        await client.settle()
        assert stage.made > made


async def test_a_client_that_never_reads(server: Server, stage: Stage) -> None:
    async with initialised(server) as client:
        client.reading.clear()
        client.subscribe("a", "subscription { flood }")
        await client.settle()
        server.pass_time(11)
        await client.settle()
        assert len(server.sockets) == 1
        server.pass_time(3)
        await client.settle()
        assert len(server.sockets) == 0
        assert stage.ended == 1
        client.reading.set()
        assert await client.closed() == 1013


async def test_nothing_is_begun_for_a_client_that_does_not_read(
    server: Server, stage: Stage
) -> None:
    stage.gate.set()
    async with initialised(server) as client:
        client.reading.clear()
        for number in range(90):
            client.subscribe(str(number), "mutation { bump }")
        for _ in range(20):
            await client.settle()
        assert stage.bumped < 5
        server.pass_time(14)
        await client.settle()
        assert len(server.sockets) == 0
        client.reading.set()
        assert await client.closed() == 1013
    assert stage.bumped < 5


async def test_a_client_that_has_asked_for_too_much(server: Server, stage: Stage) -> None:
    """All that it asked for is there at once, and it takes nothing of it."""
    async with initialised(server) as client:
        for number in range(90):
            client.subscribe(str(number), "{ slow long(characters: 20000) }")
        for _ in range(5):
            await client.settle()
        client.reading.clear()
        stage.gate.set()
        for _ in range(5):
            await client.settle()
        server.pass_time(1)
        assert len(server.sockets) == 1
        server.pass_time(2)
        await client.settle()
        assert len(server.sockets) == 0
        client.reading.set()
        assert await client.closed() == 1013


async def test_results_longer_than_the_bound_are_sent(server: Server) -> None:
    async with initialised(server) as client:
        for number in range(3):
            client.subscribe(str(number), "{ long(characters: 2000000) }")
        texts = [await client.hears() for _ in range(6)]
        assert {text["type"] for text in texts} == {"next", "complete"}


# --- how many, and from where -------------------------------------------------------------------


async def test_sockets_of_an_address(stage: Stage) -> None:
    server = Server(stage, TransportSettings(max_sockets_per_address=2))
    async with accepted(server), accepted(server):
        refused = connection(server)
        event = await refused.event()
        assert event["type"] == "websocket.http.response.start"
        assert event["status"] == 503
        async with accepted(server, address="192.0.2.2"):
            pass
    async with accepted(server):
        pass


async def test_sockets_of_a_process(stage: Stage) -> None:
    server = Server(stage, TransportSettings(max_sockets=1))
    async with accepted(server):
        refused = connection(server, address="192.0.2.2")
        assert (await refused.event())["status"] == 503


@pytest.mark.parametrize(
    "origin",
    [
        "https://music.example",
        "http://music.example",
        "https://MUSIC.example",
        "https://music.example:443",
        "https://app.example",
    ],
)
async def test_pages_that_may_open_sockets(stage: Stage, origin: str) -> None:
    server = Server(stage, TransportSettings(allowed_origins="https://app.example"))
    async with accepted(server, headers={"origin": origin}):
        pass


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "",
        "https://music.example.evil.example",
        "https://music.example:8443",
        "https://app.example:99999",
        "file://music.example",
        "https://[",
    ],
)
async def test_pages_that_may_not(stage: Stage, origin: str) -> None:
    server = Server(stage, TransportSettings(allowed_origins="https://app.example"))
    refused = connection(server, headers={"origin": origin})
    event = await refused.event()
    assert event["type"] == "websocket.http.response.start"
    assert event["status"] == 403


# --- stopping -----------------------------------------------------------------------------------


async def test_sockets_leave_when_the_server_stops(server: Server, stage: Stage) -> None:
    async with initialised(server) as client:
        await sibling(client, stage)
        client.subscribe("a", "{ slow }")
        await client.settle()
        server.draining.begin(0)
        await client.settle()
        assert client.silent(), "the query is answered first"
        stage.gate.set()
        assert await client.hears() == next_("a", slow=1)
        assert await client.hears() == complete("a")
        assert await client.closed() == 1012
    assert stage.ended == 1


async def test_what_has_not_begun_is_asked_for_again(server: Server, stage: Stage) -> None:
    stage.gate.set()
    async with initialised(server) as client:
        for number in range(60):
            client.subscribe(str(number), "mutation { bump }")
        (session,) = server.sockets._keys
        for _ in range(3):
            await asyncio.sleep(0)
        assert len(session.operations) == 60  # type: ignore[attr-defined]
        await session.leave()
        assert await client.closed() == 1012
    assert stage.bumped < 60


async def test_a_new_operation_is_sent_elsewhere(server: Server, stage: Stage) -> None:
    async with initialised(server) as client:
        server.draining.begin(3600)
        stage.gate.set()
        client.subscribe("a", "mutation { bump }")
        assert await client.closed() == 1012
    assert stage.bumped == 0


# --- defects ------------------------------------------------------------------------------------


async def test_a_defect_of_the_socket_itself(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> Callable[[], None]:
        raise ZeroDivisionError("secret")

    async with initialised(server) as client:
        monkeypatch.setattr("gateway.graphql.frames.parse_message", broken)
        client.send(PING)
        assert await client.closed() == 4500
