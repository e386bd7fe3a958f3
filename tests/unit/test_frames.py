"""Frames of clients: whatever comes has a specified answer, and harms nobody else."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.graphql import frames
from gateway.graphql.frames import Closing, Complete, Init, Ping, Pong, Subscribe, parse_message
from tests.factories.live_socket import Client, Server, accepted, initialised

MAX = 1 << 20

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4)
    ),
    max_leaves=10,
)
types = st.sampled_from(
    ["connection_init", "connection_ack", "ping", "pong", "subscribe", "next", "error", "complete"]
)
payloads = json_values | st.fixed_dictionaries(
    {},
    optional={
        "query": json_values | st.just("{ a }"),
        "variables": json_values,
        "operationName": json_values,
        "extensions": json_values,
        "authorization": json_values,
    },
)
like_messages = st.fixed_dictionaries(
    {},
    optional={"type": types | json_values, "id": json_values | st.just("a"), "payload": payloads},
)


def outcome(text: str | None) -> object:
    """Return the message of a frame, or the code that the socket is closed with."""
    try:
        return parse_message(text, MAX)
    except Closing as closing:
        return closing.code


@given(st.text())
@example("[" * 200_000)
@example('{"type":"ping","payload":' + "[" * 2000 + "]" * 2000 + "}")
@example('{"type":"ping","payload":{"n":' + "9" * 5000 + "}}")
@example('{"type":"\\ud800"}')
@example('\ufeff{"type":"ping"}')
def test_any_text_is_refused_or_read(text: str) -> None:
    assert outcome(text) == 4400 or isinstance(outcome(text), Init | Ping | Pong | Complete)


@given(like_messages | json_values)
def test_any_json_is_refused_or_read(value: Any) -> None:
    got = outcome(json.dumps(value))
    match got:
        case Subscribe(id_, payload):
            assert (id_, dict(payload)) == (value["id"], value["payload"])
            assert 0 < len(id_) <= frames.MAX_ID_CHARS
        case Complete(id_):
            assert id_ == value["id"]
        case Init(payload) | Ping(payload):
            assert payload == (value.get("payload") or {})
        case Pong():
            pass
        case code:
            assert code == 4400


def test_binary_is_refused() -> None:
    assert outcome(None) == 4400


@given(st.text(min_size=1, max_size=200), st.sampled_from([b"{}", b'{"data":{"a":"\xc3\xa9"}}']))
def test_what_is_sent_is_json(id_: str, payload: bytes) -> None:
    try:
        id_.encode()
    except UnicodeEncodeError:
        return  # no such id is ever read
    value = json.loads(frames.next_frame(id_, payload))
    assert value == {"type": "next", "id": id_, "payload": json.loads(payload)}
    assert json.loads(frames.error_frame(id_, b"[]")) == {"type": "error", "id": id_, "payload": []}
    assert json.loads(frames.complete_frame(id_)) == {"type": "complete", "id": id_}


@pytest.mark.parametrize("renewed", [None, True, False])
def test_pongs_are_json(renewed: bool | None) -> None:
    expected = {"type": "pong"} | ({} if renewed is None else {"payload": {"renewed": renewed}})
    assert json.loads(frames.pong_frame(renewed=renewed)) == expected


@given(st.text(min_size=124))
def test_a_reason_fits_in_a_close_frame(reason: str) -> None:
    assert 120 <= len(Closing(4400, reason).reason.encode()) <= 123


# --- whole conversations ------------------------------------------------------------------------

BINARY = b"\x00"
NUMBERS = "subscription { numbers }"
ids = st.sampled_from(["a", "b", "c"])
good = st.one_of(
    st.just({"type": "connection_init"}),
    st.just({"type": "ping"}),
    st.just({"type": "pong", "payload": {}}),
    ids.map(lambda one: {"type": "complete", "id": one}),
    st.tuples(ids, st.sampled_from([NUMBERS, "{", "{ broken }", "{ nothing }"])).map(
        lambda pair: {"type": "subscribe", "id": pair[0], "payload": {"query": pair[1]}}
    ),
)


@dataclass
class Model:
    """What a socket is to do, by PROTOCOL.md."""

    initialised: bool = False
    running: set[str] = field(default_factory=set)

    def closes(self, message: Any) -> int | None:
        """Take a message in; return the code that the socket is closed with."""
        match message:
            case {"type": "connection_init"}:
                if self.initialised:
                    return 4429
                self.initialised = True
            case {"type": "subscribe", "id": id_, "payload": {"query": query}}:
                if not self.initialised:
                    return 4401
                if id_ in self.running:
                    return 4409
                if query == NUMBERS:
                    self.running.add(id_)
            case {"type": "complete", "id": id_}:
                self.running.discard(id_)
            case {"type": "ping" | "pong"}:
                pass
            case _:
                return 4400
        return None


bad = st.one_of(
    st.just(BINARY),
    st.text(max_size=10),
    json_values.filter(lambda value: not isinstance(value, dict)),
    st.fixed_dictionaries({"type": st.sampled_from(["connection_ack", "next", "x", "subscribe"])}),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(good | bad, max_size=12) | st.lists(good, max_size=20))
def test_conversations_go_as_the_protocol_says(messages: list[Any]) -> None:
    asyncio.run(converse(messages))


async def converse(messages: list[Any]) -> None:
    server = Server()
    async with initialised(server) as neighbour, accepted(server) as client:
        neighbour.subscribe("theirs", "{ slow }")
        await server.stage.begun.wait()
        model = Model()
        expected = None
        for message in messages:
            expected = model.closes(message)
            if message == BINARY:
                client.send_bytes(BINARY)
            else:
                client.send(message)
            await client.settle()
            if expected is not None:
                break
        if expected is not None:
            assert await client.closed() == expected
            await client.settle()
            assert server.stage.ended >= len(model.running)
        else:
            await everybody_lives(server, client, model)
        # Whatever the one has said, the other one lives.
        server.stage.gate.set()
        answer = await neighbour.hears()
        assert answer == {"type": "next", "id": "theirs", "payload": {"data": {"slow": 1}}}


async def everybody_lives(server: Server, client: Client, model: Model) -> None:
    heard = []
    client.send({"type": "pong"})
    for _ in model.running:  # who has waited for longest gets the next one
        server.stage.events.put_nowait(1)
        await client.settle()
    while not client.silent():
        heard.append(await client.hears())
    data = [one for one in heard if one["type"] == "next" and one["payload"]["data"]]
    assert len(data) == len(model.running)
    assert {one["id"] for one in data} == model.running
