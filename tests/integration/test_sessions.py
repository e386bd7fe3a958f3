"""Sessions begin, live, and end: in browsers and in apps."""

from auth.credentials import Credential, principal_of
from auth.principal import SessionKind
from datasources.stores import Stores
from resolvers.context import utc_now
from tests.factories.operations import identity_of
from tests.factories.people import add_account, cookie_of, tokens_of


async def test_a_session_in_a_cookie(empty_stores: Stores) -> None:
    identity = identity_of(empty_stores)
    ada = await add_account(empty_stores)
    cookie = await cookie_of(empty_stores, identity, ada)
    principal = await principal_of(
        identity, empty_stores, Credential(cookie, cookie=True), utc_now()
    )
    assert principal.user_id == ada
    assert principal.session is not None
    assert principal.session.kind is SessionKind.COOKIE


async def test_a_session_in_tokens(empty_stores: Stores) -> None:
    identity = identity_of(empty_stores)
    ada = await add_account(empty_stores)
    tokens = await tokens_of(empty_stores, identity, ada)
    principal = await principal_of(
        identity, empty_stores, Credential(tokens.access_token), utc_now()
    )
    assert principal.user_id == ada
    assert principal.session is not None
    assert principal.session.kind is SessionKind.TOKENS
