"""What was measured of a track's sound."""

from datasources.records.tracks import AudioFeaturesRecord
from schema.views import attribute, view


@view(
    AudioFeaturesRecord,
    description="What was measured of a track's sound. 0 to 1 has no unit: more of it is higher.",
)
class AudioFeatures:
    """Audio features as Spotify's analysis defines them."""

    danceability: float = attribute("How suitable for dancing: 0 to 1.")
    energy: float = attribute("How intense and active: 0 to 1.")
    key: int | None = attribute(
        "Pitch class of the key: 0 is C, 1 is C sharp, up to 11 for B; null where none was found."
    )
    loudness: float = attribute("Average loudness in decibels (dB), usually -60 to 0.")
    mode: int | None = attribute("1 for major, 0 for minor; null where none was found.")
    speechiness: float = attribute("How much of it is spoken words: 0 to 1.")
    acousticness: float = attribute("How likely it is acoustic: 0 to 1.")
    instrumentalness: float = attribute("How likely it has no vocals: 0 to 1.")
    liveness: float = attribute("How likely an audience was present: 0 to 1.")
    valence: float = attribute("How positive it sounds: 0 (sad, angry) to 1 (happy, cheerful).")
    tempo: float | None = attribute(
        "Beats per minute (BPM), above 0; null where the analysis found no beat."
    )
    time_signature: int | None = attribute("Beats in a bar: 3 to 7; null where it is unknown.")
