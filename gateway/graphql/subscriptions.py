"""Subscriptions: `subscribe` starts one, and gives a result for each event of its source."""

from collections.abc import AsyncIterator, Hashable
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import Any, cast

from graphql import ExecutionResult, GraphQLError
from graphql.execution import Executor, create_source_event_stream, execute_subscription_event

from auth.held import still_good
from auth.principal import Principal
from datasources.loaders.batch import Loaders
from gateway.graphql.alike import Alike
from gateway.graphql.pipeline import (
    Pipeline,
    Prepared,
    RequestFailed,
    check,
    executor_for,
    result_of,
)
from gateway.graphql.results import Result, failed
from gateway.graphql.rights import Rights
from gateway.graphql.sharing import Sharing
from resolvers.audit import record_denials
from resolvers.context import Reply, RequestContext
from resolvers.errors import Refusal, Unauthenticated
from resolvers.live import Lag, OfEvent
from resolvers.recommendations_refreshed import RefreshedTold
from resolvers.topics import Told


async def subscribe(
    pipeline: Pipeline,
    prepared: Prepared,
    context: RequestContext,
    rights: Rights,
) -> AsyncIterator[Result]:
    """Start a subscription; return its results, each made with a context of its own.

    `rights` says for each event whom it acts for by then; who has none by then is told nothing
    more. Those who would read the same of an event share one result, and the loaders of all.

    The results are an async generator: close it (`contextlib.aclosing`), or cancel the task that
    iterates, and the source ends. A source that fails ends with a result that says so.

    Raises:
        RequestFailed: the subscription was refused, or its source could not be made.
    """
    results = _Results(pipeline, prepared, context, rights)
    try:
        check(pipeline, prepared, context)
        source = create_source_event_stream(results.executor)
        if results.executor.is_awaitable(source):
            source = await source
    except Refusal as refusal:
        source = ExecutionResult(None, [GraphQLError(str(refusal), cause=refusal)])
    await record_denials(context)
    if isinstance(source, ExecutionResult):
        raise RequestFailed(pipeline, list(source.errors or ()), validated=True)
    return results.of(source)


class _Results:
    """What the client of one subscription gets of its events; `make` does so ahead."""

    def __init__(
        self,
        pipeline: Pipeline,
        prepared: Prepared,
        context: RequestContext,
        rights: Rights,
    ) -> None:
        self._pipeline = pipeline
        self._context = replace(context, ahead=self)
        self._rights = rights
        self.executor = executor_for(prepared, self._context)
        graph = pipeline.schema._schema  # noqa: SLF001  there is no other way to it
        self._sharing = Sharing(
            graph, prepared.document, prepared.operation_name, prepared.variables
        )

    def key(self) -> Hashable:
        """Return what is one for those who read the same."""
        return self._sharing.key(self._rights.principal)

    async def make(self, told: OfEvent[Any]) -> None:
        """Make the result of an event for all who read the same."""
        await self._result(told)

    async def of(self, source: Any) -> AsyncIterator[Result]:
        """Yield the result of each event."""
        async with aclosing(source):
            while True:
                try:
                    result = await self._result(await anext(source))
                    await self._check()
                except StopAsyncIteration:
                    return
                except Exception as error:  # noqa: BLE001  a refusal, a defect, a store that is down
                    yield failed(error, self._context.request_id)
                    return
                yield result

    async def _check(self) -> None:
        """Let nothing out for a credential that is over, or was ended as far as was heard here.

        Where one may have been, it waits until that was looked at: see `RightsWatch`.
        """
        rights, context = self._rights, self._context
        while rights.doubt is not None:
            await rights.doubt.wait()
        over = rights.token is not None and not still_good(
            context.identity, rights.token, context.clock()
        )
        if rights.over or over:
            raise Unauthenticated("This session or token is over.")

    async def _result(self, told: object) -> Result:
        who = self._rights.principal
        if not isinstance(told, OfEvent):
            return await self._execute(told, self._of(who, Loaders(self._context.stores)))
        key = self._sharing.key(who), told.value
        return await told.shared.once(key, partial(self._shared, told, who))

    async def _shared(self, told: OfEvent[Any], who: Principal) -> Result:
        context = self._of(who, told.shared.loaders)
        group = self._sharing.group(who)
        if group is None:
            return await self._execute(told, context)
        alike = told.shared.kept((group, told.value), Alike)
        return await alike.result(context, partial(self._execute, told))

    def _of(self, who: Principal, loaders: Loaders) -> RequestContext:
        return replace(self._context, principal=who, loaders=loaders, reply=Reply())

    async def _execute(self, told: object, context: RequestContext) -> Result:
        value = told.value if isinstance(told, OfEvent) else told
        result = await _of_event(self._pipeline, self.executor, value, context)
        match value:
            case Told(cursor=cursor):  # it is never skipped, once all have it
                return replace(result, cursor=cursor, pushed=value is not told)
            case RefreshedTold(cursor=cursor) | Lag(current=cursor):
                return replace(result, cursor=cursor)
        return result


async def _of_event(
    pipeline: Pipeline, executor: Executor[Any], told: object, context: RequestContext
) -> Result:
    event = executor.build_per_event_executor(told)
    event.context_value = context
    outcome = execute_subscription_event(event)
    if executor.is_awaitable(outcome):
        outcome = await outcome
    result = result_of(pipeline, cast("ExecutionResult", outcome), context)
    await record_denials(context)
    return result
