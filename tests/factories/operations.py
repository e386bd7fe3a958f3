"""Runs operations on the schema, as a client without a transport would."""

from typing import Any

from strawberry.types.execution import PreExecutionError

from auth.principal import ANONYMOUS, Principal
from datasources.loaders.batch import Loaders
from datasources.stores import Stores
from resolvers.context import RequestContext
from schema.build import build_schema
from schema.errors import coded


def context_of(stores: Stores, principal: Principal = ANONYMOUS) -> RequestContext:
    """Return the context of one operation."""
    return RequestContext(principal, Loaders(stores), stores, request_id="test")


async def respond(
    stores: Stores,
    query: str,
    variables: dict[str, Any] | None = None,
    principal: Principal = ANONYMOUS,
) -> dict[str, Any]:
    """Return the response of an operation: data, and coded errors."""
    result = await build_schema().execute(
        query, variable_values=variables, context_value=context_of(stores, principal)
    )
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
