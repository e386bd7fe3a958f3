"""The developer portal's pages for everybody: what there is, what scopes mean, how to begin."""

from collections.abc import Collection

from starlette.responses import Response

from auth.scopes import Scope
from datasources.records.api_keys import ApiKeyKind
from gateway.oauth.words import meanings
from gateway.pages.developer_forms import PORTAL, QUICK_STARTS
from gateway.pages.endpoint import Page
from gateway.pages.visit import Visit

_PLACEHOLDER = "YOUR_KEY"


async def _home(visit: Visit) -> Response:
    return visit.page("developers.html")


async def _scopes(visit: Visit) -> Response:
    return visit.page("developer_scopes.html", scopes=meanings())


async def _quick_starts(visit: Visit) -> Response:
    """Show how to begin; a script puts in a key that somebody types, and sends it nowhere."""
    return visit.page(
        "developer_quick_starts.html",
        secret=_PLACEHOLDER,
        url=visit.context.identity.public_url,
        query=example_query(ApiKeyKind.SECRET),
    )


def example_query(kind: ApiKeyKind, scopes: Collection[str] = ()) -> str:
    """Return an operation that a key of this kind, with these scopes, may send."""
    if kind is ApiKeyKind.SECRET:
        return "{ viewer { handle } }"
    return "{ genres { slug } }" if Scope.CATALOG_READ in scopes else "{ __typename }"


PAGES = (
    Page(PORTAL, _home),
    Page(f"{PORTAL}/scopes", _scopes),
    Page(QUICK_STARTS, _quick_starts),
)
