"""An account elsewhere, as the owner of the one here sees it."""

from datetime import datetime

import strawberry
from strawberry.types import Info

from datasources.records.identities import IdentityRecord
from resolvers.context import RequestContext
from resolvers.identities import name_of
from schema.views import attribute, computed, view


@view(IdentityRecord, description="An account at an OpenID provider that signs in here.")
class LinkedIdentity:
    """A view over an identity."""

    id: strawberry.ID = computed(lambda identity: str(identity.id), "What `unlinkIdentity` takes.")
    issuer: str = attribute("What the provider calls itself: an address.")
    email: str | None = attribute("The address that the provider had confirmed when it was linked.")
    linked_at: datetime = attribute("When it was linked.")
    last_used_at: datetime | None = attribute("When it last signed in; null for never.")

    @strawberry.field(description="What people call the provider.")
    def provider(self, info: Info[RequestContext, None]) -> str:
        """Return the provider's name."""
        return name_of(info.context, self)  # type: ignore[arg-type]  # a view stands for its record
