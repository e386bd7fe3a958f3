"""Listens, and what plays now."""

from datetime import datetime

from datasources.loaders.tracks import TrackById
from datasources.records.listening import ListenRecord, NowPlayingRecord
from schema.types.track import Track
from schema.views import attribute, loaded, view


@view(ListenRecord, description="One play of a track.")
class Listen:
    """A listen."""

    track: Track | None = loaded(TrackById, key="track_id", description="What was played.")
    listened_at: datetime = attribute("When it was played, to the second.")
    ms_played: int = attribute("How long it was played, in milliseconds.")
    client: str | None = attribute("What played it, as the client calls itself.")


@view(NowPlayingRecord, description="What a person plays at this moment.")
class NowPlaying:
    """Now playing."""

    track: Track | None = loaded(TrackById, key="track_id", description="What plays.")
    started_at: datetime = attribute(
        "When it began, or would have, had it been played from its start to where it is."
    )
    ends_at: datetime = attribute("When it is over, unless something else is told before.")
