"""How recommended tracks should sound."""

from collections.abc import Mapping
from typing import Any

import strawberry

from datasources.records.recommendations import FeatureRange


@strawberry.input(description="Limits and a target for one audio feature, in its own unit.")
class FeatureRangeInput:
    """A range; all three are optional."""

    min: float | None = strawberry.field(default=None, description="Not below this.")
    max: float | None = strawberry.field(default=None, description="Not above this.")
    target: float | None = strawberry.field(
        default=None, description="The nearer to this, the better."
    )


def _range(description: str) -> Any:
    return strawberry.field(default=None, description=description)


@strawberry.input(description="Limits and targets for audio features.")
class TuneInput:
    """A range for each feature; `AudioFeatures` has units and ranges."""

    danceability: FeatureRangeInput | None = _range("How suitable for dancing: 0 to 1.")
    energy: FeatureRangeInput | None = _range("How intense and active: 0 to 1.")
    key: FeatureRangeInput | None = _range("Pitch class: 0 for C to 11 for B.")
    loudness: FeatureRangeInput | None = _range("Average loudness in decibels (dB).")
    mode: FeatureRangeInput | None = _range("1 for major, 0 for minor.")
    speechiness: FeatureRangeInput | None = _range("How much of it is spoken words: 0 to 1.")
    acousticness: FeatureRangeInput | None = _range("How likely it is acoustic: 0 to 1.")
    instrumentalness: FeatureRangeInput | None = _range("How likely it has no vocals: 0 to 1.")
    liveness: FeatureRangeInput | None = _range("How likely an audience was present: 0 to 1.")
    valence: FeatureRangeInput | None = _range("How positive it sounds: 0 to 1.")
    tempo: FeatureRangeInput | None = _range("Beats per minute (BPM).")
    time_signature: FeatureRangeInput | None = _range("Beats in a bar.")

    def ranges(self) -> Mapping[str, FeatureRange]:
        """Return the ranges that were given, by the name of the feature's column."""
        given = {name: getattr(self, name) for name in self.__annotations__}
        return {
            name: FeatureRange(one.min, one.max, one.target)
            for name, one in given.items()
            if one is not None
        }
