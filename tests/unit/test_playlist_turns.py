"""Who changes one thing does so one after the other; who changes another does not wait."""

import asyncio
from uuid import UUID

import pytest

from resolvers import playlist_turns as turns
from resolvers.errors import Overloaded
from resolvers.playlist_turns import turn

ONE, OTHER = UUID(int=1), UUID(int=2)


async def test_one_after_the_other_as_they_came() -> None:
    inside, order = 0, []

    async def work(number: int) -> None:
        nonlocal inside
        async with turn(ONE):
            inside += 1
            assert inside == 1
            await asyncio.sleep(0)
            order.append(number)
            inside -= 1

    await asyncio.gather(*(work(number) for number in range(20)))
    assert order == list(range(20))
    assert not turns._locks


async def test_others_do_not_wait() -> None:
    async with turn(ONE), turn(OTHER):
        assert len(turns._locks) == 2


async def test_a_turn_ends_where_work_fails() -> None:
    with pytest.raises(RuntimeError):
        async with turn(ONE):
            raise RuntimeError
    async with turn(ONE):
        pass


async def test_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "_PATIENCE_S", 0)
    async with turn(ONE):
        with pytest.raises(Overloaded):
            async with turn(ONE):
                pass
    async with turn(ONE):
        pass
