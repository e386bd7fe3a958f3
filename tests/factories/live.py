"""Runs subscriptions as a client without a transport would, and waits for what they tell."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from auth.principal import ANONYMOUS, Principal
from datasources.redis.client import Redis
from datasources.redis.live_reader import LiveReader
from datasources.stores import Stores
from gateway.graphql.documents import Documents
from gateway.graphql.pipeline import Pipeline, prepare
from gateway.graphql.request import OperationRequest
from gateway.graphql.results import Result
from gateway.graphql.rights import Rights, rights_of
from gateway.graphql.subscriptions import subscribe
from resolvers.context import RequestContext
from resolvers.live import Live
from schema.build import build_schema
from tests.factories.operations import context_of, identity_of

SOON_S = 20.0
"""Longest wait for what must come; nothing waits so long that goes well."""


@asynccontextmanager
async def running(stores: Stores, reader: LiveReader | None = None) -> AsyncIterator[Live]:
    """Yield the live updates of a process."""
    live = Live(stores, reader)
    task = asyncio.create_task(live.run())
    try:
        yield live
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class Subscriber:
    """Keeps all results; `ended` once the source has."""

    def __init__(self) -> None:
        self.results: list[Result] = []
        self.ended = False
        self._changed = asyncio.Event()

    async def take(self, results: AsyncIterator[Result]) -> None:
        """Read to the end."""
        async for result in results:
            self.results.append(result)
            self._changed.set()
        self.ended = True
        self._changed.set()

    async def next(self) -> Any:
        """Return the data of the next result, which has no errors."""
        result = await self.next_result()
        assert not result.errors, result.errors
        return result.data

    async def next_result(self) -> Result:
        """Return the next result, and forget it."""
        await self.until(lambda: bool(self.results) or self.ended)
        assert self.results, "ended"
        return self.results.pop(0)

    async def until(self, true: Callable[[], bool]) -> None:
        """Return once something is true of this subscriber."""
        async with asyncio.timeout(SOON_S):
            while not true():
                self._changed.clear()
                await self._changed.wait()


def new_pipeline() -> Pipeline:
    """Return the application's pipeline."""
    return Pipeline(build_schema(), Documents(1_000_000))


@asynccontextmanager
async def subscriber(
    live: Live,
    stores: Stores,
    query: str,
    variables: dict[str, Any] | None = None,
    principal: Principal = ANONYMOUS,
    change: Callable[[RequestContext], RequestContext] = lambda context: context,
    pipeline: Pipeline | None = None,
    rights: Rights | None = None,
) -> AsyncIterator[Subscriber]:
    """Yield who follows a subscription; each event has a context of its own.

    With one pipeline several are clients of one process. `rights` are what it is held open with.

    Raises:
        RequestFailed: it was refused.
    """
    pipeline = pipeline or new_pipeline()
    prepared = prepare(pipeline, OperationRequest(query, None, variables or {}, {}))

    context = context_of(stores, principal, identity=identity_of(stores))
    context = change(replace(context, live=live))
    one = Subscriber()
    results = await subscribe(pipeline, prepared, context, rights or rights_of(principal, None))
    task = asyncio.create_task(one.take(results))
    try:
        yield one
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def eventually(true: Callable[[], Awaitable[bool]]) -> None:
    """Return once something is true."""
    async with asyncio.timeout(SOON_S):
        while not await true():  # noqa: ASYNC110  there is nothing that tells of it
            await asyncio.sleep(0.01)


async def flush(redis: Redis) -> None:
    """Let Redis lose all that is ours, at once; others have their own there."""
    ours = [key async for key in redis.client.scan_iter(match=f"{redis.prefix}*", count=1000)]
    await redis.client.delete(*ours)
