"""Mutations of the profile."""

from typing import Annotated

import strawberry
from strawberry.types import Info

from resolvers import profile_commands
from resolvers.context import RequestContext
from schema.commands import command
from schema.idempotency import Once
from schema.inputs.profile import UpdateProfileInput
from schema.payloads.profile import UpdateProfileResult
from schema.permissions import ACCOUNT


@strawberry.type
class ProfileMutations:
    """What a person shows of themselves."""

    @command(
        "Change what others see of the viewer.",
        access=ACCOUNT,
        result=UpdateProfileResult,
        once=Once.HONOURED,
    )
    async def update_profile(
        self,
        info: Info[RequestContext, None],
        input: Annotated[UpdateProfileInput, strawberry.argument(description="The changes.")],  # noqa: A002  the graph's name
    ) -> profile_commands.ProfileUpdated:
        """Change the viewer's profile."""
        return await profile_commands.update_profile(info.context, input.changes())
