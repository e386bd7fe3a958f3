"""What of an execution depends on who asks: whoever would see the same gets the same result."""

import asyncio
from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Any

Look = Callable[[Any], object]
"""What a place of the graph holds for the caller of a context: the value, or an awaitable of it."""


class Seen:
    """What the caller of one execution saw in all places where others may see something else.

    What a place holds depends on nothing but what was seen before, so that whoever sees the same in
    all of them would come to the same places, and to no others.
    """

    __slots__ = ("_looks",)

    def __init__(self) -> None:
        self._looks: list[tuple[Look, object]] = []

    def look(self, look: Look, context: Any) -> object:
        """Return what a place holds for the caller, and remember it."""
        found = look(context)
        if isawaitable(found):
            return self._remembered(look, found)
        self._looks.append((look, found))
        return found

    async def is_same_for(self, context: Any) -> bool:
        """Return whether another caller sees the same everywhere; what fails is not the same."""
        looks = (_looked(look, context) for look, _ in self._looks)
        found = await asyncio.gather(*looks, return_exceptions=True)  # at once: they are batched
        return found == [before for _, before in self._looks]

    async def _remembered(self, look: Look, waiting: Awaitable[object]) -> object:
        found = await waiting
        self._looks.append((look, found))
        return found


async def _looked(look: Look, context: Any) -> object:
    found = look(context)
    return await found if isawaitable(found) else found
