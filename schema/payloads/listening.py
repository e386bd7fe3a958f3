"""Results of telling what plays."""

from typing import Annotated

import strawberry

from resolvers import now_playing_commands
from schema.payloads.errors import NotFound, ValidationError
from schema.types.listening import NowPlaying
from schema.views import attribute, view


@view(
    now_playing_commands.NowPlayingSet,
    told_apart=True,
    description="It stands, until the track would end: 600 seconds at the longest.",
)
class NowPlayingSet:
    """A view over `NowPlayingSet`."""

    now_playing: NowPlaying | None = attribute(
        "What the viewer plays; null where the position is the end of the track."
    )


@view(
    now_playing_commands.NowPlayingCleared,
    told_apart=True,
    description="The track does not play, or not any more.",
)
class NowPlayingCleared:
    """A view over `NowPlayingCleared`."""

    cleared: bool = attribute("Whether it did: a late stop, for an earlier track, changes nothing.")


SetNowPlayingResult = Annotated[
    NowPlayingSet | ValidationError | NotFound,
    strawberry.union("SetNowPlayingResult", description="What `setNowPlaying` answers."),
]
ClearNowPlayingResult = Annotated[
    NowPlayingCleared | ValidationError,
    strawberry.union("ClearNowPlayingResult", description="What `clearNowPlaying` answers."),
]
