"""Results of one event, for those who read the same of it though it depends on who asks."""

from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from gateway.graphql.results import Result
from resolvers.context import RequestContext
from resolvers.live import Work
from resolvers.seen import Seen

MAX_BRANCHES = 16
"""So many different sights of one level are remembered: whoever sees another one is alone."""

Execute = Callable[[RequestContext], Coroutine[Any, Any, Result]]


class Alike:
    """What was made of an event for viewers with the same document, variables and scopes.

    The first has an execution, which remembers what it saw of what depends on the viewer, level by
    level. The next looks at the first level, too. Where all is the same, the next level is the same
    for both; where not, somebody has an execution for those who see it so. Whoever has seen the
    same at all levels has the same result. What failed, or was denied, is nobody else's.
    """

    __slots__ = ("_branches", "_work")

    def __init__(self, work: Work[tuple[Result, Seen]] | None = None) -> None:
        self._work = work
        self._branches: list[tuple[list[object], Alike]] = []

    async def result(self, context: RequestContext, execute: Execute, level: int = 0) -> Result:
        """Return the result for the caller of a context, who saw the same above this level."""
        if self._work is None:
            self._work = Work(_remembered(context, execute))
            result, _ = await self._work.result()
            return result
        try:
            result, seen = await self._work.result()
        except Exception:  # noqa: BLE001  whoever began it is told
            return await execute(context)
        if result.errors:
            return await execute(context)
        if level == len(seen.levels):
            return result
        found = await seen.again(level, context)
        branch = self._branch(found, seen.found(level))
        if branch is None:
            return await execute(context)
        return await branch.result(context, execute, level + 1)

    def _branch(self, found: list[object], first: list[object]) -> "Alike | None":
        """Return where it goes on for those who found this; None is nowhere."""
        if not self._branches:
            self._branches.append((first, Alike(self._work)))
        for known, branch in self._branches:
            if known == found:
                return branch
        if len(self._branches) == MAX_BRANCHES:
            return None
        self._branches.append((found, Alike()))
        return self._branches[-1][1]


async def _remembered(context: RequestContext, execute: Execute) -> tuple[Result, Seen]:
    seen = Seen()
    return await execute(replace(context, seen=seen)), seen
