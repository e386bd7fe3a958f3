"""API keys as people make them."""

from dataclasses import replace
from uuid import UUID

from auth.api_key_text import new_key
from auth.identity import Identity
from auth.principal import Principal
from datasources.records.api_keys import ApiKeyKind, ApiKeyPlan
from datasources.stores import Stores
from resolvers.api_keys import ApiKeyCreated, NewApiKey, create_api_key, make_api_key
from resolvers.context import RequestContext
from tests.factories.accounts import signed_in_as
from tests.factories.operations import context_of

READS = NewApiKey("Reader", ["catalog:read", "playlists:read"])
PAGE = NewApiKey(
    "Page", ["catalog:read"], ApiKeyKind.PUBLISHABLE, allowed_origins=["https://page.example"]
)


def owner_context(stores: Stores, identity: Identity, owner: UUID) -> RequestContext:
    """Return the context of an operation of a person."""
    return context_of(stores, signed_in_as(owner), identity=identity)


async def a_key(
    stores: Stores, identity: Identity, owner: UUID, new: NewApiKey = READS, **values: object
) -> ApiKeyCreated:
    """Make a key of a person's; `values` are other ones than those of `new`."""
    wanted = replace(new, **values)  # type: ignore[arg-type]  # a test's values fit
    return await create_api_key(owner_context(stores, identity, owner), wanted)


async def a_key_on(
    stores: Stores, identity: Identity, owner: UUID, plan: ApiKeyPlan
) -> ApiKeyCreated:
    """Make a key on a plan."""
    return await make_api_key(owner_context(stores, identity, owner), owner, READS, plan)


def mistyped(text: str) -> str:
    """Return the text of a key with one wrong character, so that its checksum is wrong."""
    return text[:-1] + ("0" if text[-1] != "0" else "1")


def made_up(environment: str = "dev") -> str:
    """Return the text of a key that nobody has; its checksum is right."""
    return new_key(environment, ApiKeyKind.SECRET).text


def of_app(principal: Principal, app_id: UUID) -> Principal:
    """Return the same person as a third party's app acts for them."""
    return replace(principal, app_id=app_id)
