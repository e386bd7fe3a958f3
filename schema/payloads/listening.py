"""Results of telling what plays and was played."""

from typing import Annotated

import strawberry

from resolvers import listen_commands, now_playing_commands
from resolvers.errors import Refusal
from schema.payloads.errors import NotFound, ValidationError
from schema.refusals import Refused
from schema.types.listening import Listen, NowPlaying
from schema.views import attribute, computed, view


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


@view(
    listen_commands.ListenStored,
    told_apart=True,
    description="The play is stored. The same track and second is one play: the first word stands.",
)
class ListenStored:
    """A view over `ListenStored`."""

    listen: Listen = attribute("The play as it is stored.")
    counted: bool = attribute(
        "Whether it counts: half of the track or 240 s were played, and the track is longer than"
        " 30 s. Others are stored, and shown nowhere."
    )
    new: bool = attribute("Whether it was not stored before.")


SubmittedListen = Annotated[
    ListenStored | ValidationError | NotFound,
    strawberry.union("SubmittedListen", description="What became of one play."),
]


def _told_apart(submitted: listen_commands.ListensSubmitted) -> list[object]:
    return [Refused(one) if isinstance(one, Refusal) else one for one in submitted.results]


@view(
    listen_commands.ListensSubmitted,
    told_apart=True,
    description="What could be taken is stored, for good.",
)
class ListensSubmitted:
    """A view over `ListensSubmitted`."""

    results: list[SubmittedListen] = computed(
        _told_apart, "What became of each play, in the order of the input."
    )
    stored: int = attribute("How many are new.")


SubmitListensResult = Annotated[
    ListensSubmitted | ValidationError | NotFound,
    strawberry.union("SubmitListensResult", description="What `submitListens` answers."),
]
SetNowPlayingResult = Annotated[
    NowPlayingSet | ValidationError | NotFound,
    strawberry.union("SetNowPlayingResult", description="What `setNowPlaying` answers."),
]
ClearNowPlayingResult = Annotated[
    NowPlayingCleared | ValidationError,
    strawberry.union("ClearNowPlayingResult", description="What `clearNowPlaying` answers."),
]
