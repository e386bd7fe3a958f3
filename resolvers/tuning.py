"""Tunes candidates by how they should sound: limits filter, targets weigh."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from statistics import pstdev

from datasources.loaders.batch import Loaders
from datasources.loaders.tracks import AudioFeaturesOfTrack
from datasources.records.recommendations import FeatureRange, Suggestion
from datasources.records.tracks import AudioFeaturesRecord
from resolvers.candidates import Ranges, best_first
from resolvers.errors import BadUserInput

FEATURES = frozenset(field.name for field in fields(AudioFeaturesRecord)) - {"track_id"}

_UNKNOWN = 3.0  # deviations from a target, where a feature is unknown


def checked_ranges(ranges: Ranges) -> dict[str, FeatureRange]:
    """Return the ranges that ask for something.

    Raises:
        BadUserInput: a feature that is none, a number that is none, or limits that exclude all.
    """
    for name, one in ranges.items():
        if name not in FEATURES:
            raise BadUserInput(f"`{name}` is not an audio feature.")
        given = [part for part in (one.min, one.max, one.target) if part is not None]
        if not all(map(math.isfinite, given)):
            raise BadUserInput(f"`{name}` needs finite numbers.")
        if one.min is not None and one.max is not None and one.min > one.max:
            raise BadUserInput(f"The `min` of `{name}` is greater than its `max`.")
    return {name: one for name, one in ranges.items() if one != FeatureRange()}


async def tuned(
    loaders: Loaders,
    candidates: Sequence[Suggestion],
    ranges: Ranges,
    scales: Mapping[str, float],
) -> list[Suggestion]:
    """Return the candidates within all limits, best first, weighed by nearness to the targets.

    A score is divided by 1 + d, where d is the root mean square distance from the targets in
    standard deviations: those the model saw (`scales`), else those of the candidates.
    """
    if not ranges or not candidates:
        return list(candidates)
    ids = [one.id for one in candidates]
    found = await loaders.of(AudioFeaturesOfTrack).load_many(ids)
    sounds = [
        (one, sound)
        for one, sound in zip(candidates, found, strict=True)
        if all(_within(sound, name, range_) for name, range_ in ranges.items())
    ]
    targets = {name: one.target for name, one in ranges.items() if one.target is not None}
    if not targets:
        return [one for one, _ in sounds]
    units = {name: scales.get(name) or _deviation(name, found) for name in targets}
    return sorted(
        (
            replace(one, score=one.score / (1 + _distance(sound, targets, units)))
            for one, sound in sounds
        ),
        key=best_first,
    )


def _within(sound: AudioFeaturesRecord | None, name: str, range_: FeatureRange) -> bool:
    if range_.min is None and range_.max is None:
        return True
    value = _value(sound, name)
    if value is None:
        return False
    return (range_.min is None or value >= range_.min) and (
        range_.max is None or value <= range_.max
    )


def _distance(
    sound: AudioFeaturesRecord | None, targets: Mapping[str, float], units: Mapping[str, float]
) -> float:
    deviations = []
    for name, target in targets.items():
        value = _value(sound, name)
        deviations.append(_UNKNOWN if value is None else (value - target) / units[name])
    return math.sqrt(sum(one * one for one in deviations) / len(deviations))


def _deviation(name: str, sounds: Sequence[AudioFeaturesRecord | None]) -> float:
    """Return the standard deviation of a feature; 1 where all are equal or unknown."""
    values = [value for sound in sounds if (value := _value(sound, name)) is not None]
    return (pstdev(values) if values else 0.0) or 1.0


def _value(sound: AudioFeaturesRecord | None, name: str) -> float | None:
    value: float | None = getattr(sound, name, None)
    return value
