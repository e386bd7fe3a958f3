"""Events that are never skipped, on both transports; and which subscribers share what."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from time import monotonic
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest
import strawberry
from graphql import parse
from starlette.requests import Request
from starlette.types import Message

from auth.principal import ANONYMOUS, person
from datasources.loaders.batch import Loaders
from datasources.redis.live import LiveEvent, Position
from datasources.redis.mailbox import MAX_EVENTS, Backlog
from gateway.graphql import sse
from gateway.graphql.documents import Documents
from gateway.graphql.pipeline import Pipeline
from gateway.graphql.results import Result
from gateway.graphql.rights import rights_of
from gateway.graphql.sharing import Sharing, variables_of_events
from gateway.graphql.websocket import SocketEdge
from resolvers.live import Counts, OfEvent, Shared
from resolvers.topics import Told
from schema.build import Schema, build_schema
from schema.viewers import Depends, depends_on_viewer
from tests.factories.live_socket import NO_STORES, Server, initialised
from tests.factories.live_stream import asking

RESUMED = {"graphql-preflight": "1", "last-event-id": "c7"}


@strawberry.type
class Tick:
    """What one event of the schema below shows."""

    seq: int


@strawberry.type
class Query:
    """There has to be one."""

    one: int = 1


async def _ticks(info: strawberry.Info, to: int) -> AsyncIterator[OfEvent[Told[str]]]:
    start = int((info.context.resume_from or "c0")[1:])
    for seq in range(start, to):
        shared = Shared(Loaders(NO_STORES), monotonic())
        yield OfEvent(Told(seq, f"c{seq + 1}", "x" * 1_000), shared)
        await asyncio.sleep(0)
    await asyncio.Event().wait()


@strawberry.type
class Subscription:
    """Pushes events, and goes on where it was left."""

    ticks = strawberry.subscription(resolver=_ticks, graphql_type=Tick)


@pytest.fixture
def server() -> Server:
    server = Server()
    schema = Schema(query=Query, subscription=Subscription)
    server.pipeline = Pipeline(schema, Documents(1_000_000))
    server.edge = SocketEdge(server.pipeline, server.settings, server.draining, server.watch)
    server.sockets.clock = server.clock
    return server


async def settle(rounds: int) -> None:
    for _ in range(rounds):
        await asyncio.sleep(0)


# --- sockets ------------------------------------------------------------------------------------


async def test_a_socket_that_is_256_events_behind_is_closed(server: Server) -> None:
    async with initialised(server) as client:
        client.reading.clear()
        client.subscribe("a", "subscription { ticks(to: 200) { seq } }")
        await settle(3_000)
        server.pass_time(3)
        await settle(50)
        assert len(server.sockets) == 1  # it waits, but not for too much
        client.subscribe("b", "subscription { ticks(to: 200) { seq } }")
        client.subscribe("c", "subscription { ticks(to: 90) { seq } }")
        client.reading.set()
        await settle(3_000)
        client.reading.clear()
        client.subscribe("d", "subscription { ticks(to: 400) { seq } }")
        await settle(5_000)
        server.pass_time(3)
        await settle(50)
        assert len(server.sockets) == 0
        client.reading.set()
        assert await client.closed() == 1013


async def test_a_socket_that_reads_gets_all(server: Server) -> None:
    async with initialised(server) as client:
        client.subscribe("a", "subscription { ticks(to: 600) { seq } }")
        heard = [(await client.hears())["payload"]["data"]["ticks"]["seq"] for _ in range(600)]
        assert heard == list(range(600))


# --- streams ------------------------------------------------------------------------------------


async def test_a_stream_goes_on_behind_the_last_id(server: Server) -> None:
    query = "subscription { ticks(to: 9) { seq } }"
    async with asking(server, query, RESUMED, method="GET") as client:
        frames = [await _frame(client) for _ in range(2)]
    assert frames == [
        'event: next\nid: c8\ndata: {"data":{"ticks":{"seq":7}}}\n\n',
        'event: next\nid: c9\ndata: {"data":{"ticks":{"seq":8}}}\n\n',
    ]


async def test_only_what_a_browser_asks_by_itself_goes_on(server: Server) -> None:
    query = "subscription { ticks(to: 9) { seq } }"
    async with asking(server, query, RESUMED, method="POST") as client:
        assert '"seq":0' in await _frame(client)


async def _frame(client: Any) -> str:
    while (piece := await client.piece()) in (None, b":\n\n"):
        pass
    return str(piece.decode())


async def test_a_stream_that_is_too_far_behind_ends(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sse, "GRACE_S", -1.0)
    live, leaving, made = SimpleNamespace(counts=Counts()), asyncio.Event(), 0

    async def events() -> AsyncIterator[Result]:
        nonlocal made
        while True:
            made += 1
            yield Result({"n": made}, pushed=True)
            await asyncio.sleep(0)

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":  # it takes nothing more
            await leaving.wait()

    async def receive() -> Message:
        await leaving.wait()
        return {"type": "http.disconnect"}

    state = {"identity": server.identity, "stores": NO_STORES, "live": live, "request_id": "r"}
    request = Request({"type": "http", "method": "POST", "headers": [], "state": state})
    response = sse.EventResponse(
        sse.EventStreams(server.watch, server.places),
        request,
        cast("Any", events()),
        rights_of(ANONYMOUS, None),
        server.draining,
        server.places.take(ANONYMOUS, "192.0.2.1"),
    )
    task = asyncio.create_task(response(request.scope, receive, send))
    await settle(2_000)
    assert live.counts.dropped == 1
    assert made == MAX_EVENTS + 1
    leaving.set()
    await task


# --- sharing ------------------------------------------------------------------------------------

QUERY = """
subscription S($id: ID!, $after: String, $first: Int, $skip: Boolean!, $whole: Boolean!) {
  a(id: $id, after: $after) @include(if: $whole) { b(first: $first) { c } ...F }
}
fragment F on X { d @skip(if: $skip) }
"""


def test_variables_of_the_subscription_itself_do_not_count() -> None:
    assert variables_of_events(parse(QUERY), None) == {"first", "skip", "whole"}
    assert variables_of_events(parse(QUERY), "S") == {"first", "skip", "whole"}
    assert variables_of_events(parse(QUERY), "T") == frozenset()


def test_who_reads_the_same_has_one_key() -> None:
    document = parse(QUERY)
    viewer = person(UUID(int=1))
    graph = Schema(query=Query)._schema

    def key(principal: Any = viewer, document: Any = document, **variables: Any) -> Any:
        given = {"id": "1", "first": 2} | variables
        return Sharing(graph, document, None, given).key(principal)

    assert key() is key(after="9", id="2")
    renewed = replace(viewer)
    assert renewed is not viewer
    assert key(renewed) is key()
    assert len({key(), key(first=3), key(ANONYMOUS), key(person(UUID(int=2)))}) == 4
    assert key() != key(replace(viewer, scopes=frozenset()))
    assert key() != key(document=parse(QUERY))


@pytest.mark.parametrize(
    ("selected", "depends"),
    [
        ("cursor seq change { version items { itemId track { title artists { role } } } }", "NOT"),
        ("__typename ...F } fragment F on PlaylistChanged { seq", "NOT"),
        ("change { actor { handle } }", "AS_DECLARED"),
        ("change { items { track { isSaved } } }", "AS_DECLARED"),
        ("change { items { track { album { isSaved } } } }", "AS_DECLARED"),
        ("playlist { title }", "AS_DECLARED"),
        ("...F } fragment F on PlaylistChanged { change { actor { id } }", "AS_DECLARED"),
        ("playlist { shareLinks(first: 1) { edges { node { open } } } }", "SOMEHOW"),
    ],
)
def test_what_depends_on_the_viewer_is_known(selected: str, depends: str) -> None:
    inside, more, fragment = (
        selected.partition("}") if "fragment" in selected else (selected, "", "")
    )
    text = "subscription { playlistChanged(id: 1) { ... on PlaylistChanged { %s } } } %s"
    document = parse(text % (inside, fragment + more))
    found = depends_on_viewer(build_schema()._schema, document, None)
    assert found is Depends[depends]


async def test_work_is_done_once_and_to_its_end() -> None:
    shared, begun, gate = Shared(Loaders(NO_STORES), 0), 0, asyncio.Event()

    async def work() -> int:
        nonlocal begun
        begun += 1
        await gate.wait()
        return 7

    waiting = [asyncio.create_task(shared.once("a", work)) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()  # who began it leaves
    await asyncio.sleep(0)
    gate.set()
    assert await asyncio.gather(*waiting[1:]) == [7, 7]
    assert await shared.once("a", work) == 7
    assert begun == 1


async def test_whoever_waits_is_woken_at_the_end_however_it_ends() -> None:
    shared, gate, woken = Shared(Loaders(NO_STORES), 0), asyncio.Event(), []

    async def work() -> None:
        await gate.wait()
        raise ZeroDivisionError

    begun = shared.begin("a", work)
    begun.then(lambda: woken.append("before"))
    await asyncio.sleep(0)
    assert woken == []
    gate.set()
    with pytest.raises(ZeroDivisionError):
        await begun.result()
    begun.then(lambda: woken.append("after"))
    assert woken == ["before", "after"]


# --- what waits ---------------------------------------------------------------------------------


def _event(number: int, body: str = "") -> LiveEvent:
    return LiveEvent("a", body, Position("e", number, f"{number}-0"))


def test_all_events_wait_up_to_a_bound() -> None:
    backlog = Backlog(["a"])
    for number in range(MAX_EVENTS):
        backlog.put(_event(number))
    assert not backlog.missed
    first = backlog.pop()
    assert first is not None
    assert first.at.seq == 0
    backlog.put(_event(300))
    assert len(backlog) == MAX_EVENTS
    backlog.put(_event(301))
    assert (backlog.missed, backlog.pop()) == (True, None)


async def test_who_hears_of_an_event_that_is_next_says_when_to_wake() -> None:
    heard: list[int] = []
    backlog = Backlog(["a"], lambda event: heard.append(event.at.seq))
    backlog.put(_event(1))
    waiting = asyncio.create_task(backlog.wait())
    await asyncio.sleep(0)
    assert not waiting.done()
    backlog.wake()
    await waiting
    backlog.put(_event(2))
    await backlog.wait()  # of what is not next, nothing is made yet
    assert heard == [1]


def test_bytes_are_bounded_too() -> None:
    backlog = Backlog(["a"])
    for number in range(3):
        backlog.put(_event(number, "x" * 400_000))
    assert backlog.missed
