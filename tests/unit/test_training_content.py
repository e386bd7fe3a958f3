from dataclasses import replace
from uuid import UUID

import pytest

from datasources.postgres.sounds import Sound
from gateway.training.content import SoundsBuilder, iter_alike

PLAIN = Sound(
    track_id=UUID(int=0),
    title="",
    artist_id=None,
    danceability=0.5,
    energy=0.5,
    loudness=-8,
    speechiness=0.1,
    acousticness=0.1,
    instrumentalness=0,
    liveness=0.1,
    valence=0.5,
    tempo=100.0,
)


def alike(*sounds: Sound, top: int = 50) -> dict[int, list[tuple[int, float]]]:
    """Return the neighbours by the tracks' numbers from 1; each has a title unless given one."""
    builder = SoundsBuilder()
    builder.add(
        [
            replace(one, track_id=UUID(int=i), title=one.title or f"Track {i}")
            for i, one in enumerate(sounds, start=1)
        ]
    )
    made = builder.build()
    return {
        one.place + 1: [
            (place + 1, score) for place, score in zip(one.places, one.scores, strict=True)
        ]
        for block in iter_alike(made, top)
        for one in block
    }


def valence(value: float) -> Sound:
    return replace(PLAIN, valence=value)


def test_the_score_is_one_over_one_and_the_distance_in_deviations() -> None:
    # Valence .2, .4, .6: its deviation is .2 * sqrt(2 / 3); other features are all alike.
    found = alike(valence(0.2), valence(0.4), valence(0.6))
    step = (3 / 2) ** 0.5
    assert found[1] == [(2, round(1 / (1 + step), 6)), (3, round(1 / (1 + 2 * step), 6))]
    assert [number for number, _ in found[2]] == [1, 3]  # equally near: by id


def test_neighbours_are_within_tempo_and_energy() -> None:
    def tempo(value: float | None) -> Sound:
        return replace(PLAIN, tempo=value)

    found = alike(tempo(100), tempo(111), tempo(115), replace(PLAIN, energy=0.8), tempo(90))
    assert [number for number, _ in found[1]] == [5, 2]
    assert [number for number, _ in found[3]] == [2]
    assert found[4] == []


def test_an_unknown_tempo_stands_at_the_median() -> None:
    unknown, zero = replace(PLAIN, tempo=None), replace(PLAIN, tempo=0.0)
    slow, fast = replace(PLAIN, tempo=60), replace(PLAIN, tempo=160)
    found = alike(unknown, PLAIN, slow, fast, zero)
    assert found[1] == [(2, 1.0), (5, 1.0)]
    assert found[5] == [(1, 1.0), (2, 1.0)]


def test_the_same_recording_is_no_neighbour_and_stands_once() -> None:
    def song(title: str, artist: int, loudness: float) -> Sound:
        return replace(PLAIN, title=title, artist_id=UUID(int=artist), loudness=loudness)

    found = alike(
        song("One", 1, -8),
        song("ONE!", 1, -8),
        song("Two", 1, -8),
        song("two", 1, -9),
        song("Two", 2, -9),
    )
    assert [number for number, _ in found[1]] == [3, 5]
    assert [number for number, _ in found[4]] == [5, 1]


def test_few_blocks_and_many_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    sounds = [
        replace(PLAIN, valence=(i * 7 % 10) / 10, tempo=90.0 + i, energy=(i * 3 % 5) / 10)
        for i in range(30)
    ]
    whole = alike(*sounds, top=5)
    monkeypatch.setattr("gateway.training.content._ROWS_AT_ONCE", 4)
    assert alike(*sounds, top=5) == whole
    assert {len(near) for near in whole.values()} == {5}


def test_nothing_has_no_neighbours() -> None:
    assert list(iter_alike(SoundsBuilder().build())) == []
