from math import log1p, sqrt
from uuid import UUID

import numpy as np
import pytest
from scipy.sparse import csr_array

from gateway.training.counts import CountsBuilder
from gateway.training.neighbours import Near, interest, iter_neighbours
from gateway.training.people import Liked, best_tracks, iter_liked, similarity


def neighbours(plays: list[list[float]], top: int = 50) -> dict[int, list[tuple[int, float]]]:
    interests = interest(csr_array(np.array(plays, dtype=float)))
    near = [one for block in iter_neighbours(interests, top) for one in block]
    return {
        one.row: list(zip(one.places.tolist(), one.scores.tolist(), strict=True)) for one in near
    }


def test_neighbours_are_the_cosine_of_log_counts() -> None:
    found = neighbours([[1, 3, 0], [7, 0, 0], [0, 1, 0]])
    a, b = (log1p(1), log1p(7)), (log1p(3), log1p(1))
    cosine = a[0] * b[0] / (sqrt(a[0] ** 2 + a[1] ** 2) * sqrt(b[0] ** 2 + b[1] ** 2))
    assert found[0] == [(1, round(cosine, 6))]
    assert found[1] == [(0, round(cosine, 6))]


def test_an_artist_without_common_listeners_has_no_neighbours() -> None:
    assert neighbours([[5, 5, 0], [0, 0, 5]])[2] == []


def test_equal_neighbours_go_by_id_also_at_the_cut() -> None:
    everyone = [[2.0] * 5, [3.0] * 5]
    assert neighbours(everyone, top=2)[4] == [(0, 1.0), (1, 1.0)]
    assert neighbours(everyone, top=2)[0] == [(1, 1.0), (2, 1.0)]


def test_blocks_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    plays = np.random.default_rng(1).poisson(0.7, (20, 13)).astype(float).tolist()
    whole = neighbours(plays)
    monkeypatch.setattr("gateway.training.neighbours._ROWS_AT_ONCE", 4)
    assert neighbours(plays) == whole
    assert all(len(near) for near in whole.values())


def test_counts_of_one_pair_add_up_and_lie_in_the_order_of_ids() -> None:
    builder = CountsBuilder()
    ada, bob, low, high = UUID(int=2), UUID(int=1), UUID(int=10), UUID(int=20)
    builder.add(ada, high, 3)
    builder.add(ada, low, 1)
    builder.add(bob, high, 5)
    builder.add(ada, high, 4)
    counts = builder.build()
    assert (counts.users, counts.artists) == ([bob, ada], [low, high])
    assert counts.plays.toarray().tolist() == [[0, 5], [1, 7]]


def liked(
    plays: list[list[float]], similar: list[list[float]], available: list[bool]
) -> dict[int, list[Liked]]:
    weights = csr_array(np.array(plays, dtype=float))
    blocks = iter_liked(weights, csr_array(np.array(similar)), np.array(available))
    return {person: some for block in blocks for person, some in block}


def test_people_get_what_they_have_not_played_and_hear_why() -> None:
    similar = [
        [0.0, 0.1, 0.5, 0.0, 0.4],
        [0.1, 0.0, 0.2, 0.3, 0.4],
        [0.5, 0.2, 0.0, 0.0, 0.0],
        [0.0, 0.3, 0.0, 0.0, 0.0],
        [0.4, 0.4, 0.0, 0.0, 0.0],
    ]
    everything = [True] * 5
    # Artist 2: 1 * .5 + 2 * .2 = .9; artist 3: 2 * .3 = .6; artist 4: 1 * .4 + 2 * .4 = 1.2.
    assert liked([[1, 2, 0, 0, 0]], similar, everything)[0] == [
        Liked(4, 1.0, 1),
        Liked(2, 0.75, 0),
        Liked(3, 0.5, 1),
    ]
    without = liked([[1, 2, 0, 0, 0]], similar, [True, True, True, True, False])[0]
    assert [one.artist for one in without] == [2, 3]
    assert liked([[0, 0, 0, 0, 0]], similar, everything)[0] == []


def test_each_artist_brings_its_two_best_tracks() -> None:
    tracks = {
        1: [UUID(int=11), UUID(int=12), UUID(int=13)],
        2: [UUID(int=21)],
        3: [UUID(int=12)],
    }
    first, second, third = Liked(1, 1.0, 7), Liked(2, 0.8, 8), Liked(3, 0.9, 9)
    assert best_tracks([first, third, second], tracks) == [
        (UUID(int=11), 1.0, first),
        (UUID(int=12), 0.9, third),
        (UUID(int=21), 0.8, second),
    ]


def test_similarity_holds_the_neighbours_of_each_row() -> None:
    near = [
        Near(0, np.array([2, 1]), np.array([0.5, 0.25])),
        Near(2, np.array([0]), np.array([1.0])),
    ]
    assert similarity(near, 3).toarray().tolist() == [[0, 0.25, 0.5], [0, 0, 0], [1, 0, 0]]
