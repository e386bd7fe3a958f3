"""Results of changes to API keys."""

from datetime import datetime
from typing import Annotated

import strawberry

from resolvers import api_keys
from schema.payloads.errors import Forbidden, LimitExceeded, NotFound, ValidationError
from schema.types.api_key import ApiKey
from schema.views import attribute, view


@view(api_keys.ApiKeyCreated, told_apart=True, description="A new key.")
class ApiKeyCreated:
    """A view over `ApiKeyCreated`."""

    api_key: ApiKey = attribute("The key.")
    secret: str = attribute("Its text. It is shown here, and never again.")


@view(api_keys.ApiKeyRotated, told_apart=True, description="The key has a new text.")
class ApiKeyRotated:
    """A view over `ApiKeyRotated`."""

    api_key: ApiKey = attribute("The key after the change.")
    secret: str = attribute("Its new text. It is shown here, and never again.")
    previous_expires_at: datetime = attribute("Until when the text before it stays good.")


@view(
    api_keys.ApiKeyRevoked,
    told_apart=True,
    description="The key is good for nothing any more: within five seconds nobody takes it.",
)
class ApiKeyRevoked:
    """A view over `ApiKeyRevoked`."""

    api_key: ApiKey = attribute("The key after the change.")


CreateApiKeyResult = Annotated[
    ApiKeyCreated | ValidationError | Forbidden | LimitExceeded,
    strawberry.union("CreateApiKeyResult", description="What `createApiKey` answers."),
]
RotateApiKeyResult = Annotated[
    ApiKeyRotated | ValidationError | Forbidden | NotFound,
    strawberry.union("RotateApiKeyResult", description="What `rotateApiKey` answers."),
]
RevokeApiKeyResult = Annotated[
    ApiKeyRevoked | Forbidden | NotFound,
    strawberry.union("RevokeApiKeyResult", description="What `revokeApiKey` answers."),
]
