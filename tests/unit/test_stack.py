"""The stack's room: seen by what the system is asked for."""

import resource
import sys
from collections.abc import Callable

import pytest

from gateway.server.stack import with_room

DEEP = 600


def deep(levels: int, innermost: Callable[[], None]) -> None:
    if levels:
        deep(levels - 1, innermost)
    else:
        innermost()


def faults_at_each_depth() -> int:
    """Return the page faults of many calls at the end of ever deeper ones, whose frames are few."""

    def leaf() -> None: ...

    def innermost() -> None:
        for _ in range(200):
            leaf()

    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for levels in range(100, DEEP, 5):
        deep(levels, innermost)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


@pytest.mark.skipif(sys.implementation.name != "cpython", reason="another Python, another stack")
def test_calls_at_any_depth_ask_the_system_for_nothing() -> None:
    with_room(faults_at_each_depth)  # the pages of the room are touched once
    assert with_room(faults_at_each_depth) < faults_at_each_depth() / 2


def test_what_is_returned_and_raised_passes() -> None:
    assert with_room(lambda: 5) == 5
    with pytest.raises(ZeroDivisionError):
        with_room(lambda: 1 // 0)
