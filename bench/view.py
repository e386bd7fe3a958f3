"""The gateway behind Strawberry's own view: what its own pipeline is compared with.

The same application, schema and stores, with the gateway's garbage collector and stack;
only what stands between a request and its resolvers is Strawberry's.
Run: python -m bench.view <port>
"""

import gc
import sys
from typing import Any

import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL

from gateway.app import create_app
from gateway.authentication import authenticate_operation
from gateway.context import build_context
from gateway.observability.logs import configure_logs
from gateway.server.stack import with_room
from gateway.settings import Settings
from resolvers.context import RequestContext
from schema.build import build_schema


class View(GraphQL[RequestContext, None]):
    """Strawberry's view, which finds out who asks as the gateway does."""

    async def get_context(
        self, request: Request | WebSocket, response: Response | WebSocket
    ) -> RequestContext:
        """Return the context of one operation."""
        del response
        return build_context(request, await authenticate_operation(request))


def main() -> None:
    """Serve until stopped."""
    settings = Settings()
    configure_logs(production=settings.production)
    app = create_app(settings)
    schema = build_schema(introspection=settings.introspection_on)
    app.router.routes.insert(0, Route("/graphql", View(schema)))
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    options: dict[str, Any] = {"log_config": None, "access_log": False, "server_header": False}
    with_room(lambda: uvicorn.run(app, port=int(sys.argv[1]), **options))


if __name__ == "__main__":
    main()
