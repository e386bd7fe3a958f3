"""Inputs of listening."""

from datetime import datetime

import strawberry


@strawberry.input(description="What the viewer plays now.")
class SetNowPlayingInput:
    """What plays."""

    track_id: strawberry.ID = strawberry.field(description="The track.")
    position_ms: int = strawberry.field(
        default=0, description="How far into the track the viewer is, in milliseconds."
    )


@strawberry.input(description="A play of a track.")
class ListenInput:
    """A play."""

    track_id: strawberry.ID = strawberry.field(description="What was played.")
    listened_at: datetime = strawberry.field(
        description="When it was played, to the second: from 2002-10-01 to one hour from now."
    )
    ms_played: int = strawberry.field(description="How long it was played, in milliseconds.")
    client: str | None = strawberry.field(
        default=None, description="What played it, as it calls itself: 255 characters at most."
    )


@strawberry.input(description="Plays to be stored.")
class SubmitListensInput:
    """Plays."""

    listens: list[ListenInput] = strawberry.field(description="1 to 100, in any order.")
