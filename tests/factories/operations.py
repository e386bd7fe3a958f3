"""Runs operations through the pipeline, as a client without a transport would."""

from typing import Any

from argon2 import PasswordHasher

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
from gateway.graphql.documents import Documents
from gateway.graphql.pipeline import Pipeline, RequestFailed, execute, prepare
from gateway.graphql.request import OperationRequest
from gateway.graphql.results import Result
from resolvers.context import Client, RequestContext
from schema.build import build_schema


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


def pipeline_of(*, introspection: bool = True) -> Pipeline:
    """Return a pipeline that keeps no documents."""
    return Pipeline(build_schema(introspection=introspection), Documents(0))


async def run_operation(
    context: RequestContext,
    query: str,
    variables: dict[str, Any] | None = None,
    operation_name: str | None = None,
    pipeline: Pipeline | None = None,
) -> Result:
    """Return the result of an operation in this context."""
    pipeline = pipeline or pipeline_of()
    try:
        prepared = prepare(pipeline, OperationRequest(query, operation_name, variables or {}))
    except RequestFailed as failure:
        return failure.result(context.request_id)
    return await execute(pipeline, prepared, context)


async def respond(
    stores: Stores,
    query: str,
    variables: dict[str, Any] | None = None,
    principal: Principal = ANONYMOUS,
    client: Client | None = None,
) -> dict[str, Any]:
    """Return the response of an operation: data, and coded errors."""
    context = context_of(stores, principal, client=client)
    result = await run_operation(context, query, variables)
    return {"data": None, **result.response()}


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
