"""The page `/live`: a shared playlist while it changes. It is built in web/, as GraphiQL is."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.graphql.graphiql import DIST, built_page

_PATH = "/live"
_CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def live_routes(dist: Path = DIST) -> list[Route]:
    """Return the route of the page; its assets are beside those of GraphiQL.

    Anybody gets the page: who is signed in, and what they may see, it asks at `/graphql`.
    """

    async def live(_: Request) -> Response:
        return built_page(dist / "live.html", _CONTENT_SECURITY_POLICY)

    return [Route(_PATH, live)]
