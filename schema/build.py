"""The Schema object, and its text."""

from functools import cache

from graphql import GraphQLError
from strawberry import federation
from strawberry.extensions import DisableIntrospection
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from schema.query import Query
from schema.scalars import SCALARS
from schema.types.album import Album
from schema.types.artist import Artist
from schema.types.playlist import Playlist
from schema.types.track import Track
from schema.types.user import User


class Schema(federation.Schema):
    """The graph. Errors are logged where requests are: there the request id is known."""

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Leave the errors to the transport."""


@cache
def build_schema(*, introspection: bool = True) -> Schema:
    """Return the schema; there is one for each of the two settings."""
    return Schema(
        query=Query,
        types=[Track, Album, Artist, Playlist, User],
        extensions=[] if introspection else [DisableIntrospection],
        config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=not introspection),
        # Current composition libraries refuse Strawberry's default, which is newer.
        federation_version="2.9",
    )


def sdl() -> str:
    """Return the schema as text, as it stands in schema.graphql."""
    return build_schema().as_str() + "\n"
