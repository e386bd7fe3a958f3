"""The events of `presence`."""

from typing import Annotated

import strawberry

from datasources.loaders.users import SeenUserById
from resolvers.ids import global_id
from resolvers.presence import PresenceTold
from schema.types.live import Lagged
from schema.types.user import User
from schema.views import attribute, computed, loaded_each, view


@view(PresenceTold, told_apart=True, description="Other people look at the playlist than before.")
class PresenceChanged:
    """A view over `PresenceTold`."""

    playlist_id: strawberry.ID = computed(
        lambda told: global_id("Playlist", told.playlist_id), "Which playlist."
    )
    people: list[User | None] | None = loaded_each(
        SeenUserById,
        keys="user_ids",
        for_viewer=True,
        description=(
            "Who looks at it now, the viewer, too: those whose listening the viewer may see. Null"
            " for one who is gone by now."
        ),
    )
    others: int = attribute("How many more do, who are not signed in or do not show themselves.")


PresenceUpdate = Annotated[
    PresenceChanged | Lagged,
    strawberry.union(
        "PresenceUpdate",
        description="What `presence` tells: who looks now, or that something was missed.",
    ),
]
