"""GraphQL over HTTP: Strawberry's own view, behind the one seam that its successor will take."""

import json
from collections import Counter
from collections.abc import Mapping

import orjson
import structlog
from cross_web import HTTPException
from graphql import GraphQLError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from strawberry.asgi import GraphQL
from strawberry.http import GraphQLHTTPResponse
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError

from datasources.errors import StoreError
from gateway.authentication import Refused, authenticate_operation
from gateway.context import build_context
from gateway.cookies import forget_session, keep_session
from resolvers.audit import record_denials
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
        request = Request(scope, receive)
        response: Response
        try:
            context = build_context(request, await authenticate_operation(request))
            response = await self.run(request, context=context)
            await record_denials(context)
            max_age_s = context.identity.settings.session_lifetime_s
            keep_session(response, context.reply, max_age_s)
        except Refused as refused:
            response = self._refusal(refused.status, refused.message, refused.extensions)
            response.headers.update(refused.headers)
            if refused.dead_cookie:
                forget_session(response)
        except HTTPException as refusal:
            extensions = {"code": ErrorCode.BAD_USER_INPUT}
            response = self._refusal(refusal.status_code, refusal.reason, extensions)
        # Answers depend on who asks, and may hold tokens.
        response.headers["Cache-Control"] = "no-store"
        await response(scope, receive, send)

    def _refusal(self, status: int, message: str, extensions: Mapping[str, str]) -> Response:
        error = {"message": message, "extensions": extensions}
        body = self.encode_json({"errors": [error]})
        return Response(body, status_code=status, media_type="application/json")

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
