"""The events of `recommendationsRefreshed`."""

from typing import Annotated

import strawberry

from datasources.loaders.users import UserById
from resolvers.recommendations_refreshed import RefreshedTold
from schema.scalars import BigInt
from schema.types.live import Lagged
from schema.types.recommendation import RecommendationModel
from schema.types.user import User
from schema.views import attribute, loaded, view


@view(RefreshedTold, told_apart=True, description="The viewer's recommendations are new.")
class RecommendationsRefreshed:
    """A view over `RefreshedTold`."""

    cursor: str = attribute("Give it as `after` to be told of what is newer than this.")
    seq: BigInt = attribute("The version of the model; some versions have no list for the viewer.")
    model: RecommendationModel = attribute("The model that made them.")
    user: User | None = loaded(
        UserById, key="user_id", description="The viewer, whose `recommendations` they are."
    )


RecommendationsRefreshedUpdate = Annotated[
    RecommendationsRefreshed | Lagged,
    strawberry.union(
        "RecommendationsRefreshedUpdate",
        description="What `recommendationsRefreshed` tells.",
    ),
]
