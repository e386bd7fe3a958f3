"""The application: routes and middleware, put together once."""

import gc

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.api_keys import ROUTES as API_KEY_ROUTES
from gateway.backchannel import ROUTES as BACKCHANNEL_ROUTES
from gateway.cross_origin import CrossOrigin
from gateway.export import ROUTES as EXPORT_ROUTES
from gateway.graphql.cors import with_cors
from gateway.graphql.documents import Documents
from gateway.graphql.graphiql import graphiql_page, graphiql_routes, wants_page
from gateway.graphql.http import HttpEdge
from gateway.graphql.pipeline import Pipeline
from gateway.graphql.rights_watch import RightsWatch
from gateway.graphql.sse import EventStreams
from gateway.graphql.stream_places import StreamPlaces
from gateway.graphql.websocket import SocketEdge
from gateway.health import ROUTES as HEALTH_ROUTES
from gateway.lifespan import lifespan
from gateway.live_page import live_routes
from gateway.oauth.consent import ROUTES as CONSENT_ROUTES
from gateway.oauth.endpoints import ROUTES as OAUTH_ROUTES
from gateway.oauth.metadata import ROUTES as METADATA_ROUTES
from gateway.observability.logs import configure_logs
from gateway.observability.requests import RequestLog, internal_error
from gateway.pages.routes import page_routes
from gateway.server.draining import Draining
from gateway.server.stopping import Stopping
from gateway.settings import Settings
from gateway.well_known import ROUTES as WELL_KNOWN_ROUTES
from schema.build import build_schema


def create_app(settings: Settings, *, demo: bool = False) -> Starlette:
    """Return the gateway: GraphQL (GraphiQL for browsers) at `/graphql`, pages, keys and health."""
    transport = settings.transport
    schema = build_schema(introspection=settings.introspection_on)
    pipeline = Pipeline(schema, Documents(transport.document_cache_bytes))
    draining, watch = Draining(), RightsWatch()
    edge = HttpEdge(pipeline, transport, EventStreams(watch, StreamPlaces(transport)))
    sockets = SocketEdge(pipeline, transport, draining, watch)
    endpoint = with_cors(edge, transport.origins)
    routes: list[BaseRoute] = [
        *HEALTH_ROUTES,
        *WELL_KNOWN_ROUTES,
        *EXPORT_ROUTES,
        *API_KEY_ROUTES,
        *BACKCHANNEL_ROUTES,
        *METADATA_ROUTES,
        *OAUTH_ROUTES,
        *CONSENT_ROUTES,
    ]
    if settings.graphiql_on:
        endpoint = GraphiQLOr(endpoint)
        routes += [*graphiql_routes(), *live_routes()]
    app = Gateway(
        routes=[
            Route("/graphql", CrossOrigin(endpoint, transport.origins)),
            WebSocketRoute("/graphql", sockets),
            *routes,
            *page_routes(settings),
        ],
        exception_handlers={Exception: internal_error},
        lifespan=lifespan(settings, demo=demo),
    )
    app.state.draining = draining
    app.state.pipeline = pipeline
    app.state.watch = watch
    return app


def app_from_environment() -> Starlette:
    """Return the gateway for a server that imports it: each worker calls this once."""
    settings = Settings()
    configure_logs(production=settings.production)
    app = create_app(settings)
    # What is alive now stays: the collector need not look at it again, and not so often.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    return app


class Gateway(Starlette):
    """An application whose log of requests sees the answers to its defects, too."""

    def build_middleware_stack(self) -> ASGIApp:
        """Return Starlette's own stack in ours: it puts what it is given further in."""
        return RequestLog(Stopping(super().build_middleware_stack(), self.state.draining))


class GraphiQLOr:
    """Shows GraphiQL to browsers, and passes everything else on."""

    def __init__(self, endpoint: ASGIApp) -> None:
        self.endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        app = graphiql_page() if wants_page(request) else self.endpoint
        await app(scope, receive, send)
