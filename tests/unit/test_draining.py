"""A stop that is announced, begins, and ends: as the application sees it. And peers that stall."""

import asyncio

import pytest

from gateway.server.draining import Draining
from gateway.server.progress import STEP_BYTES, Progress

LONG_S = 3600


async def test_announced_is_not_begun() -> None:
    draining = Draining()
    assert [draining.announced, draining.begun] == [False, False]
    draining.announce()
    assert draining.announced
    assert not draining.begun
    waiting = asyncio.create_task(draining.wait())
    await asyncio.sleep(0)
    assert not waiting.done()
    draining.begin(LONG_S)
    await waiting
    assert draining.begun


async def test_a_stop_without_notice_is_announced_too() -> None:
    draining = Draining()
    draining.begin(0)
    assert draining.announced


def test_the_time_since_the_beginning_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    draining = Draining()
    assert draining.since_s == 0
    draining.begin(LONG_S)
    now += 5
    draining.begin(0)
    assert draining.since_s == 5


async def test_who_leaves_waits_for_the_beginning_and_then_for_a_moment_of_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    moments: list[tuple[float, float]] = []

    def choose(first: float, last: float) -> float:
        moments.append((first, last))
        return 0.0

    monkeypatch.setattr("random.uniform", choose)
    draining = Draining()
    leaving = asyncio.create_task(draining.leave_at_random())
    await asyncio.sleep(0)
    assert not moments
    draining.begin(LONG_S)
    await leaving
    ((first, last),) = moments
    assert first == 0
    assert LONG_S - 60 < last <= LONG_S


async def test_the_first_window_counts_and_can_be_cut_short() -> None:
    draining = Draining()
    draining.begin(LONG_S)
    draining.begin(0)
    leaving = [asyncio.create_task(draining.leave_at_random()) for _ in range(100)]
    done, _ = await asyncio.wait(leaving, timeout=0.01)
    assert len(done) < len(leaving)
    draining.cut_short()
    await asyncio.gather(*leaving)


async def test_without_a_window_all_leave_at_once() -> None:
    draining = Draining()
    draining.begin(0)
    await draining.leave_at_random()


def test_who_moves_a_step_within_the_time_is_no_laggard() -> None:
    progress = Progress()
    left = 10 * STEP_BYTES
    for second in range(0, 100, 20):
        assert not progress.stalled(left, second, 20)
        left -= STEP_BYTES


def test_who_moves_less_than_a_step_is() -> None:
    progress = Progress()
    assert not progress.stalled(STEP_BYTES * 2, 0, 20)
    assert not progress.stalled(STEP_BYTES + 1, 20, 20)
    assert progress.stalled(STEP_BYTES + 1, 21, 20)


def test_what_is_added_is_no_progress() -> None:
    progress = Progress()
    assert not progress.stalled(100, 0, 20)
    assert not progress.stalled(100_000, 20, 20)
    assert progress.stalled(99_000, 21, 20)


@pytest.mark.parametrize("begin_anew", [True, False])
def test_with_nothing_left_the_time_begins_anew(begin_anew: bool) -> None:
    progress = Progress()
    assert not progress.stalled(100, 0, 20)
    if begin_anew:
        progress.moved()
    else:
        assert not progress.stalled(None, 10, 20)
    assert not progress.stalled(100, 25, 20)
    assert not progress.stalled(100, 45, 20)
    assert progress.stalled(100, 46, 20)
