"""The way of an operation, the same for every transport: parse, validate, execute, encode.

`prepare` reads a request, `execute` runs a query or mutation and `subscribe` a subscription; what
may stand between them (limits, costs, stored documents) gets typed values and gives such.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import partial
from time import perf_counter
from typing import Any, TypeGuard, cast

import structlog
from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    OperationType,
    parse,
)
from graphql.execution import (
    Executor,
    create_source_event_stream,
    execute_subscription_event,
)
from strawberry.execution import optimized_is_awaitable

from gateway.graphql.documents import Documents
from gateway.graphql.request import OperationRequest
from gateway.graphql.results import Result, failed, request_failed, shown, timed_out
from gateway.graphql.sharing import Sharing
from resolvers.audit import record_denials
from resolvers.context import RequestContext
from resolvers.errors import Refusal
from resolvers.event_stream import Told
from resolvers.live import Lag
from schema.build import Schema
from schema.selection import check_scopes
from schema.usage import count_use

log = structlog.get_logger(__name__)

_CANCEL_S = 1.0


@dataclass(frozen=True, slots=True)
class Pipeline:
    """One schema with its documents, and the mutations whose clients have not waited."""

    schema: Schema
    documents: Documents
    unfinished: "set[asyncio.Task[Result]]" = field(default_factory=set)

    async def finish(self, timeout_s: float | None = None) -> None:
        """Wait for the mutations that nobody waits for any more: before the stores are closed.

        Those that take longer than `timeout_s` (None is no limit) are cancelled.
        """
        if not self.unfinished:
            return
        _, stuck = await asyncio.wait(set(self.unfinished), timeout=timeout_s)
        if stuck:
            log.error("mutations cancelled at the stop", mutations=len(stuck))
            for task in stuck:
                task.cancel()
            await asyncio.wait(stuck, timeout=_CANCEL_S)


class RequestFailed(Exception):
    """An operation that is not run: its document, name or variables are wrong.

    `validated` says whether the document is valid: then the variables are wrong, or a subscription
    was refused.
    """

    def __init__(self, pipeline: Pipeline, errors: list[GraphQLError], *, validated: bool) -> None:
        super().__init__(errors[0].message)
        self.pipeline = pipeline
        self.errors = errors
        self.validated = validated

    def result(self, request_id: str) -> Result:
        """Return what the client gets; what is a defect of ours goes to the log."""
        self.pipeline.schema.process_errors(self.errors)
        return request_failed(self.errors, request_id, validated=self.validated)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A valid operation with its variables, to be run once, and what reading it took."""

    kind: OperationType
    document: DocumentNode
    operation_name: str | None
    variables: Mapping[str, Any]
    executor: Executor[Any]
    parse_s: float = 0.0
    validate_s: float = 0.0


def prepare(pipeline: Pipeline, request: OperationRequest) -> Prepared:
    """Return the operation of a request, ready to be run; nothing is asked of a store.

    Raises:
        RequestFailed: the document does not parse or is not valid, there is not exactly one
            operation of that name, or the variables are wrong.
    """
    began = perf_counter()
    parsed = validated = began
    document = pipeline.documents.find(request.query)
    if document is None:
        document = _parsed(pipeline, request.query)
        parsed = perf_counter()
        errors = pipeline.schema.validation_errors(document)
        validated = perf_counter()
        if errors:
            raise RequestFailed(pipeline, errors, validated=False)
        pipeline.documents.keep(request.query, document)
    executor = _executor(pipeline, document, request)
    kind = executor.operation.operation
    if pipeline.schema._schema.get_root_type(kind) is None:  # noqa: SLF001  there is no other way to it
        error = GraphQLError(f"There are no {kind.value}s here.", executor.operation)
        raise RequestFailed(pipeline, [error], validated=False)
    return Prepared(
        kind,
        document,
        request.operation_name,
        request.variables,
        executor,
        parsed - began,
        validated - parsed,
    )


async def execute(
    pipeline: Pipeline,
    prepared: Prepared,
    context: RequestContext,
    timeout_s: float | None = None,
    unfinished: "set[asyncio.Task[Result]] | None" = None,
) -> Result:
    """Run a query or mutation and return its result; it raises nothing but cancellation.

    Cancelling a query ends it. A mutation that has begun is finished whatever happens: when its
    time is over, or who waits for it is cancelled, it goes on by itself (`Pipeline.finish`).
    It is in `unfinished`, too, for so long: a set of the caller's own.
    What the caller was denied goes to the audit log.
    """
    work = _run(pipeline, prepared, context)
    if prepared.kind is OperationType.MUTATION:
        task = asyncio.create_task(work)
        for tasks in (pipeline.unfinished, unfinished):
            if tasks is not None:
                tasks.add(task)
                task.add_done_callback(tasks.discard)
        work = asyncio.shield(task)  # type: ignore[assignment]  # awaited all the same
    try:
        async with asyncio.timeout(timeout_s):
            return await work
    except TimeoutError:
        return timed_out(begun=prepared.kind is OperationType.MUTATION)


