"""API keys, as their owner sees them."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated

import strawberry
from strawberry.types import Info

from datasources.records.api_keys import (
    ApiKeyKind,
    ApiKeyPlan,
    ApiKeyRecord,
    ApiKeySecretRecord,
    DayOfUse,
)
from resolvers import api_keys
from resolvers.context import RequestContext
from schema.permissions import KEYS
from schema.scalars import BigInt
from schema.views import attribute, computed, view


@strawberry.type(description="How often a root field was selected.")
class ApiKeyFieldUse:
    """A count."""

    name: str = strawberry.field(description="The field of `Query`, `Mutation` or `Subscription`.")
    count: BigInt = strawberry.field(description="How often; each alias counts.")


def _fields(day: DayOfUse) -> list[ApiKeyFieldUse]:
    return _counts(day.fields.items())


def _counts(counts: Iterable[tuple[str, int]]) -> list[ApiKeyFieldUse]:
    ordered = sorted(counts, key=lambda one: (-one[1], one[0]))
    return [ApiKeyFieldUse(name=name, count=BigInt(count)) for name, count in ordered]


@view(DayOfUse, description="How a key was used on one day.", access=KEYS)
class ApiKeyDay:
    """A view over a day."""

    day: date = attribute("The day, in UTC.")
    operations: BigInt = attribute("How many operations came with the key.")
    fields: list[ApiKeyFieldUse] = computed(_fields, "What they selected, the most used first.")


@view(ApiKeySecretRecord, description="A text with which a key is used.", access=KEYS)
class ApiKeySecret:
    """A secret, without itself."""

    prefix: str = attribute("How it begins.")
    created_at: datetime = attribute("When it was made.")
    expires_at: datetime | None = attribute(
        "Until when it is good; set once another has taken its place."
    )
    last_used_at: datetime | None = attribute(
        "When it was last used, to the minute; null for never."
    )


@view(
    ApiKeyRecord,
    description="A key with which a program of the viewer's, or a page, uses the graph.",
    access=KEYS,
)
class ApiKey:
    """A key, without its text."""

    id: strawberry.ID = computed(
        lambda key: str(key.id),
        "Names the key in `rotateApiKey` and `revokeApiKey`; it opens nothing.",
    )
    name: str = attribute("What its owner calls it.")
    kind: ApiKeyKind = attribute("Where it may be kept.")
    prefix: str = attribute("How its text begins, the newest one where there are two.")
    secrets: list[ApiKeySecret] = attribute(
        "The texts that are good or were last, the newest first: two while it is rotated."
    )
    scopes: list[str] = attribute("What it may be used for.")
    plan: ApiKeyPlan = attribute("How much it may be used.")
    allowed_addresses: list[str] = attribute(
        "The networks from which it may be used, in CIDR notation; from all where there are none."
    )
    allowed_origins: list[str] = attribute(
        "The pages that may use it, by their origins; whoever has it where there are none."
    )
    created_at: datetime = attribute("When it was made.")
    expires_at: datetime | None = attribute("Until when it is good; null for no end.")
    revoked_at: datetime | None = attribute("When it was revoked; null where it was not.")
    last_used_at: datetime | None = attribute(
        "When it was last used, to the minute; null for never."
    )

    @strawberry.field(
        description=(
            "The days on which it was used, the earliest first; 366 of them at the most. The last"
            " seconds may be missing."
        ),
        graphql_type=list[ApiKeyDay] | None,
    )
    async def usage(
        self,
        info: Info[RequestContext, None],
        from_: Annotated[
            date, strawberry.argument(description="The first day, in UTC.", name="from")
        ],
        to: Annotated[date, strawberry.argument(description="The last day, in UTC.")],
    ) -> list[DayOfUse]:
        """Return how it was used."""
        key: ApiKeyRecord = self  # type: ignore[assignment]  # a view stands for its record
        return list(await api_keys.key_use(info.context, key, from_, to))
