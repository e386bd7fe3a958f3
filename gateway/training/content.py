"""Content neighbours: tracks that sound alike.

Features are standardised; the score is 1 / (1 + d), where d is the Euclidean distance in standard
deviations. A neighbour lies within range: at most 12 % faster or slower, and at most a quarter of
the scale more or less energetic. A track of unknown tempo stands at the median. The same recording
on another release (same title, same first artist) is no neighbour, and stands in a list once.

Tracks are sorted by tempo, so that a block of them meets only the slice that can be in range, and
no matrix of all by all is ever made.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from datasources.names import name_key
from datasources.postgres.sounds import MEASURES, Sound

TOP = 50
TEMPO_RANGE = 0.12
ENERGY_RANGE = 0.25

_DECIMALS = 6
_ROWS_AT_ONCE = 256
_SPARE = 30  # nearest ones looked at beyond those kept: some are the same recording

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sounds:
    """All tracks by id: their standardised features, what limits the range, and recordings."""

    ids: list[UUID]
    titles: list[str]
    features: Floats
    tempo: Floats
    energy: Floats
    recordings: NDArray[np.intp]
    scales: dict[str, float]


class SoundsBuilder:
    """Collects tracks in the order of their ids."""

    def __init__(self) -> None:
        self._ids: list[UUID] = []
        self._titles: list[str] = []
        self._values: list[Floats] = []
        self._recordings: dict[tuple[str, UUID | None], int] = {}
        self._recording_of: list[int] = []

    def add(self, sounds: Sequence[Sound]) -> None:
        """Take some tracks."""
        for sound in sounds:
            self._ids.append(sound.track_id)
            self._titles.append(sound.title)
            recording = (name_key(sound.title), sound.artist_id)
            number = self._recordings.setdefault(recording, len(self._recordings))
            self._recording_of.append(number)
        rows = [[getattr(sound, name) for name in MEASURES] for sound in sounds]
        self._values.append(np.array(rows, dtype=np.float64))  # None becomes nan

    def build(self) -> Sounds:
        """Return the tracks with their features standardised."""
        values = np.concatenate(self._values or [np.empty((0, len(MEASURES)))])
        tempo = values[:, MEASURES.index("tempo")]
        known = tempo[tempo > 0]
        tempo[~(tempo > 0)] = np.median(known) if len(known) else 1.0
        deviations = values.std(axis=0) if len(values) else np.ones(len(MEASURES))
        deviations[deviations == 0] = 1.0
        centre = values.mean(axis=0) if len(values) else 0.0
        return Sounds(
            ids=self._ids,
            titles=self._titles,
            features=(values - centre) / deviations,
            tempo=tempo.copy(),
            energy=values[:, MEASURES.index("energy")].copy(),
            recordings=np.array(self._recording_of, dtype=np.intp),
            scales=dict(zip(MEASURES, map(float, deviations), strict=True)),
        )


@dataclass(frozen=True, slots=True)
class NearSound:
    """The neighbours of one track: their places and scores (0 to 1), nearest first."""

    place: int
    places: list[int]
    scores: list[float]


def iter_alike(sounds: Sounds, top: int = TOP) -> Iterator[list[NearSound]]:
    """Yield the neighbours of each track, a block of tracks of similar tempo at a time.

    Equal ones go by id. A track may have fewer than `top`, or none.
    """
    order = np.lexsort((np.arange(len(sounds.ids)), sounds.tempo))
    tempo = sounds.tempo[order]
    features = sounds.features[order].astype(np.float32)
    squares = np.einsum("ij,ij->i", features, features)
    for start in range(0, len(order), _ROWS_AT_ONCE):
        rows = slice(start, min(start + _ROWS_AT_ONCE, len(order)))
        low = np.searchsorted(tempo, tempo[rows.start] * (1 - TEMPO_RANGE), "left")
        high = np.searchsorted(tempo, tempo[rows.stop - 1] * (1 + TEMPO_RANGE), "right")
        distances = squares[low:high] - 2 * (features[rows] @ features[low:high].T)
        distances[_out_of_range(sounds, order[rows], order[low:high])] = np.inf
        yield [
            _nearest(sounds, int(place), order[low:high], distances[i], top)
            for i, place in enumerate(order[rows])
        ]


def _out_of_range(
    sounds: Sounds, rows: NDArray[np.intp], columns: NDArray[np.intp]
) -> NDArray[np.bool_]:
    tempo, energy = sounds.tempo[rows, None], sounds.energy[rows, None]
    out = np.abs(sounds.tempo[columns] - tempo) > tempo * TEMPO_RANGE
    out |= np.abs(sounds.energy[columns] - energy) > ENERGY_RANGE
    out |= sounds.recordings[columns] == sounds.recordings[rows, None]
    return np.asarray(out, dtype=np.bool_)


def _nearest(
    sounds: Sounds,
    place: int,
    columns: NDArray[np.intp],
    distances: NDArray[np.float32],
    top: int,
) -> NearSound:
    wanted = min(top + _SPARE, len(distances))
    some = np.argpartition(distances, wanted - 1)[:wanted] if wanted else np.empty(0, np.intp)
    places = columns[some[np.isfinite(distances[some])]]
    # The block's distances are in single precision, good enough to choose but not to rank.
    exact = np.linalg.norm(sounds.features[places] - sounds.features[place], axis=1)
    scores = np.round(1 / (1 + exact), _DECIMALS)
    ranked = np.lexsort((places, -scores))
    _, first = np.unique(sounds.recordings[places[ranked]], return_index=True)
    kept = ranked[np.sort(first)][:top]
    return NearSound(place, places[kept].tolist(), scores[kept].tolist())
