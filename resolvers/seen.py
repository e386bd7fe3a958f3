"""What of an execution depends on who asks: whoever would see the same gets the same result."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from inspect import isawaitable
from typing import Any

Look = Callable[[Any], object]
"""What a place of the graph holds for the caller of a context: the value, or an awaitable of it."""


class Seen:
    """What the caller of one execution saw in all places where others may see something else.

    What a place holds depends on nothing but what was seen above it: whoever sees the same in all
    places of a level comes to the same places of the next, and to no others.
    """

    __slots__ = ("_looks",)

    def __init__(self) -> None:
        self._looks: defaultdict[int, list[tuple[Look, object]]] = defaultdict(list)

    def look(self, look: Look, context: Any, steps: int) -> object:
        """Return what a place holds for the caller, and remember it; so many steps lead there."""
        found = look(context)
        if isawaitable(found):
            return self._remembered(look, found, steps)
        self._looks[steps].append((look, found))
        return found

    @property
    def levels(self) -> Sequence[int]:
        """The levels at which something was seen, by the steps that lead there."""
        return sorted(self._looks)

    def found(self, level: int) -> list[object]:
        """Return what was seen at the places of a level, counted from 0."""
        return [found for _, found in self._looks[self.levels[level]]]

    async def again(self, level: int, context: Any) -> list[object]:
        """Return what another caller sees at the places of a level, in the same order.

        Where one fails it is what was raised, which is the same as nothing else.
        """
        found = [_tried(look, context) for look, _ in self._looks[self.levels[level]]]
        waiting = [one for one in found if isawaitable(one)]
        if not waiting:
            return found
        known = iter(await asyncio.gather(*waiting, return_exceptions=True))  # they are batched
        return [next(known) if isawaitable(one) else one for one in found]

    async def _remembered(self, look: Look, waiting: Awaitable[object], steps: int) -> object:
        found = await waiting
        self._looks[steps].append((look, found))
        return found


def _tried(look: Look, context: Any) -> object:
    try:
        return look(context)
    except Exception as error:  # noqa: BLE001  it is compared, and raised by an execution
        return error
