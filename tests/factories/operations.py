"""Runs operations on the schema, as a client without a transport would."""

from typing import Any

from argon2 import PasswordHasher
from strawberry.types.execution import PreExecutionError

from auth.identity import Identity
from auth.keyring import KeyRing
from auth.outgoing import Outgoing
from auth.passwords import Passwords
from auth.principal import ANONYMOUS, Principal
from auth.revocations import Revocations
from auth.settings import AuthSettings
from auth.vault import Vault
from datasources.loaders.batch import Loaders
from datasources.stores import Stores
from resolvers.context import Client, RequestContext
from schema.build import build_schema
from schema.errors import coded


def identity_of(stores: Stores) -> Identity:
    """Return an identity whose passwords are hashed in no time."""
    vault = Vault([b"k" * 32])
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    return Identity(
        settings=AuthSettings(key_encryption_key=None),
        public_url="https://music.example",
        vault=vault,
        passwords=Passwords(2, 100, weak),
        keys=KeyRing(stores.postgres, vault),
        revocations=Revocations(),
        outgoing=Outgoing(loopback=True),
    )


def context_of(
    stores: Stores,
    principal: Principal = ANONYMOUS,
    *,
    identity: Identity | None = None,
    client: Client | None = None,
) -> RequestContext:
    """Return the context of one operation, from a browser's page unless said otherwise."""
    return RequestContext(
        principal,
        Loaders(stores),
        stores,
        identity or identity_of(stores),
        request_id="test",
        client=client or Client("192.0.2.1", "test", preflight=True),
    )


async def respond(
    stores: Stores,
    query: str,
    variables: dict[str, Any] | None = None,
    principal: Principal = ANONYMOUS,
    client: Client | None = None,
) -> dict[str, Any]:
    """Return the response of an operation: data, and coded errors."""
    context = context_of(stores, principal, client=client)
    result = await build_schema().execute(query, variable_values=variables, context_value=context)
    response: dict[str, Any] = {"data": result.data}
    if result.errors:
        validated = not isinstance(result, PreExecutionError)
        shown = [coded(error, "test", validated=validated) for error in result.errors]
        response["errors"] = [error.formatted for error in shown]
    return response


async def ask(
    stores: Stores,
    query: str,
    variables: dict[str, Any] | None = None,
    principal: Principal = ANONYMOUS,
) -> dict[str, Any]:
    """Return the data of an operation that must not fail."""
    response = await respond(stores, query, variables, principal)
    assert "errors" not in response, response["errors"]
    data: dict[str, Any] = response["data"]
    return data
