"""Sign-ins from devices that were not seen before are told, and no others."""

from dataclasses import replace

import pytest

from auth.identity import Identity
from auth.principal import SessionKind
from datasources.stores import Stores
from resolvers.context import Client
from resolvers.sessions import begin_session
from tests.factories.inboxes import inbox, told
from tests.factories.music import user_id
from tests.factories.operations import context_of, identity_of
from tests.factories.people import BROWSER, PHONE, add_account

COOKIE, TOKENS = SessionKind.COOKIE, SessionKind.TOKENS


@pytest.fixture
async def identity(empty_stores: Stores) -> Identity:
    await add_account(empty_stores)
    return identity_of(empty_stores)


async def sign_in(stores: Stores, identity: Identity, kind: SessionKind, client: Client) -> Client:
    """Sign in, and return the client with what it keeps."""
    context = context_of(stores, identity=identity, client=client)
    await begin_session(context, user_id(1), kind, ("password",))
    mark = context.reply.browser_mark
    return client if mark is None else replace(client, browser_mark=mark)


async def devices(stores: Stores) -> list[tuple[str, str]]:
    edges = (await inbox(stores, 1))["edges"]
    return [(edge["node"]["device"], edge["node"]["address"]) for edge in edges]


async def test_the_first_sign_in_of_all_is_no_news(
    empty_stores: Stores, identity: Identity
) -> None:
    await sign_in(empty_stores, identity, COOKIE, BROWSER)
    assert await told(empty_stores, 1) == []


async def test_a_browser_is_known_by_its_mark(empty_stores: Stores, identity: Identity) -> None:
    known = await sign_in(empty_stores, identity, COOKIE, BROWSER)
    await sign_in(empty_stores, identity, COOKIE, replace(known, address="203.0.113.9"))
    assert await devices(empty_stores) == []
    # The same browser of somebody else, as far as anybody can tell; and a mark that is made up.
    for mark in ("", "bm90IGEgbWFyaw==", known.browser_mark[:-4] + "AAAA"):
        await sign_in(empty_stores, identity, COOKIE, replace(known, browser_mark=mark))
    assert await devices(empty_stores) == [("Firefox on Linux", "192.0.2.1")] * 3
    assert await told(empty_stores, 1) == [("NEW_DEVICE", None)] * 3


async def test_an_app_is_known_by_name_and_address(
    empty_stores: Stores, identity: Identity
) -> None:
    await sign_in(empty_stores, identity, TOKENS, PHONE)
    await sign_in(empty_stores, identity, TOKENS, PHONE)
    assert await devices(empty_stores) == []
    await sign_in(empty_stores, identity, TOKENS, replace(PHONE, address="203.0.113.9"))
    await sign_in(empty_stores, identity, TOKENS, replace(PHONE, user_agent="Other/1 (Android 15)"))
    assert await devices(empty_stores) == [
        ("Other on Android", PHONE.address),
        ("PolyphonyPhone on iOS", "203.0.113.9"),
    ]


async def test_a_sign_in_that_comes_to_nothing_tells_nothing(
    empty_stores: Stores, identity: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sign_in(empty_stores, identity, COOKIE, BROWSER)

    async def failing(*_: object, **__: object) -> None:
        raise LookupError

    monkeypatch.setattr("resolvers.cookie_sessions.put_session", failing)
    with pytest.raises(LookupError):
        await sign_in(empty_stores, identity, COOKIE, BROWSER)
    assert await told(empty_stores, 1) == []
