"""Inputs of listening."""

import strawberry


@strawberry.input(description="What the viewer plays now.")
class SetNowPlayingInput:
    """What plays."""

    track_id: strawberry.ID = strawberry.field(description="The track.")
    position_ms: int = strawberry.field(
        default=0, description="How far into the track the viewer is, in milliseconds."
    )
