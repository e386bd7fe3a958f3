"""Credits: which artist did what."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from datasources.records.artists import CreditRecord, CreditRole
from schema.views import attribute, view

if TYPE_CHECKING:
    from schema.types.artist import Artist
else:
    Artist = Annotated["Artist", strawberry.lazy("schema.types.artist")]


@view(CreditRecord, description="An artist's part in a track or album.")
class Credit:
    """A credit."""

    artist: Artist = attribute("The artist.")
    role: CreditRole = attribute("What the artist did.")
