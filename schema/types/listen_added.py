"""The events of `listenAdded`."""

from typing import Annotated

import strawberry

from datasources.loaders.users import SeenUserById
from resolvers.ids import global_id
from resolvers.listen_added import ListenTold
from schema.scalars import BigInt
from schema.types.listening import Listen
from schema.types.live import Lagged
from schema.types.user import User
from schema.views import attribute, computed, loaded, view


@view(ListenTold, told_apart=True, description="A person has played a track.")
class ListenAdded:
    """A view over `ListenTold`."""

    cursor: str = attribute("Give it as `after` to go on behind this event.")
    seq: BigInt = attribute("Its number among the person's events: the next one has a higher one.")
    user_id: strawberry.ID = computed(
        lambda told: global_id("User", told.user_id), "Who played it."
    )
    user: User | None = loaded(
        SeenUserById, key="user_id", for_viewer=True, description="Who played it."
    )
    listen: Listen = attribute("The play.", of="value")


ListenAddedUpdate = Annotated[
    ListenAdded | Lagged,
    strawberry.union(
        "ListenAddedUpdate",
        description="What `listenAdded` tells: a play, or that some may be missing.",
    ),
]
