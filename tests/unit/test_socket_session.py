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


async def test_mutations_count_until_their_end(stage: Stage) -> None:
    server = Server(stage, TransportSettings(max_operations_per_socket=1))
    async with initialised(server) as client:
        client.subscribe("a", "mutation { bump }")
        await stage.begun.wait()
        client.complete("a")
        client.subscribe("b", "mutation { bump }")
        message = await client.hears()
        assert (message["type"], message["id"]) == ("error", "b")
        assert message["payload"][0]["extensions"]["code"] == "LIMIT_EXCEEDED"
        stage.gate.set()
        await server.pipeline.finish()
        client.subscribe("c", "mutation { bump }")
        assert await client.hears() == next_("c", bump=2)


async def test_each_operation_has_a_context_of_its_own(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    def noting(*arguments: Any) -> Any:
        made.append(build(*arguments))
        return made[-1]

    build = build_context
    monkeypatch.setattr("gateway.graphql.socket_session.build_context", noting)
    async with initialised(server) as client:
        for id_ in ("a", "b"):
            client.subscribe(id_, "subscription { count(to: 1) }")
            for _ in range(2):
                await client.hears()
    assert len({id(context.loaders) for context in made}) == len(made) == 2


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


async def test_a_socket_that_is_accepted_during_the_stop_leaves_too(
    server: Server, stage: Stage
) -> None:
    async with initialised(server) as first:
        first.subscribe("a", "{ slow }")
        await first.settle()
        server.draining.begin(0)
        await first.settle()  # all have been told
        async with accepted(server) as late:
            assert await late.closed() == 1012
        stage.gate.set()
        assert await first.closed() == 1012


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


async def test_a_client_that_leaves_before_it_is_accepted(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(Client, "_take", gone)
    await connection(server).gone()
    await connection(server, subprotocols=()).gone()
    await connection(server, headers={"origin": "https://evil.example"}).gone()
    assert len(server.sockets) == 0
