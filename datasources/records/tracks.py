"""Tracks and what was measured of their sound."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class TrackRecord:
    """A row of `tracks`. `duration_ms` in milliseconds, `popularity` 0 to 100; None is unknown."""

    id: UUID
    album_id: UUID
    title: str
    duration_ms: int
    explicit: bool | None
    isrc: str | None
    mbid: UUID | None
    disc_number: int | None
    track_number: int | None
    popularity: int


@dataclass(frozen=True, slots=True)
class AudioFeaturesRecord:
    """A row of `audio_features`: 0 to 1 but for loudness (dB), tempo (beats a minute), key, mode.

    `key` is a pitch class (0 = C … 11 = B), `mode` 1 for major and 0 for minor; None is unknown.
    """

    track_id: UUID
    danceability: float
    energy: float
    key: int | None
    loudness: float
    mode: int | None
    speechiness: float
    acousticness: float
    instrumentalness: float
    liveness: float
    valence: float
    tempo: float | None
    time_signature: int | None
