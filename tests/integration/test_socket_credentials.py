"""Who opens a socket, how they go on with a new token, and what ends it within seconds."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from auth.identity import Identity
from auth.sessions import session_hash
from datasources.errors import StoreUnavailable
from datasources.redis.sessions import remove_session
from datasources.stores import Stores
from gateway.cookies import SESSION_COOKIE
from gateway.graphql.settings import TransportSettings
from resolvers.context import utc_now
from tests.factories.jwts import signed
from tests.factories.live_socket import Client, Server, accepted, initialised
from tests.factories.operations import identity_of
from tests.factories.people import add_account, cookie_of, tokens_of
from tests.plugins.round_trips import RoundTrips

INIT = {"type": "connection_init"}
PAGE = "https://music.example"


@pytest.fixture
async def ada(empty_stores: Stores) -> UUID:
    return await add_account(empty_stores)


@pytest.fixture
def identity(empty_stores: Stores) -> Identity:
    return identity_of(empty_stores)


@pytest.fixture
def server(empty_stores: Stores, identity: Identity) -> Server:
    return Server(stores=empty_stores, identity=identity)


@pytest.fixture
async def token(empty_stores: Stores, identity: Identity, ada: UUID) -> str:
    return (await tokens_of(empty_stores, identity, ada)).access_token


@pytest.fixture
async def cookie(empty_stores: Stores, identity: Identity, ada: UUID) -> str:
    return await cookie_of(empty_stores, identity, ada)


def browser(cookie: str, origin: str = PAGE) -> dict[str, str]:
    return {"cookie": f"{SESSION_COOKIE}={cookie}", "origin": origin}


async def viewer(client: Client) -> str | None:
    client.subscribe("viewer", "{ viewer }")
    answer = await client.hears()
    assert (await client.hears())["type"] == "complete"
    found: str | None = answer["payload"]["data"]["viewer"]
    return found


async def code_of_init(
    server: Server, payload: Any = None, headers: dict[str, str] | None = None, **options: Any
) -> int:
    async with accepted(server, headers=headers, **options) as client:
        client.send({**INIT, "payload": payload})
        return await client.closed()


async def look(server: Server, after_s: float = 0) -> None:
    """Let the process look at all rights, at a time from now."""
    now = utc_now() + timedelta(seconds=after_s)
    await server.watch.look(server.identity, server.stores, now)


# --- who it is ----------------------------------------------------------------------------------


async def test_nobody(server: Server) -> None:
    async with initialised(server) as client:
        assert await viewer(client) is None


@pytest.mark.parametrize("member", ["authorization", "Authorization"])
async def test_a_token_in_the_first_message(
    server: Server, ada: UUID, token: str, member: str
) -> None:
    async with initialised(server, {member: f"Bearer {token}"}) as client:
        assert await viewer(client) == str(ada)


async def test_a_token_in_a_header(server: Server, ada: UUID, token: str) -> None:
    async with initialised(server, headers={"authorization": f"bearer {token}"}) as client:
        assert await viewer(client) == str(ada)


async def test_a_cookie_of_our_own_page(server: Server, ada: UUID, cookie: str) -> None:
    async with initialised(server, headers=browser(cookie)) as client:
        assert await viewer(client) == str(ada)


async def test_a_cookie_without_a_page(server: Server, cookie: str) -> None:
    headers = {"cookie": f"{SESSION_COOKIE}={cookie}"}
    assert await code_of_init(server, headers=headers) == 4403


async def test_what_is_said_goes_before_what_browsers_send_unasked(
    server: Server, token: str, ada: UUID
) -> None:
    headers = browser("dead")
    async with initialised(server, {"authorization": f"Bearer {token}"}, headers=headers) as client:
        assert await viewer(client) == str(ada)


@pytest.mark.parametrize(
    "value", ["Bearer x", "Bearer a.b.c", "x", "", "Basic eDp5", "Bearer ", "Bearer \u2603", "\n"]
)
async def test_tokens_that_are_not_good(server: Server, value: str) -> None:
    assert await code_of_init(server, {"authorization": value}) == 4403


async def test_a_forged_token(server: Server) -> None:
    assert await code_of_init(server, {"authorization": f"Bearer {signed()}"}) == 4403


async def test_a_dead_session(server: Server) -> None:
    assert await code_of_init(server, headers=browser("dead")) == 4403


@pytest.mark.parametrize("value", [5, [], {}, True])
async def test_what_is_no_credential_at_all(server: Server, value: Any) -> None:
    assert await code_of_init(server, {"authorization": value}) == 4400


async def test_two_credentials(server: Server, token: str, cookie: str) -> None:
    bearer = f"Bearer {token}"
    both = {"authorization": bearer, "Authorization": bearer}
    assert await code_of_init(server, both) == 4400
    header = {"authorization": bearer}
    assert await code_of_init(server, {"authorization": bearer}, headers=header) == 4400
    assert await code_of_init(server, headers={**header, **browser(cookie)}) == 4400


async def test_a_token_in_the_address(server: Server, token: str) -> None:
    query = f"access_token={token}".encode()
    assert await code_of_init(server, query_string=query) == 4400


async def test_a_store_that_cannot_tell(
    server: Server, cookie: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _lose_redis(monkeypatch)
    assert await code_of_init(server, headers=browser(cookie)) == 1013


async def test_no_session_is_begun_that_no_cookie_can_hold(server: Server) -> None:
    async with accepted(server, headers={"graphql-preflight": "1", "origin": PAGE}):
        (session,) = server.sockets._keys
        assert session._context("x").client.preflight is False  # type: ignore[attr-defined]


# --- how many -----------------------------------------------------------------------------------


async def test_sockets_of_an_account(
    empty_stores: Stores, identity: Identity, token: str, ada: UUID
) -> None:
    settings = TransportSettings(max_sockets_per_principal=2)
    server = Server(stores=empty_stores, identity=identity, settings=settings)
    payload = {"authorization": f"Bearer {token}"}
    async with initialised(server, payload), initialised(server, payload):
        assert await code_of_init(server, payload) == 1013
        async with initialised(server):  # nobody is somebody else
            pass
    async with initialised(server, payload) as client:
        assert await viewer(client) == str(ada)
    assert not server.sockets._counts


# --- going on with a new token ------------------------------------------------------------------


async def test_a_new_token(
    server: Server, identity: Identity, empty_stores: Stores, ada: UUID, token: str
) -> None:
    async with initialised(server, {"authorization": f"Bearer {token}"}) as client:
        client.subscribe("a", "subscription { numbers }")
        await server.stage.begun.wait()
        later = (await tokens_of(empty_stores, identity, ada)).access_token
        client.send({"type": "ping", "payload": {"authorization": f"Bearer {later}"}})
        assert await client.hears() == {"type": "pong", "payload": {"renewed": True}}
        _revoke(server, token)
        await look(server)
        server.stage.events.put_nowait(1)
        assert (await client.hears())["payload"] == {"data": {"numbers": 1}}
        assert await viewer(client) == str(ada)


async def test_another_persons_token(
    server: Server, identity: Identity, empty_stores: Stores, token: str
) -> None:
    bob = await add_account(empty_stores, 2)
    other = (await tokens_of(empty_stores, identity, bob)).access_token
    for payload in ({"authorization": f"Bearer {token}"}, None):
        async with initialised(server, payload) as client:
            client.send({"type": "ping", "payload": {"authorization": f"Bearer {other}"}})
            assert await client.closed() == 4403


@pytest.mark.parametrize(("value", "code"), [("Bearer x", 4403), (5, 4400)])
async def test_a_new_token_that_is_none(
    server: Server, token: str, value: object, code: int
) -> None:
    async with initialised(server, {"authorization": f"Bearer {token}"}) as client:
        client.send({"type": "ping", "payload": {"authorization": value}})
        assert await client.closed() == code


async def test_a_ping_before_init_brings_no_token(server: Server, token: str) -> None:
    async with accepted(server) as client:
        client.send({"type": "ping", "payload": {"authorization": f"Bearer {token}"}})
        assert await client.hears() == {"type": "pong"}


# --- the end of rights --------------------------------------------------------------------------


async def test_a_token_that_is_over(server: Server, identity: Identity, token: str) -> None:
    async with initialised(server, {"authorization": f"Bearer {token}"}) as client:
        client.subscribe("a", "subscription { numbers }")
        await server.stage.begun.wait()
        await look(server, identity.settings.access_token_s - 5)
        await client.settle()
        assert client.silent()
        await look(server, identity.settings.access_token_s + 1)
        assert await client.closed() == 4403
        await client.settle()
    assert server.stage.ended == 1


async def test_a_token_that_was_revoked(server: Server, token: str) -> None:
    async with initialised(server, {"authorization": f"Bearer {token}"}) as client:
        await look(server)
        _revoke(server, token)
        await look(server)
        assert await client.closed() == 4403


async def test_a_session_that_was_ended(
    server: Server, empty_stores: Stores, cookie: str, ada: UUID
) -> None:
    async with initialised(server, headers=browser(cookie)) as client:
        await look(server, 3)
        await client.settle()
        assert client.silent()
        await remove_session(empty_stores.redis, ada, session_hash(cookie))
        await look(server, 6)
        assert await client.closed() == 4403


async def test_nobody_has_nothing_to_lose(server: Server) -> None:
    async with initialised(server) as client:
        await look(server, 1_000_000)
        assert await viewer(client) is None


async def test_sessions_end_when_nobody_can_tell(
    server: Server, cookie: str, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        initialised(server, headers=browser(cookie)) as client,
        initialised(server, {"authorization": f"Bearer {token}"}) as app,
    ):
        _lose_redis(monkeypatch)
        await look(server, 3)
        await client.settle()
        assert client.silent(), "a store may be away for a moment"
        await look(server, 5)
        assert await client.closed() == 1013
        assert await viewer(app) is not None


async def test_what_looking_costs(
    server: Server, cookie: str, token: str, round_trips: RoundTrips
) -> None:
    """All sessions of a process cost one round trip, and tokens none."""
    page, app = {"headers": browser(cookie)}, {"payload": {"authorization": f"Bearer {token}"}}
    async with initialised(server, **page), initialised(server, **page), initialised(server, **app):
        round_trips.clear()
        await look(server, 3)
        assert round_trips == {"redis": 1}
        await look(server, 4)
        assert round_trips == {"redis": 1}


async def test_looking_does_not_let_a_session_live_on(
    server: Server, empty_stores: Stores, cookie: str
) -> None:
    redis = empty_stores.redis
    name = redis.key("session", session_hash(cookie))
    async with initialised(server, headers=browser(cookie)) as client:
        await redis.client.expire(name, 1000)
        await look(server, 3)
        assert await redis.client.ttl(name) <= 1000
        assert client.silent()


def _revoke(server: Server, token: str) -> None:
    from auth.held import held_token

    server.identity.revocations.revoke(held_token(token).family_id)


def _lose_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    async def lost(*_: object) -> None:
        raise StoreUnavailable("redis", "gone")

    monkeypatch.setattr("auth.sessions.fetch_session", lost)
    monkeypatch.setattr("auth.sessions.peek_sessions", lost)
