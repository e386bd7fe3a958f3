"""Limits of sockets: time, floods, clients that do not read, how many, and from where."""

from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from gateway.graphql.settings import TransportSettings
from tests.factories.live_schema import Stage
from tests.factories.live_socket import Client, Server, accepted, connection, initialised

NUMBERS = "subscription { numbers }"
PING = {"type": "ping"}
PONG = {"type": "pong"}


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def stage(server: Server) -> Stage:
    return server.stage


async def sibling(client: Client, stage: Stage) -> None:
    """Open a subscription that has to be ended."""
    client.subscribe("sibling", NUMBERS)
    await stage.begun.wait()


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
        server.pass_time(2)
        assert await client.closed() == 1013
    assert stage.ended == 1
    assert server.live.counts.dropped == 1


async def test_a_client_that_the_server_drops_is_counted_once(server: Server) -> None:
    with capture_logs() as logs:
        async with initialised(server) as client:
            client.leave(dropped_since="answers no ping")
            client.leave()
            await client.gone()
    assert server.live.counts.dropped == 1
    assert [one["reason"] for one in logs] == ["answers no ping"]


async def test_a_lost_connection_is_nobodys_doing(server: Server) -> None:
    with capture_logs() as logs:
        async with initialised(server) as client:
            client.leave()
            await client.gone()
    assert server.live.counts.dropped == 0
    assert [one["reason"] for one in logs] == ["the connection was lost"]


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
        client.leave(dropped_since="hardly reads")
        client.reading.set()
        assert await client.closed() == 1013
        assert server.live.counts.dropped == 1


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
        "https://MUSIC.example",
        "https://music.example:443",
        "https://app.example",
    ],
)
async def test_pages_that_may_open_sockets(stage: Stage, origin: str) -> None:
    server = Server(stage, TransportSettings(allowed_origins="https://app.example"))
    async with accepted(server, headers={"origin": origin}):
        pass


async def test_pages_of_an_address_without_tls(stage: Stage) -> None:
    server = Server(stage)
    server.identity = replace(server.identity, public_url="http://localhost:8000")
    for host, origin in (("127.0.0.1:8000", "http://127.0.0.1:8000"), ("a", "https://a")):
        async with accepted(server, headers={"origin": origin, "host": host}):
            pass


async def test_a_listed_page_without_tls(stage: Stage) -> None:
    server = Server(stage, TransportSettings(allowed_origins="http://music.example"))
    async with accepted(server, headers={"origin": "http://music.example"}):
        pass


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://music.example",
        "http://app.example",
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
