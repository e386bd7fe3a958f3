"""Mutations of API keys."""

from typing import Annotated
from uuid import UUID

import strawberry
from strawberry.types import Info

from resolvers import api_keys
from resolvers.context import RequestContext
from schema.commands import command
from schema.idempotency import Once
from schema.inputs.api_keys import CreateApiKeyInput
from schema.payloads.api_keys import CreateApiKeyResult, RevokeApiKeyResult, RotateApiKeyResult
from schema.permissions import KEYS

Context = Info[RequestContext, None]
_Id = Annotated[strawberry.ID, strawberry.argument(description="The id of the key.")]


@strawberry.type
class ApiKeyMutations:
    """Keys of programs."""

    @command(
        "Make an API key. Its text is shown once: `Idempotency-Key` is refused.",
        access=KEYS,
        result=CreateApiKeyResult,
        once=Once.REFUSED,
    )
    async def create_api_key(
        self,
        info: Context,
        input: Annotated[CreateApiKeyInput, strawberry.argument(description="The key.")],  # noqa: A002  the graph's name
    ) -> api_keys.ApiKeyCreated:
        """Make a key."""
        return await api_keys.create_api_key(info.context, input.new())

    @command(
        "Give a key a new text. The one before it stays good for a while, so that whoever uses it"
        " can change over; one that was replaced before ends.",
        access=KEYS,
        result=RotateApiKeyResult,
        once=Once.REFUSED,
    )
    async def rotate_api_key(
        self,
        info: Context,
        id: _Id,  # noqa: A002  the graph's name
        overlap_s: Annotated[
            int | None,
            strawberry.argument(
                description=(
                    "How long the old text stays good, in seconds: 0 to 2592000, which is 30 days;"
                    " a day by default."
                )
            ),
        ] = None,
    ) -> api_keys.ApiKeyRotated:
        """Rotate a key."""
        return await api_keys.rotate_api_key(info.context, _uuid(id), overlap_s)

    @command(
        "End a key. It cannot be undone.",
        access=KEYS,
        result=RevokeApiKeyResult,
        once=Once.REFUSED,
    )
    async def revoke_api_key(
        self,
        info: Context,
        id: _Id,  # noqa: A002  the graph's name
    ) -> api_keys.ApiKeyRevoked:
        """Revoke a key."""
        return await api_keys.revoke_api_key(info.context, _uuid(id))


def _uuid(id_: strawberry.ID) -> UUID | None:
    """Return the id that was meant; None for what cannot be one: it is nobody's."""
    try:
        return UUID(id_)
    except ValueError:
        return None
