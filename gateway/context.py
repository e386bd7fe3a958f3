"""One context for each operation."""

from starlette.requests import HTTPConnection

from auth.identity import Identity
from auth.principal import ANONYMOUS, Principal
from datasources.loaders.batch import Loaders
from datasources.stores import Stores
from gateway.cookies import BROWSER_COOKIE
from resolvers.context import Client, RequestContext

_PREFLIGHT = ("graphql-preflight", "apollo-require-preflight")
"""Headers with which a browser asks first before it sends them to another site."""


_IDEMPOTENCY_KEY = "idempotency-key"


def build_context(
    connection: HTTPConnection, principal: Principal = ANONYMOUS, *, page: bool = False
) -> RequestContext:
    """Return the context of an operation that came over this connection.

    `page` says that it comes from a page of ours, which has made sure of that.
    """
    stores: Stores = connection.state.stores
    identity: Identity = connection.state.identity
    return RequestContext(
        principal=principal,
        loaders=Loaders(stores),
        stores=stores,
        identity=identity,
        request_id=connection.state.request_id,
        client=client_of(connection, page=page),
        live=getattr(connection.state, "live", None),
        playlists=connection.state.playlists,
    )


def client_of(connection: HTTPConnection, *, page: bool = False) -> Client:
    """Return where a request comes from, as far as it can be believed."""
    return Client(
        address=connection.client.host if connection.client else "",
        user_agent=connection.headers.get("user-agent", ""),
        preflight=page or has_preflight(connection),
        idempotency_key=_idempotency_key(connection),
        browser_mark=connection.cookies.get(BROWSER_COOKIE, ""),
    )


def is_of_our_page(connection: HTTPConnection) -> bool:
    """Whether a GET comes from a page of this very origin: browsers say so, and no page can.

    A stream of events that a browser opens by itself has no place for another header.
    """
    same = connection.headers.get("sec-fetch-site") == "same-origin"
    return same and connection.scope.get("method") == "GET"


def has_preflight(connection: HTTPConnection) -> bool:
    """Whether a request has a header that no page of another site can send unasked."""
    return any(name in connection.headers for name in _PREFLIGHT)


def _idempotency_key(connection: HTTPConnection) -> str | None:
    """Return the header as it was sent: two of it are one that no key can be."""
    sent = connection.headers.getlist(_IDEMPOTENCY_KEY)
    return ", ".join(sent) if sent else None
