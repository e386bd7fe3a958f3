"""The root of all changes: each field is one transaction of its own, run in their order."""

import strawberry

from schema.mutations.passkeys import PasskeyMutations
from schema.mutations.profile import ProfileMutations
from schema.mutations.second_factor import SecondFactorMutations


@strawberry.type(description="Changes. The fields of one document run in order, each by itself.")
class Mutation(ProfileMutations, SecondFactorMutations, PasskeyMutations):
    """All mutations."""
