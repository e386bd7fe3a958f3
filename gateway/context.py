"""One context for each operation."""

from starlette.requests import HTTPConnection

from auth.principal import ANONYMOUS
from datasources.loaders.batch import Loaders
from datasources.stores import Stores
from resolvers.context import RequestContext


def build_context(connection: HTTPConnection) -> RequestContext:
    """Return the context of an operation that came over this connection."""
    stores: Stores = connection.state.stores
    return RequestContext(
        principal=ANONYMOUS,
        loaders=Loaders(stores),
        stores=stores,
        request_id=connection.state.request_id,
    )
