"""Positions between positions, and what happens where there are none."""

from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasources.postgres.positions import MAX_CHARS, Spot, keys_between, moved, place


def ids(*numbers: int) -> list[UUID]:
    return [UUID(int=number) for number in numbers]


def a_list(size: int) -> list[Spot]:
    spots = place([], 0, ids(*range(size)))
    assert spots is not None
    return spots


def in_order(spots: list[Spot]) -> bool:
    return all(one.position < next_.position for one, next_ in pairwise(spots))


@given(st.integers(0, 50), st.integers(1, 100), st.data())
def test_there_is_room_for_a_hundred_anywhere(size: int, count: int, data: st.DataObject) -> None:
    spots = a_list(size)
    gap = data.draw(st.integers(0, size))
    placed = place(spots, gap, ids(*range(1000, 1000 + count)))
    assert placed is not None
    assert in_order(placed)
    assert placed[:gap] + placed[gap + count :] == spots
    assert [spot.item_id.int for spot in placed[gap : gap + count]] == list(
        range(1000, 1000 + count)
    )


@pytest.mark.parametrize("behind", [0, 1])
def test_a_thousand_at_one_spot_stay_short_and_move_few(behind: int) -> None:
    spots, anchor, moves, most = a_list(400), UUID(int=200), 0, 0
    for number in range(1000, 2000):
        gap = next(place for place, spot in enumerate(spots) if spot.item_id == anchor) + behind
        placed = place(spots, gap, ids(number))
        assert placed is not None
        others = moved(spots, placed)
        moves, most = moves + len(others), max(most, len(others))
        spots = placed
    assert in_order(spots)
    assert max(len(spot.position) for spot in spots) <= MAX_CHARS
    assert moves  # the library alone needs more characters than that
    assert moves < 2 * 1000
    assert most <= 2 * 64


def test_the_library_alone_would_recurse_without_end() -> None:
    left = "a0" + "0" * 5000 + "1"
    assert keys_between(left, left + "1", 1) is None


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("a1", "a0"),
        ("a0", "a0"),
        ("a00", None),  # ends with a zero
        ("", None),
        ("ä", None),
        ("a", None),
        (None, "A" + "0" * 26),  # the smallest there is
    ],
)
def test_no_position_fits_beside_bad_ones(left: str | None, right: str | None) -> None:
    assert keys_between(left, right, 1) is None
    assert keys_between(left, right, 3) is None


def test_bad_positions_are_replaced() -> None:
    spots = [Spot("a0000", UUID(int=1)), Spot("a0000", UUID(int=2)), Spot("b", UUID(int=3))]
    placed = place(spots, 1, ids(9))
    assert placed is not None
    assert [spot.item_id.int for spot in placed] == [1, 9, 2, 3]
    assert in_order(placed)


def test_what_does_not_fit_between_two_bounds_is_refused() -> None:
    left = "a0" + "0" * 29 + "1"
    right = "a0" + "0" * 29 + "2"
    assert place([], 0, ids(1), left, right) is None
    assert place([], 0, ids(1), left, "a2") is not None


def test_new_items_have_not_moved() -> None:
    before = a_list(3)
    placed = place(before, 1, ids(9))
    assert placed is not None
    assert moved(before, placed) == []
    changed = [Spot("a0V", spot.item_id) if spot == before[0] else spot for spot in placed]
    assert moved(before, changed) == [(before[0], changed[0])]
