"""The operations of one socket: each in a task of its own, so that none harms another."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol, cast
from uuid import uuid4

import structlog
from graphql import OperationType

from gateway.graphql.frames import complete_frame, error_frame, next_frame
from gateway.graphql.pipeline import Pipeline, RequestFailed, execute, prepare
from gateway.graphql.request import OperationRequest
from gateway.graphql.results import Result, encode, encode_json, failed, refused
from gateway.graphql.rights import Rights
from gateway.graphql.subscriptions import subscribe
from resolvers.context import RequestContext
from schema.errors import ErrorCode

log = structlog.get_logger(__name__)


class Outlet(Protocol):
    """Where the frames of operations go, and whom it acts for.

    Its rights are the same all the time, and what they say changes: tokens are renewed, and what a
    key may do is changed.
    """

    rights: Rights

    def put(self, frame: bytes) -> None:
        """Let a frame be sent after the others."""

    async def room(self) -> None:
        """Return once the peer takes what is sent."""


class Events(Protocol):
    """Results one after the other, with an end that can be asked for."""

    def __aiter__(self) -> "Events":
        """Return itself."""

    async def __anext__(self) -> Result:
        """Return the next one."""

    async def aclose(self) -> None:
        """End the source."""


@dataclass(slots=True, eq=False)
class Operation:
    """One that was asked for; `streams` says that it has no end of its own.

    What `mutates` goes on to its end even when it is not among those that run any more.
    """

    id: str
    request_id: str
    task: "asyncio.Task[None] | None" = None
    begun: bool = False
    streams: bool = False
    mutates: bool = False


class Operations:
    """Those that run on a socket, by the ids that the client gave them.

    None is begun while the peer does not take what is sent, and a subscription makes its next event
    when the last was taken: what is to be skipped for slow clients its source knows. What is never
    skipped is put behind the rest, and the outlet knows when that is too much.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        make_context: Callable[[str], RequestContext],
        outlet: Outlet,
        *,
        timeout_s: float,
        limit: int,
    ) -> None:
        self._pipeline = pipeline
        self._make_context = make_context
        self._outlet = outlet
        self._timeout_s = timeout_s
        self._limit = limit
        self._running: dict[str, Operation] = {}
        self._mutations: set[asyncio.Task[Result]] = set()
        self._turn = asyncio.Lock()

    def __contains__(self, operation_id: str) -> bool:
        return operation_id in self._running

    def __len__(self) -> int:
        return len(self._running)

    def start(self, operation_id: str, request: OperationRequest) -> None:
        """Run an operation whose id is free; one too many is answered with an error."""
        if self._at_work() >= self._limit:
            message = f"At most {self._limit} operations run on one socket: end one first."
            result = refused(ErrorCode.LIMIT_EXCEEDED, message)
            self._outlet.put(error_frame(operation_id, encode_json(result.errors)))
            return
        operation = Operation(operation_id, uuid4().hex)
        self._running[operation_id] = operation
        operation.task = asyncio.create_task(self._run(operation, request))

    def complete(self, operation_id: str) -> None:
        """End what the client wants no more; nothing of it is sent. Unknown ids are ignored.

        A mutation that has begun is finished by the pipeline.
        """
        operation = self._running.pop(operation_id, None)
        if operation is not None and operation.task is not None:
            operation.task.cancel()

    def end(self) -> None:
        """End all of them: the socket is gone."""
        for operation_id in tuple(self._running):
            self.complete(operation_id)

    async def answered(self) -> None:
        """Return once no query or mutation runs; subscriptions go on.

        What has not begun is forgotten: the client asks for it again, elsewhere.
        """
        for operation in tuple(self._running.values()):
            if not operation.begun:
                self.complete(operation.id)
        while tasks := {one.task for one in self._running.values() if one.task and not one.streams}:
            await asyncio.wait(tasks)

    def _at_work(self) -> int:
        """Return how many the limit counts: mutations until their end, whoever waits for it."""
        others = sum(not operation.mutates for operation in self._running.values())
        return len(self._mutations) + others

    async def _run(self, operation: Operation, request: OperationRequest) -> None:
        structlog.contextvars.bind_contextvars(request_id=operation.request_id)
        try:
            # One after the other: many that came at once do not stop the others of the process.
            async with self._turn:
                await asyncio.sleep(0)
            await self._outlet.room()
            operation.begun = True
            await self._answer(operation, request)
        except RequestFailed as refusal:
            self._fail(operation, refusal.result(operation.request_id))
        except Exception as error:  # noqa: BLE001  whatever it is, its siblings live on
            self._fail(operation, failed(error, operation.request_id))
        finally:
            self._forget(operation)

    async def _answer(self, operation: Operation, request: OperationRequest) -> None:
        prepared = prepare(self._pipeline, request)
        context = self._make_context(operation.request_id)
        if prepared.kind is OperationType.SUBSCRIPTION:
            operation.streams = True
            events = await subscribe(self._pipeline, prepared, context, self._outlet.rights)
            async with aclosing(cast("Events", events)):
                async for result in events:
                    if not self._next(operation, result):
                        return
                    if not result.pushed:
                        await self._outlet.room()
        else:
            operation.mutates = prepared.kind is OperationType.MUTATION
            result = await execute(
                self._pipeline, prepared, context, self._timeout_s, self._mutations
            )
            if not self._next(operation, result):
                return
        self._last(operation, complete_frame(operation.id))

    def _next(self, operation: Operation, result: Result) -> bool:
        """Send a result; return False where it has ended the operation."""
        if not result.executed:
            self._fail(operation, result)
            return False
        self._outlet.put(next_frame(operation.id, encode(result)))
        return True

    def _fail(self, operation: Operation, result: Result) -> None:
        self._last(operation, error_frame(operation.id, encode_json(result.errors)))

    def _last(self, operation: Operation, frame: bytes) -> None:
        # The id is free again before the client learns that it is.
        self._forget(operation)
        self._outlet.put(frame)

    def _forget(self, operation: Operation) -> None:
        if self._running.get(operation.id) is operation:
            del self._running[operation.id]
