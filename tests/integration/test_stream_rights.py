"""Streams of events end when what they were opened with is over."""

from datetime import timedelta
from uuid import UUID

import pytest

from auth.api_key_text import new_key
from auth.credentials import Credential
from auth.identity import Identity
from auth.principal import Principal, PrincipalKind
from auth.sessions import session_hash
from datasources.errors import StoreUnavailable
from datasources.records.api_keys import ApiKeyKind
from datasources.redis.sessions import remove_session
from datasources.stores import Stores
from gateway.cookies import SESSION_COOKIE
from gateway.graphql.rights import Rights
from gateway.graphql.rights_watch import RightsWatch
from resolvers.context import utc_now
from tests.factories.api_keys import a_key
from tests.factories.live_socket import Server
from tests.factories.live_stream import Reader, asking
from tests.factories.operations import identity_of
from tests.factories.people import add_account, cookie_of, tokens_of
from tests.plugins.round_trips import RoundTrips

NUMBERS = "subscription { numbers }"


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
async def page(empty_stores: Stores, identity: Identity, ada: UUID) -> dict[str, str]:
    cookie = await cookie_of(empty_stores, identity, ada)
    return {"cookie": f"{SESSION_COOKIE}={cookie}", "graphql-preflight": "1"}


async def look(server: Server, after_s: float) -> None:
    now = utc_now() + timedelta(seconds=after_s)
    await server.watch.look(server.identity, server.stores, now)


async def ends_with_reason(server: Server, client: Reader) -> None:
    error = await client.event()
    assert error["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert await client.event() == "complete"
    assert await client.event() is None
    await client.gone()
    assert server.stage.ended == 1


async def test_a_token_that_is_over(
    server: Server, empty_stores: Stores, identity: Identity, ada: UUID
) -> None:
    token = (await tokens_of(empty_stores, identity, ada)).access_token
    async with asking(server, NUMBERS, {"authorization": f"Bearer {token}"}) as client:
        server.stage.events.put_nowait(1)
        assert await client.event() == {"data": {"numbers": 1}}
        await look(server, identity.settings.access_token_s + 1)
        await ends_with_reason(server, client)


async def test_a_session_that_was_ended(
    server: Server, empty_stores: Stores, page: dict[str, str], ada: UUID
) -> None:
    async with asking(server, NUMBERS, page) as client:
        await server.stage.begun.wait()
        cookie = page["cookie"].partition("=")[2]
        await remove_session(empty_stores.redis, ada, session_hash(cookie))
        await look(server, 3)
        await ends_with_reason(server, client)


async def test_nobody_can_tell(
    server: Server, page: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lost(*_: object) -> None:
        raise StoreUnavailable("redis", "gone")

    async with asking(server, NUMBERS, page) as client:
        await server.stage.begun.wait()
        monkeypatch.setattr("auth.sessions.peek_sessions", lost)
        await look(server, 3)
        await look(server, 5)
        assert await client.event() is None, "without `complete`: the client is to come back"
        await client.gone()


class Held:
    """What an API key holds open."""

    def __init__(self, secret: str) -> None:
        self.rights = Rights(Principal(PrincipalKind.API_KEY), Credential(secret), utc_now())
        self.ended = False

    def end_rights(self, *, known: bool) -> None:
        self.ended = known


@pytest.mark.parametrize("many", [1, 10])
async def test_api_keys_cost_one_look_up_together(
    empty_stores: Stores, identity: Identity, ada: UUID, round_trips: RoundTrips, many: int
) -> None:
    held = [Held((await a_key(empty_stores, identity, ada)).secret) for _ in range(many)]
    made_up = Held(new_key("dev", ApiKeyKind.SECRET).text)
    watch = RightsWatch()
    for one in (*held, made_up):
        watch.add(one, identity, empty_stores)
    round_trips.clear()
    await watch.look(identity, empty_stores, utc_now())
    assert round_trips == {"postgres": 1}
    assert [one.ended for one in (*held, made_up)] == [False] * many + [True]
    for one in held:
        watch.remove(one)
