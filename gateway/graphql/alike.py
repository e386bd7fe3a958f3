"""Results of one event, for those who read the same of it though it depends on who asks."""

from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from gateway.graphql.results import Result
from resolvers.context import RequestContext
from resolvers.live import Work
from resolvers.seen import Seen

MAX_RESULTS = 4
"""So many different results are offered to others, each of whom looks at them in turn."""

Execute = Callable[[RequestContext], Coroutine[Any, Any, Result]]


class Alike:
    """What was made of an event for viewers with the same document, variables and scopes.

    The first has an execution, which remembers what it saw of what depends on the viewer. The next
    looks there, too, and has the same result where all is the same; or else an execution of its
    own. What failed, or was denied, is nobody else's.
    """

    __slots__ = ("_made",)

    def __init__(self) -> None:
        self._made: list[Work[tuple[Result, Seen]]] = []

    async def result(self, context: RequestContext, execute: Execute) -> Result:
        """Return the result for the caller of a context."""
        tried = 0
        while tried < len(self._made):  # there may be more by the time that one was tried
            try:
                result, seen = await self._made[tried].result()
            except Exception:  # noqa: BLE001  whoever began it is told
                return await execute(context)
            if result.errors:  # it may have taken its time, and so may the next
                return await execute(context)
            if await seen.is_same_for(context):
                return result
            tried += 1
        if tried == MAX_RESULTS:
            return await execute(context)
        work = Work(_remembered(context, execute))
        self._made.append(work)
        result, _ = await work.result()
        return result


async def _remembered(context: RequestContext, execute: Execute) -> tuple[Result, Seen]:
    seen = Seen()
    return await execute(replace(context, seen=seen)), seen
