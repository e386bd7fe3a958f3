"""Mutations of listening."""

from typing import Annotated

import strawberry
from strawberry.types import Info

from resolvers import listen_commands, now_playing_commands
from resolvers.context import RequestContext
from schema.commands import command
from schema.idempotency import Once
from schema.inputs.listening import SetNowPlayingInput, SubmitListensInput
from schema.payloads.listening import (
    ClearNowPlayingResult,
    SetNowPlayingResult,
    SubmitListensResult,
)
from schema.permissions import LISTENS_WRITE

Context = Info[RequestContext, None]


@strawberry.type
class ListeningMutations:
    """What people tell of their listening."""

    @command(
        "Store plays of the viewer, 1 to 100. One that cannot be taken does not keep out the"
        " others; submitted again, a play changes nothing.",
        access=LISTENS_WRITE,
        result=SubmitListensResult,
        once=Once.REFUSED,
    )
    async def submit_listens(
        self,
        info: Context,
        input: Annotated[SubmitListensInput, strawberry.argument(description="The plays.")],  # noqa: A002  the graph's name
    ) -> listen_commands.ListensSubmitted:
        """Store plays."""
        plays = [
            listen_commands.Submission(one.track_id, one.listened_at, one.ms_played, one.client)
            for one in input.listens
        ]
        return await listen_commands.submit_listens(info.context, plays)

    @command(
        "Say what the viewer plays at this moment; the latest wins. Say it again after a pause or a"
        " jump, and every ten minutes of a long track.",
        access=LISTENS_WRITE,
        result=SetNowPlayingResult,
        once=Once.REFUSED,
    )
    async def set_now_playing(
        self,
        info: Context,
        input: Annotated[SetNowPlayingInput, strawberry.argument(description="What plays.")],  # noqa: A002  the graph's name
    ) -> now_playing_commands.NowPlayingSet:
        """Say what plays."""
        return await now_playing_commands.set_now_playing(
            info.context, input.track_id, input.position_ms
        )

    @command(
        "Say that the viewer has stopped.",
        access=LISTENS_WRITE,
        result=ClearNowPlayingResult,
        once=Once.REFUSED,
    )
    async def clear_now_playing(
        self,
        info: Context,
        track_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(
                description="The track that was stopped: if another plays by now, it goes on."
            ),
        ] = None,
    ) -> now_playing_commands.NowPlayingCleared:
        """Say that nothing plays."""
        return await now_playing_commands.clear_now_playing(info.context, track_id)
