"""What of an execution depends on who asks: whoever would see the same gets the same result."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
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

    def look(self, look: Look, context: Any, level: int) -> object:
        """Return what a place holds for the caller, and remember it.

        `level` is the number of steps that lead to the place.
        """
        found = look(context)
        if isawaitable(found):
            return self._remembered(look, found, level)
        self._looks[level].append((look, found))
        return found

    async def is_same_for(self, context: Any) -> bool:
        """Return whether another caller sees the same everywhere; what fails is not the same.

        Nobody looks below what is not the same: there may be nothing for them.
        """
        for level in sorted(self._looks):
            remembered = self._looks[level]
            looks = (_looked(look, context) for look, _ in remembered)
            found = await asyncio.gather(*looks, return_exceptions=True)  # they are batched
            if found != [before for _, before in remembered]:
                return False
        return True

    async def _remembered(self, look: Look, waiting: Awaitable[object], level: int) -> object:
        found = await waiting
        self._looks[level].append((look, found))
        return found


async def _looked(look: Look, context: Any) -> object:
    found = look(context)
    return await found if isawaitable(found) else found
