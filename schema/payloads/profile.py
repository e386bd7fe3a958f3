"""Results of changes to the profile."""

from typing import Annotated

import strawberry

from datasources.loaders.users import SeenUserById
from resolvers import profile_commands
from schema.payloads.errors import NotFound, ValidationError
from schema.types.user import User
from schema.views import loaded, view


@view(profile_commands.ProfileUpdated, told_apart=True, description="The profile after the change.")
class ProfileUpdated:
    """A view over `ProfileUpdated`."""

    user: User | None = loaded(
        SeenUserById, key="user_id", for_viewer=True, description="The viewer."
    )


UpdateProfileResult = Annotated[
    ProfileUpdated | ValidationError | NotFound,
    strawberry.union("UpdateProfileResult", description="What `updateProfile` answers."),
]
