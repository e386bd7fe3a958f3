"""Turns are fair between those who wait."""

import asyncio

import pytest

from auth.turns import NoRoom, Turns


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


class Line:
    """Those who wait, and the order in which they had their turns."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.served: list[str] = []
        self.go_on = asyncio.Event()

    async def take(self, name: str) -> None:
        async with self.turns.turn(name[0]):
            self.served.append(name)
            await self.go_on.wait()


async def test_who_asks_most_does_not_get_most() -> None:
    line = Line(Turns(1, 100, 50))
    tasks = [asyncio.create_task(line.take("a0"))]
    await settled()
    tasks += [asyncio.create_task(line.take(name)) for name in ("a1", "a2", "a3", "b1", "c1", "b2")]
    await settled()
    line.go_on.set()
    await asyncio.gather(*tasks)
    assert line.served == ["a0", "a1", "b1", "c1", "a2", "b2", "a3"]


async def test_one_origin_fills_its_share_alone() -> None:
    line = Line(Turns(1, 4, 2))
    tasks = [asyncio.create_task(line.take("a")) for _ in range(3)]
    await settled()
    with pytest.raises(NoRoom):
        await line.take("a")
    tasks += [asyncio.create_task(line.take(name)) for name in ("b", "b")]
    await settled()
    with pytest.raises(NoRoom):
        await line.take("c")
    line.go_on.set()
    await asyncio.gather(*tasks)
    await line.take("c")


async def test_who_goes_away_leaves_no_gap() -> None:
    turns = Turns(1, 3, 3)
    line = Line(turns)
    first = asyncio.create_task(line.take("a"))
    await settled()
    for _ in range(10):
        waiting = asyncio.create_task(line.take("b"))
        await settled()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    last = asyncio.create_task(line.take("c"))
    await settled()
    line.go_on.set()
    await asyncio.gather(first, last)
    assert line.served == ["a", "c"]


async def test_who_goes_away_as_their_turn_comes_passes_it_on() -> None:
    turns = Turns(1, 3, 3)
    line = Line(turns)
    first = asyncio.create_task(line.take("a"))
    await settled()
    going, last = (asyncio.create_task(line.take(name)) for name in ("b", "c"))
    await settled()
    line.go_on.set()
    await first
    going.cancel()  # its turn is given, and not taken yet
    async with asyncio.timeout(5):
        await asyncio.gather(going, last, return_exceptions=True)
    assert "c" in line.served
