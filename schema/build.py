"""The Schema object, and its text."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from graphql import FieldNode, GraphQLError, ValidationRule
from strawberry import federation
from strawberry.extensions import AddValidationRules, DisableIntrospection
from strawberry.federation.schema import FederationAny
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext, Info

from datasources.loaders.entities import EntityRecord
from datasources.records.external_ids import EntityKind
from datasources.records.references import EntityRef
from resolvers.context import RequestContext
from resolvers.entities import entities
from resolvers.errors import BadUserInput
from resolvers.ids import at_most_max_ids, parse_id_of
from schema.enforcement import enforce
from schema.mutation import Mutation
from schema.query import Query
from schema.scalars import SCALARS
from schema.selection import ScopeWall
from schema.types.album import Album
from schema.types.artist import Artist
from schema.types.playlist import Playlist
from schema.types.track import Track
from schema.types.user import User
from schema.usage import CountsUse


class Schema(federation.Schema):
    """The graph. Errors are logged where requests are: there the request id is known."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        enforce(self._schema)

    async def entities_resolver(  # type: ignore[override]  # the library's is not async
        self, info: Info[RequestContext], representations: list[FederationAny]
    ) -> Sequence[EntityRecord | None]:
        """Return what other subgraphs name by key, in their order; None for what is not there.

        Raises:
            BadUserInput: more than 100, or one that names none of our entities.
        """
        refs = [_reference(one) for one in at_most_max_ids(representations, "representations")]
        return await entities(info.context, refs)

    def process_errors(
        self,
        errors: list[GraphQLError],
        execution_context: ExecutionContext | None = None,  # noqa: ARG002  the library's shape
    ) -> None:
        """Leave the errors to the transport, without what they tell of a schema that is hidden."""
        if self.config.disable_field_suggestions:
            for error in errors:
                error.message = error.message.partition(" Did you mean ")[0]


class NoServiceText(ValidationRule):
    """Refuses `_service`, which would show the whole schema."""

    def enter_field(self, node: FieldNode, *_: object) -> None:
        """Look at one selected field."""
        if node.name.value == "_service":
            self.report_error(GraphQLError("The schema is not shown here.", node))


def _reference(representation: Any) -> EntityRef:
    match representation:
        case {"__typename": str() as name, "id": str() as id_} if name in _KINDS:
            return EntityRef(_KINDS[name], parse_id_of(_KINDS[name], id_))
    raise BadUserInput("A representation has the `__typename` and the `id` of an entity.")


_KINDS: Mapping[str, EntityKind] = {kind.value.capitalize(): kind for kind in EntityKind}


@cache
def build_schema(*, introspection: bool = True) -> Schema:
    """Return the schema; there is one for each of the two settings."""
    hidden = [DisableIntrospection, lambda: AddValidationRules([NoServiceText])]
    return Schema(
        query=Query,
        mutation=Mutation,
        types=[Track, Album, Artist, Playlist, User],
        extensions=[CountsUse, ScopeWall, *([] if introspection else hidden)],
        config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=not introspection),
        # Current composition libraries refuse Strawberry's default, which is newer.
        federation_version="2.9",
    )


def sdl() -> str:
    """Return the schema as text, as it stands in schema.graphql."""
    return build_schema().as_str() + "\n"
