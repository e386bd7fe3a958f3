"""The keys of the viewer."""

from collections.abc import Sequence

import strawberry
from strawberry.types import Info

from datasources.records.api_keys import ApiKeyRecord
from resolvers import api_keys
from resolvers.context import RequestContext
from schema.permissions import KEYS
from schema.types.api_key import ApiKey


@strawberry.type
class ApiKeyQueries:
    """API keys."""

    @strawberry.field(
        description=(
            "The viewer's API keys, the newest first; those that ended, too, for three months."
        ),
        graphql_type=list[ApiKey] | None,
        directives=KEYS.directives,
    )
    async def api_keys(self, info: Info[RequestContext, None]) -> Sequence[ApiKeyRecord]:
        """Return keys."""
        return await api_keys.api_keys(info.context)
