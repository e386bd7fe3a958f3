"""Tasks beside something end with it, even where a driver swallows their cancellation."""

import asyncio

import pytest

from gateway import tasks
from gateway.tasks import beside, ended


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "_AGAIN_S", 0.01)


async def test_work_that_goes_on_after_a_cancellation_is_cancelled_again() -> None:
    async def goes_on(ends_at: int) -> None:
        for _ in range(ends_at):
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                swallowed.append(ends_at)

    swallowed: list[int] = []
    async with beside(goes_on(1), goes_on(3)):
        await asyncio.sleep(0)
    assert sorted(swallowed) == [1, 3, 3, 3]


async def test_what_fails_beside_is_left_to_itself() -> None:
    begun = asyncio.Event()

    async def fails() -> None:
        begun.set()
        raise ValueError

    async with beside(fails()):
        await begun.wait()


async def test_outcomes_come_in_the_order_of_the_tasks() -> None:
    async def fails() -> None:
        raise ValueError

    async def waits() -> None:
        await asyncio.Event().wait()

    async def returns() -> int:
        return 1

    given = [asyncio.create_task(one()) for one in (fails, waits, returns)]
    await asyncio.sleep(0)
    first, second, third = await ended(*given)
    assert (type(first), type(second), third) == (ValueError, asyncio.CancelledError, 1)
