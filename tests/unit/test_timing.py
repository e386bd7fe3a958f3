"""How long an operation waits for its stores."""

import asyncio

import pytest

from datasources import timing
from datasources.timing import StoreTime, measured_stores, store_call


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, to be set."""
    now = [0.0]
    monkeypatch.setattr(timing, "perf_counter", lambda: now[0])
    return now


def test_calls_at_once_count_once(clock: list[float]) -> None:
    spent = StoreTime()
    for at, what in ((1, spent.begin), (2, spent.begin), (4, spent.end), (5, spent.end)):
        clock[0] = at
        what()
    clock[0] = 10
    spent.begin()
    clock[0] = 11
    spent.end()
    assert spent.seconds == 5


async def test_tasks_count_for_whom_they_work(clock: list[float]) -> None:
    async def ask() -> None:
        with store_call():
            clock[0] += 2

    with measured_stores() as spent:
        await asyncio.gather(asyncio.create_task(ask()), ask())
        with pytest.raises(ZeroDivisionError), store_call():
            raise ZeroDivisionError
    await ask()  # nobody measures any more
    assert spent.seconds == 4
    assert spent.under_way == 0


async def test_operations_do_not_count_for_each_other(clock: list[float]) -> None:
    async def operation(seconds: float) -> float:
        with measured_stores() as spent:
            await asyncio.sleep(0)
            with store_call():
                clock[0] += seconds
            return spent.seconds

    assert list(await asyncio.gather(operation(1), operation(2))) == [1, 2]
