"""GraphQL over HTTP: Strawberry's own view, behind the one seam that its successor will take."""

from collections import Counter

import orjson
import structlog
from graphql import GraphQLError
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.http import GraphQLHTTPResponse
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError

from datasources.errors import StoreError
from gateway.context import build_context
from resolvers.context import RequestContext
from schema.build import Schema
from schema.errors import coded, is_internal

log = structlog.get_logger(__name__)


class Endpoint(GraphQL[RequestContext, None]):
    """Answers operations; the errors of each are coded, masked and logged."""

    def __init__(self, schema: Schema) -> None:
        super().__init__(schema, graphql_ide=None, subscription_protocols=())

    async def get_context(
        self,
        request: Request | WebSocket,
        response: Response | WebSocket,  # noqa: ARG002  the method's shape is Strawberry's
    ) -> RequestContext:
        """Return the context of one operation."""
        return build_context(request)

    async def process_result(
        self, request: Request, result: ExecutionResult
    ) -> GraphQLHTTPResponse:
        """Return the response: data, and errors as clients see them."""
        response: GraphQLHTTPResponse = {"data": result.data}
        if result.errors:
            request_id: str = request.state.request_id
            validated = not isinstance(result, PreExecutionError)
            pairs = [
                (error, coded(error, request_id, validated=validated)) for error in result.errors
            ]
            _log(pairs, request_id)
            response["errors"] = [shown.formatted for _, shown in pairs]
        return response

    def encode_json(self, data: object) -> bytes:
        """Return a response's bytes."""
        return orjson.dumps(data)


def _log(pairs: list[tuple[GraphQLError, GraphQLError]], request_id: str) -> None:
    """Log defects with their stacks, and each store that failed once, however often it did."""
    down: Counter[str] = Counter()
    for error, shown in pairs:
        cause = error.cause
        if isinstance(cause, StoreError):
            down[str(cause)] += 1
        elif is_internal(shown):
            log.error(
                "resolver failed",
                request_id=request_id,
                path=error.path,
                error=error.message,
                exc_info=cause if isinstance(cause, BaseException) else None,
            )
    for store, fields in down.items():
        log.warning("store failed", request_id=request_id, store=store, fields=fields)
