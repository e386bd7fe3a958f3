import pytest

from datasources.breaker import PAUSE_S, Breaker
from datasources.errors import StoreTimeout, StoreUnavailable


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def ask(breaker: Breaker, failure: Exception | None = None) -> str:
    async with breaker.guard():
        if failure:
            raise failure
    return "answered"


async def test_after_a_failure_nobody_waits_until_one_call_finds_out() -> None:
    clock = Clock()
    breaker = Breaker("mongo", clock)
    assert await ask(breaker) == "answered"
    with pytest.raises(StoreTimeout):
        await ask(breaker, StoreTimeout("mongo"))
    with pytest.raises(StoreUnavailable, match="a moment ago"):
        await ask(breaker)

    clock.now += PAUSE_S
    async with breaker.guard():  # the one that finds out; others do not wait for it
        with pytest.raises(StoreUnavailable, match="a moment ago"):
            await ask(breaker)
    assert await ask(breaker) == "answered"


async def test_it_stays_open_while_the_store_is_down() -> None:
    clock = Clock()
    breaker = Breaker("mongo", clock)
    for _ in range(3):
        with pytest.raises(StoreTimeout):
            await ask(breaker, StoreTimeout("mongo"))
        with pytest.raises(StoreUnavailable):
            await ask(breaker)
        clock.now += PAUSE_S
    assert await ask(breaker) == "answered"


async def test_a_defect_is_not_the_stores() -> None:
    breaker = Breaker("mongo", Clock())
    with pytest.raises(KeyError):
        await ask(breaker, KeyError("x"))
    assert await ask(breaker) == "answered"


async def test_an_error_is_an_answer_and_others_troubles_are_theirs() -> None:
    clock = Clock()
    breaker = Breaker("mongo", clock)
    with pytest.raises(StoreTimeout):
        await ask(breaker, StoreTimeout("postgres"))
    assert await ask(breaker) == "answered"

    with pytest.raises(StoreTimeout):
        await ask(breaker, StoreTimeout("mongo"))
    clock.now += PAUSE_S
    with pytest.raises(KeyError):
        await ask(breaker, KeyError("the store's own words"))
    assert await ask(breaker) == "answered"
