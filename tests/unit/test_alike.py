"""Who gets the same result though it depends on who asks: whoever would see the same."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, cast
from uuid import UUID

import pytest

from auth.principal import person
from gateway.graphql.alike import MAX_BRANCHES, Alike
from gateway.graphql.results import Result
from resolvers.context import RequestContext
from resolvers.seen import Seen
from tests.factories.live_socket import NO_STORES
from tests.factories.operations import context_of

Execute = Callable[[RequestContext], Coroutine[Any, Any, Result]]


def viewer(number: int) -> RequestContext:
    return context_of(NO_STORES, person(UUID(int=number)))


def number_of(context: RequestContext) -> int:
    user_id = context.principal.user_id
    assert user_id
    return user_id.int


async def _odd(context: RequestContext) -> bool:
    await asyncio.sleep(0)
    return number_of(context) % 2 == 1


def _large(context: RequestContext) -> bool:
    return number_of(context) > 10


class Graph:
    """Two places that look at the viewer, the second of which only the odd ones come to."""

    def __init__(self) -> None:
        self.executed: list[int] = []

    async def execute(self, context: RequestContext) -> Result:
        self.executed.append(number_of(context))
        odd = await cast("Any", _looked(_odd, context))
        large = _looked(_large, context, level=2) if odd else None
        return Result({"odd": odd, "large": large})


def _looked(
    look: Callable[[RequestContext], object], context: RequestContext, level: int = 1
) -> object:
    return look(context) if context.seen is None else context.seen.look(look, context, level)


async def results(execute: Execute, *numbers: int) -> list[Result]:
    alike = Alike()
    return await asyncio.gather(*(alike.result(viewer(one), execute) for one in numbers))


async def test_who_sees_the_same_gets_the_same() -> None:
    graph = Graph()
    numbers = [1, 2, 3, 4, 11, 12, 13]
    found = await results(graph.execute, *numbers)
    assert [one.data for one in found] == [
        {"odd": n % 2 == 1, "large": n > 10 if n % 2 else None} for n in numbers
    ]
    assert graph.executed == [1, 2, 11]
    assert found[0] is found[2]
    assert found[1] is found[3] is found[5]
    assert found[4] is found[6]


async def test_where_all_see_something_else_each_has_an_execution() -> None:
    executed = []

    async def execute(context: RequestContext) -> Result:
        executed.append(number_of(context))
        return Result(_looked(number_of, context))

    numbers = range(1, 3 * MAX_BRANCHES)
    assert [one.data for one in await results(execute, *numbers)] == list(numbers)
    assert sorted(executed) == list(numbers)


async def test_what_failed_is_nobody_elses() -> None:
    executed = []

    async def execute(context: RequestContext) -> Result:
        executed.append(number_of(context))
        return Result(None, [{"message": f"for {number_of(context)}"}])

    found = await results(execute, 1, 2)
    assert [one.errors[0]["message"] for one in found] == ["for 1", "for 2"]
    assert executed == [1, 2]


async def test_nobody_waits_for_one_failure_after_the_other() -> None:
    together = asyncio.Barrier(3)

    async def execute(context: RequestContext) -> Result:
        if number_of(context) > 1:
            await together.wait()
        return Result(None, [{"message": "no"}])

    async with asyncio.timeout(5):
        await results(execute, 1, 2, 3, 4)


async def test_a_defect_is_nobody_elses() -> None:
    async def execute(context: RequestContext) -> Result:
        if number_of(context) == 1:
            raise ZeroDivisionError
        return Result(number_of(context))

    alike = Alike()
    with pytest.raises(ZeroDivisionError):
        await alike.result(viewer(1), execute)
    assert (await alike.result(viewer(2), execute)).data == 2


@pytest.mark.parametrize("at_once", [True, False])
async def test_who_cannot_look_has_an_execution(*, at_once: bool) -> None:
    def fails_for_others(context: RequestContext) -> object:
        if number_of(context) > 1:
            raise ZeroDivisionError
        return True

    async def later(context: RequestContext) -> object:
        await asyncio.sleep(0)
        return fails_for_others(context)

    async def execute(context: RequestContext) -> Result:
        seen = _looked(fails_for_others if at_once else later, context)
        try:
            return Result(seen if at_once else await cast("Any", seen))
        except ZeroDivisionError:
            return Result(None, [{"message": "no"}])

    async def careful(context: RequestContext) -> Result:
        try:
            return await execute(context)
        except ZeroDivisionError:
            return Result(None, [{"message": "no"}])

    first, other, again = await results(careful, 1, 2, 1)
    assert first.data is True
    assert first is again
    assert other.errors


async def test_who_leaves_takes_nobody_with_them() -> None:
    graph, alike = Graph(), Alike()
    leaving = asyncio.create_task(alike.result(viewer(1), graph.execute))
    await asyncio.sleep(0)
    staying = asyncio.create_task(alike.result(viewer(3), graph.execute))
    await asyncio.sleep(0)
    leaving.cancel()
    assert (await staying).data == {"odd": True, "large": False}
    assert graph.executed == [1]


async def test_looks_of_one_level_are_made_at_once() -> None:
    together = asyncio.Barrier(2)

    async def waits(_: RequestContext) -> bool:
        if waiting:
            await together.wait()
        return True

    waiting = False
    seen = Seen()
    for _ in range(2):
        await cast("Any", seen.look(waits, viewer(1), 1))
    waiting = True
    async with asyncio.timeout(5):
        assert await seen.again(0, viewer(2)) == seen.found(0)


async def test_nobody_looks_below_what_is_not_the_same() -> None:
    looked = []

    def below(context: RequestContext) -> bool:
        looked.append(number_of(context))
        return True

    async def execute(context: RequestContext) -> Result:
        odd = await cast("Any", _looked(_odd, context))
        return Result(_looked(below, context, level=2) if odd else None)

    await results(execute, 1, 2, 3)
    assert looked == [1, 3]
