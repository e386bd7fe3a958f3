"""Audio features: what a machine would have heard, near what is usual in the genre."""

from dataclasses import replace

from datasources.records.tracks import AudioFeaturesRecord
from gateway.sample.dice import Dice, Urn
from gateway.sample.genres import SOUNDS
from gateway.sample.model import Track

_UNMEASURED_SHARE = 0.03
_NO_KEY_SHARE = 0.01
_LOUDNESS_DB = (-40.0, -0.5)
_TEMPO_BPM = (50.0, 210.0)
_QUIET = 0.2  # below this energy the beat is sometimes not to be found
_BEATS = Urn((4, 3, 5, 6, 7), (90, 7, 1.5, 1, 0.5))
_MAJOR_FROM = 0.45


def make_features(tracks: list[Track]) -> list[AudioFeaturesRecord]:
    """Return the features of nearly all tracks; a recording has the same on each release."""
    dice = Dice("sound")
    heard: dict[str, AudioFeaturesRecord | None] = {}
    found = []
    for track in tracks:
        name = track.record.isrc or str(track.record.id)
        if name not in heard:
            heard[name] = None if dice.chance(_UNMEASURED_SHARE) else _features(dice, track)
        features = heard[name]
        if features is not None:
            found.append(_of(track, features))
    return found


def _of(track: Track, features: AudioFeaturesRecord) -> AudioFeaturesRecord:
    return replace(features, track_id=track.record.id)


def _features(dice: Dice, track: Track) -> AudioFeaturesRecord:
    usual = SOUNDS[track.genres[0]]
    energy = _share(dice, usual.energy, 0.12)
    # A loud track is an energetic one, and hardly acoustic; a glad one is easier to dance to.
    lift = energy - usual.energy
    valence = _share(dice, usual.valence, 0.17)
    tempo = round(_within(dice.bell(usual.tempo, 0.11 * usual.tempo), *_TEMPO_BPM), 3)
    major = dice.chance(_MAJOR_FROM + 0.3 * valence)
    unpitched = dice.chance(_NO_KEY_SHARE)
    return AudioFeaturesRecord(
        track_id=track.record.id,
        danceability=_share(dice, usual.danceability + 0.2 * (valence - usual.valence), 0.1),
        energy=energy,
        key=None if unpitched else dice.whole(0, 11),
        loudness=round(_within(dice.bell(usual.loudness + 10 * lift, 1.8), *_LOUDNESS_DB), 3),
        mode=None if unpitched else int(major),
        speechiness=_share(dice, usual.speechiness, 0.4 * usual.speechiness),
        acousticness=_share(dice, usual.acousticness - 0.5 * lift, 0.12),
        instrumentalness=_mostly(dice, usual.instrumentalness),
        liveness=_share(dice, 0.12, 0.06) if dice.chance(0.93) else _share(dice, 0.8, 0.1),
        valence=valence,
        tempo=None if energy < _QUIET and dice.chance(0.1) else tempo,
        time_signature=dice.weighted(_BEATS),
    )


def _mostly(dice: Dice, share: float) -> float:
    """Return a value near one of the ends: music is sung or it is not."""
    return _share(dice, 0.86, 0.07) if dice.chance(share) else round(0.04 * dice.unit(), 4)


def _share(dice: Dice, mean: float, spread: float) -> float:
    return round(_within(dice.bell(mean, spread), 0.0, 1.0), 4)


def _within(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)
