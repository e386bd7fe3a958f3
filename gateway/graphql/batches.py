"""Several operations in one request: each is prepared, run and answered by itself."""

import asyncio
from collections.abc import Callable, Sequence

from graphql import OperationType

from gateway.graphql.pipeline import Pipeline, Prepared, RequestFailed, execute, prepare
from gateway.graphql.request import BadRequest, parse_request
from gateway.graphql.results import Result, refused, timed_out
from resolvers.context import RequestContext
from schema.errors import ErrorCode

Answered = tuple[Result, RequestContext | None]
"""A result, and the context it was made in: none where nothing was run."""


async def answer_batch(
    pipeline: Pipeline,
    values: Sequence[object],
    make_context: Callable[[], RequestContext],
    timeout_s: float,
) -> list[Answered]:
    """Return the result of each request, in their order; each operation has a context of its own.

    Queries run at the same time. Where one operation is a mutation, all run one after the other.
    `timeout_s` is for all of them together; what has not begun by then never is.
    """
    until = asyncio.get_running_loop().time() + timeout_s
    prepared = [_prepared(pipeline, value, make_context) for value in values]

    async def answer(one: Prepared | Result) -> Answered:
        if isinstance(one, Result):
            return one, None
        left_s = until - asyncio.get_running_loop().time()
        if left_s <= 0:  # a mutation that is begun is finished: this one is not begun
            return timed_out(begun=False), None
        context = make_context()
        return await execute(pipeline, one, context, left_s), context

    if any(isinstance(one, Prepared) and one.kind is OperationType.MUTATION for one in prepared):
        return [await answer(one) for one in prepared]
    return await asyncio.gather(*map(answer, prepared))


def _prepared(
    pipeline: Pipeline, value: object, make_context: Callable[[], RequestContext]
) -> Prepared | Result:
    try:
        prepared = prepare(pipeline, parse_request(value))
    except BadRequest as error:
        return refused(ErrorCode.BAD_USER_INPUT, str(error))
    except RequestFailed as failure:
        return failure.result(make_context().request_id)
    if prepared.kind is OperationType.SUBSCRIPTION:
        return refused(ErrorCode.BAD_USER_INPUT, "Subscriptions are no part of a list.")
    return prepared
