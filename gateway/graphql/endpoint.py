"""GraphQL over HTTP: Strawberry's own view, behind the one seam that its successor will take."""

import json
from collections import Counter

import orjson
import structlog
from cross_web import HTTPException
from graphql import GraphQLError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.http import GraphQLHTTPResponse
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError

from datasources.errors import StoreError
from gateway.context import build_context
from resolvers.context import RequestContext
from schema.build import Schema
from schema.errors import ErrorCode, coded, is_internal

log = structlog.get_logger(__name__)


class Endpoint(GraphQL[RequestContext, None]):
    """Answers operations; the errors of each are coded, masked and logged."""

    def __init__(self, schema: Schema) -> None:
        super().__init__(schema, graphql_ide=None, subscription_protocols=())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; one that is no operation is refused in the form of an answer."""
        response: Response
        try:
            response = await self.run(Request(scope, receive))
        except HTTPException as refusal:
            error = {
                "message": refusal.reason,
                "extensions": {"code": ErrorCode.BAD_USER_INPUT},
            }
            response = Response(
                self.encode_json({"errors": [error]}),
                status_code=refusal.status_code,
                media_type="application/json",
            )
        await response(scope, receive, send)

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
            _log(pairs)
            response["errors"] = [shown.formatted for _, shown in pairs]
        return response

    def parse_json(self, data: str | bytes) -> object:
        """Return what a body, or a parameter of the address, holds.

        Raises:
            HTTPException: it is no JSON, or a body that is no object.
        """
        try:
            value = self.decode_json(data)
        except (ValueError, RecursionError) as error:  # bytes, numbers and depths, too
            raise HTTPException(400, "Unable to parse request body as JSON") from error
        # Bodies come as bytes; of parameters the library itself looks at the type.
        if isinstance(data, bytes) and not isinstance(value, dict):
            raise HTTPException(400, "The request body must be a JSON object")
        return value

    def encode_json(self, data: object) -> bytes:
        """Return a response's bytes; halves of characters, which no UTF-8 has, become "?"."""
        try:
            return orjson.dumps(data)
        except orjson.JSONEncodeError:
            return json.dumps(data, ensure_ascii=False).encode(errors="replace")


def _log(pairs: list[tuple[GraphQLError, GraphQLError]]) -> None:
    """Log defects with their stacks, and each store that failed once, however often it did."""
    down: Counter[str] = Counter()
    for error, shown in pairs:
        cause = error.cause
        if isinstance(cause, StoreError):
            down[str(cause)] += 1
        elif is_internal(shown):
            log.error(
                "resolver failed",
                path=error.path,
                error=type(cause or error).__name__,
                exc_info=cause if isinstance(cause, BaseException) else None,
            )
    for store, fields in down.items():
        log.warning("store failed", store=store, fields=fields)
