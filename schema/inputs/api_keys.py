"""Inputs of API keys."""

from datetime import datetime

import strawberry

from datasources.records.api_keys import ApiKeyKind
from resolvers.api_keys import NewApiKey


@strawberry.input(description="What a key is to be.")
class CreateApiKeyInput:
    """A new key."""

    name: str = strawberry.field(description="What to call it, up to 60 characters.")
    scopes: list[str] = strawberry.field(
        description=(
            "What it may be used for, as `@requiresScopes` names it. A publishable key can have"
            " `catalog:read` and `recommendations:read`, a secret one all but `account:manage`,"
            " `keys:manage` and `admin`."
        )
    )
    kind: ApiKeyKind = strawberry.field(
        description="Where it may be kept.", default=ApiKeyKind.SECRET
    )
    expires_at: datetime | None = strawberry.field(
        description="Until when it is good; without an end by default.", default=None
    )
    allowed_addresses: list[str] = strawberry.field(
        description=(
            "The networks from which it may be used, as `192.0.2.0/24` or `2001:db8::/32`; up to"
            " 50, from all by default."
        ),
        default_factory=list,
    )
    allowed_origins: list[str] = strawberry.field(
        description=(
            "The pages that may use it, as `https://music.example`; up to 20. A publishable key"
            " needs one at least."
        ),
        default_factory=list,
    )

    def new(self) -> NewApiKey:
        """Return it for the use case."""
        return NewApiKey(
            self.name,
            self.scopes,
            self.kind,
            self.expires_at,
            self.allowed_addresses,
            self.allowed_origins,
        )
