"""The way of an operation, the same for every transport: parse, validate, execute, encode.

`prepare` reads a request, and `execute` runs a query or mutation; `subscribe` is in a file of its
own. What may stand between them (limits, costs, stored documents) gets typed values and gives such.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
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
from graphql.execution import Executor
from strawberry.execution import optimized_is_awaitable

from gateway.graphql.documents import Documents
from gateway.graphql.request import OperationRequest
from gateway.graphql.results import Result, failed, request_failed, shown, timed_out
from resolvers.audit import record_denials
from resolvers.context import RequestContext
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


def executor_for(prepared: Prepared, context: RequestContext) -> Executor[Any]:
    """Return what runs an operation with a context."""
    executor = prepared.executor.build_per_event_executor(None)
    executor.context_value = context
    return executor


def check(pipeline: Pipeline, prepared: Prepared, context: RequestContext) -> None:
    """Let an operation be run, and count it.

    Raises:
        Refusal: the caller lacks a scope of something that is selected.
    """
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
        check(pipeline, prepared, context)
        executor = executor_for(prepared, context)
        outcome = executor.execute_operation()
        if executor.is_awaitable(outcome):
            outcome = await outcome
        result = result_of(pipeline, cast("ExecutionResult", outcome), context)
    except Exception as error:  # noqa: BLE001  a refusal as a whole, or a defect
        result = failed(error, context.request_id)
    await record_denials(context)
    return result


def result_of(pipeline: Pipeline, outcome: ExecutionResult, context: RequestContext) -> Result:
    """Return what the client gets of what was run; what is a defect of ours goes to the log."""
    if outcome.errors:
        pipeline.schema.process_errors(outcome.errors)
    return shown(outcome, context.request_id)
