"""The root of all changes: each field is one transaction of its own, run in their order."""

import strawberry

from schema.mutations.profile import ProfileMutations


@strawberry.type(description="Changes. The fields of one document run in order, each by itself.")
class Mutation(ProfileMutations):
    """All mutations."""
