"""The events of subscriptions."""

from typing import Annotated

import strawberry

from datasources.loaders.users import SeenUserById
from datasources.records.listening import NowPlayingChange
from resolvers.ids import global_id
from resolvers.live import Lag
from schema.types.listening import NowPlaying
from schema.types.user import User
from schema.views import attribute, computed, loaded, view


@view(
    Lag,
    told_apart=True,
    description="Events may be missing in front of what follows: read again what matters.",
)
class Lagged:
    """A view over `Lag`."""

    missed: int | None = attribute("How many events are missing; null where nobody knows.")
    current: str | None = attribute(
        "The cursor from which it goes on; null where the subscription has none."
    )


@view(
    NowPlayingChange,
    told_apart=True,
    description="What a person plays has changed, or was just read for the first time.",
)
class NowPlayingChanged:
    """A view over `NowPlayingChange`."""

    user_id: strawberry.ID = computed(
        lambda change: global_id("User", change.user_id), "Whose listening it is."
    )
    user: User | None = loaded(
        SeenUserById, key="user_id", for_viewer=True, description="Whose listening it is."
    )
    now_playing: NowPlaying | None = attribute(
        "What plays from now on; null for nothing, or nothing that is shown."
    )


NowPlayingUpdate = Annotated[
    NowPlayingChanged | Lagged,
    strawberry.union(
        "NowPlayingUpdate",
        description="What `nowPlaying` tells: a change, or that some may be missing.",
    ),
]