async def subscribe(
    pipeline: Pipeline, prepared: Prepared, make_context: Callable[[], RequestContext]
) -> AsyncIterator[Result]:
    """Start a subscription; return its results, each made with a context of its own.

    Those who would read the same of an event share one result, and the loaders of all.

    The results are an async generator: close it (`contextlib.aclosing`), or cancel the task that
    iterates, and the source ends. A source that fails ends with a result that says so.

    Raises:
        RequestFailed: the subscription was refused, or its source could not be made.
    """
    context = make_context()
    executor = _for(prepared, context)
    try:
        _check(pipeline, prepared, context)
        source = create_source_event_stream(executor)
        if executor.is_awaitable(source):
            source = await source
    except Refusal as refusal:
        source = ExecutionResult(None, [GraphQLError(str(refusal), cause=refusal)])
    await record_denials(context)
    if isinstance(source, ExecutionResult):
        raise RequestFailed(pipeline, list(source.errors or ()), validated=True)
    return _results(pipeline, prepared, executor, source, make_context)


async def _results(
    pipeline: Pipeline,
    prepared: Prepared,
    executor: Executor[Any],
    source: Any,
    make_context: Callable[[], RequestContext],
) -> AsyncIterator[Result]:
    request_id = executor.context_value.request_id
    graph = pipeline.schema._schema  # noqa: SLF001  there is no other way to it
    sharing = Sharing(graph, prepared.document, prepared.operation_name, prepared.variables)
    async with aclosing(source):
        while True:
            try:
                told = await anext(source)
                context = make_context()
                request_id = context.request_id
                shared = told.shared if isinstance(told, Told) else None
                if shared is None:
                    result = await _of_event(pipeline, executor, told, context)
                else:
                    context = replace(context, loaders=shared.loaders)
                    work = partial(_of_event, pipeline, executor, told, context)
                    result = await shared.once(sharing.key(context.principal), work)
            except StopAsyncIteration:
                return
            except Exception as error:  # noqa: BLE001  a defect, or a store that is down
                yield failed(error, request_id)
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
    result = _shown(pipeline, cast("ExecutionResult", outcome), context)
    await record_denials(context)
    match told:
        case Told(cursor=cursor, shared=shared):
            return replace(result, cursor=cursor, pushed=shared is not None)
        case Lag(current=cursor):
            return replace(result, cursor=cursor)
    return result


def _parsed(pipeline: Pipeline, text: str) -> DocumentNode:
    try:
        return parse(text)
    except GraphQLError as error:
        raise RequestFailed(pipeline, [error], validated=False) from None


def _executor(
    pipeline: Pipeline, document: DocumentNode, request: OperationRequest
) -> Executor[Any]:
    schema = pipeline.schema
    executor = cast("type[Executor[Any]]", schema.execution_context_class).build(
        schema._schema,  # noqa: SLF001  there is no other way to it
        document,
        raw_variable_values=dict(request.variables),
        operation_name=request.operation_name,
        is_awaitable=cast("Callable[[Any], TypeGuard[Awaitable[Any]]]", optimized_is_awaitable),
        hide_suggestions=schema.hidden,
    )
    if isinstance(executor, list):
        # Where no node is named, the operation is not known, and nothing is wrong with a variable.
        raise RequestFailed(pipeline, executor, validated=any(error.nodes for error in executor))
    return executor


def _for(prepared: Prepared, context: RequestContext) -> Executor[Any]:
    executor = prepared.executor.build_per_event_executor(None)
    executor.context_value = context
    return executor


def _check(pipeline: Pipeline, prepared: Prepared, context: RequestContext) -> None:
    count_use(prepared.document, prepared.operation_name, prepared.variables, context)
    check_scopes(
        pipeline.schema._schema,  # noqa: SLF001  there is no other way to it
        prepared.document,
        prepared.operation_name,
        prepared.variables,
        context,
    )


async def _run(pipeline: Pipeline, prepared: Prepared, context: RequestContext) -> Result:
    try:
        _check(pipeline, prepared, context)
        executor = _for(prepared, context)
        outcome = executor.execute_operation()
        if executor.is_awaitable(outcome):
            outcome = await outcome
        result = _shown(pipeline, cast("ExecutionResult", outcome), context)
    except Exception as error:  # noqa: BLE001  a refusal as a whole, or a defect
        result = failed(error, context.request_id)
    await record_denials(context)
    return result


def _shown(pipeline: Pipeline, outcome: ExecutionResult, context: RequestContext) -> Result:
    if outcome.errors:
        pipeline.schema.process_errors(outcome.errors)
    return shown(outcome, context.request_id)
