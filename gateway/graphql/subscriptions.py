"""Subscriptions: `subscribe` starts one, and gives a result for each event of its source."""

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import Any, cast

from graphql import ExecutionResult, GraphQLError
from graphql.execution import Executor, create_source_event_stream, execute_subscription_event

from auth.principal import Principal
from datasources.loaders.batch import Loaders
from gateway.graphql.pipeline import (
    Pipeline,
    Prepared,
    RequestFailed,
    check,
    executor_for,
    result_of,
)
from gateway.graphql.results import Result, failed
from gateway.graphql.sharing import Sharing
from resolvers.audit import record_denials
from resolvers.context import Reply, RequestContext
from resolvers.errors import Refusal
from resolvers.live import Lag, OfEvent, SharedEvent
from resolvers.topics import Told


async def subscribe(
    pipeline: Pipeline,
    prepared: Prepared,
    context: RequestContext,
    principal: Callable[[], Principal],
) -> AsyncIterator[Result]:
    """Start a subscription; return its results, each made with a context of its own.

    `principal` says for each event whom it acts for by then. Those who would read the same of an
    event share one result, and the loaders of all.

    The results are an async generator: close it (`contextlib.aclosing`), or cancel the task that
    iterates, and the source ends. A source that fails ends with a result that says so.

    Raises:
        RequestFailed: the subscription was refused, or its source could not be made.
    """
    executor = executor_for(prepared, context)
    try:
        check(pipeline, prepared, context)
        source = create_source_event_stream(executor)
        if executor.is_awaitable(source):
            source = await source
    except Refusal as refusal:
        source = ExecutionResult(None, [GraphQLError(str(refusal), cause=refusal)])
    await record_denials(context)
    if isinstance(source, ExecutionResult):
        raise RequestFailed(pipeline, list(source.errors or ()), validated=True)
    return _results(pipeline, prepared, executor, source, principal)


async def _results(
    pipeline: Pipeline,
    prepared: Prepared,
    executor: Executor[Any],
    source: Any,
    principal: Callable[[], Principal],
) -> AsyncIterator[Result]:
    context: RequestContext = executor.context_value
    graph = pipeline.schema._schema  # noqa: SLF001  there is no other way to it
    sharing = Sharing(graph, prepared.document, prepared.operation_name, prepared.variables)

    async def executed(told: object, who: Principal, loaders: Loaders) -> Result:
        own = replace(context, principal=who, loaders=loaders, reply=Reply())
        return await _of_event(pipeline, executor, told, own)

    async def result_for(told: object, who: Principal) -> Result:
        key = sharing.key(who)
        match told:
            case Told(shared=SharedEvent() as shared):
                return await shared.once(key, partial(executed, told, who, shared.loaders))
            case OfEvent(value=value, shared=shared):
                work = partial(executed, value, who, shared.loaders)
                return await shared.once((key, value), work)
        return await executed(told, who, Loaders(context.stores))

    async with aclosing(source):
        while True:
            try:
                result = await result_for(await anext(source), principal())
            except StopAsyncIteration:
                return
            except Exception as error:  # noqa: BLE001  a defect, or a store that is down
                yield failed(error, context.request_id)
                return
            yield result


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
    match told:
        case Told(cursor=cursor, shared=shared):
            return replace(result, cursor=cursor, pushed=shared is not None)
        case Lag(current=cursor):
            return replace(result, cursor=cursor)
    return result
