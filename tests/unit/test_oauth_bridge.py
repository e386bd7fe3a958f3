import asyncio
from contextvars import ContextVar

import pytest

from gateway.oauth.bridge import await_, run_sync

who: ContextVar[str] = ContextVar("who", default="nobody")


async def later(value: int) -> int:
    await asyncio.sleep(0)
    return value


async def failing() -> int:
    await asyncio.sleep(0)
    raise LookupError("gone")


def added(count: int) -> int:
    return sum(await_(later(number)) for number in range(count))


async def test_a_synchronous_function_waits() -> None:
    assert await run_sync(added, 5) == 10


async def test_many_at_once_do_not_mix() -> None:
    assert await asyncio.gather(*(run_sync(added, n) for n in range(20))) == [
        n * (n - 1) // 2 for n in range(20)
    ]


async def test_what_is_raised_can_be_caught_on_the_inside_and_outside() -> None:
    def caught() -> str:
        try:
            await_(failing())
        except LookupError as error:
            return str(error)
        return "nothing"

    assert await run_sync(caught) == "gone"
    with pytest.raises(LookupError):
        await run_sync(lambda: await_(failing()))
    with pytest.raises(ZeroDivisionError):
        await run_sync(lambda: 1 // 0)


async def test_it_unwinds_when_it_is_cancelled() -> None:
    unwound: list[str] = []

    def waiting() -> None:
        try:
            await_(asyncio.sleep(60))
        finally:
            unwound.append("yes")

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await run_sync(waiting)
    assert unwound == ["yes"]


async def test_variables_of_the_context_are_the_same() -> None:
    who.set("ann")
    assert await run_sync(who.get) == "ann"


def test_nothing_is_awaited_elsewhere() -> None:
    with pytest.raises(RuntimeError):
        await_(later(1))
