"""Links to a playlist."""

from datetime import datetime

import strawberry
from strawberry.types import Info

from datasources.records.collaboration import ShareLinkRecord
from datasources.records.playlists import CollaboratorRole
from resolvers.context import RequestContext
from resolvers.share_links import is_open
from schema.types.entity import record_id
from schema.views import attribute, computed, view


@view(
    ShareLinkRecord,
    description="A link with which others may work on a playlist; only its owner sees that it is.",
)
class ShareLink:
    """A link, without its secret."""

    id: strawberry.ID = computed(
        record_id, "Names the link in `revokeShareLink`; it opens nothing."
    )
    role: CollaboratorRole = attribute("What those may do who redeem it.")
    once: bool = attribute("Whether one person may redeem it; otherwise, whoever has it.")
    uses: int = attribute("How many people have redeemed it.")
    created_at: datetime = attribute("When it was made.")
    expires_at: datetime = attribute("Until when it may be redeemed.")
    revoked_at: datetime | None = attribute("When it was withdrawn; null where it was not.")

    @strawberry.field(description="Whether it may be redeemed now.")
    def open(self, info: Info[RequestContext, None]) -> bool:
        """Return whether it opens."""
        return is_open(info.context, self)  # type: ignore[arg-type]  # a view stands for its record
