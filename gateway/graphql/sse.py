"""GraphQL over server-sent events, in distinct connections mode: one operation for one response.

By the PROTOCOL.md of graphql-sse: `next` for each result, `complete` at the end.
"""

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from time import monotonic
from typing import cast

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from auth.principal import Principal
from gateway.authentication import credential_of, with_sender
from gateway.graphql.pipeline import Pipeline, Prepared, RequestFailed
from gateway.graphql.results import Result, encode, failed, refused
from gateway.graphql.rights import Rights, rights_of
from gateway.graphql.rights_watch import RightsWatch
from gateway.graphql.send_queue import GRACE_S, MAX_BYTES, MAX_EVENTS
from gateway.graphql.socket_operations import Events
from gateway.graphql.stream_places import StreamPlaces
from gateway.graphql.subscriptions import subscribe
from gateway.live_metrics import count_dropped
from gateway.server.draining import Draining
from gateway.server.silence import limit_silence_of
from gateway.tasks import ended
from resolvers.context import RequestContext
from schema.errors import ErrorCode

log = structlog.get_logger(__name__)

MEDIA_TYPE = "text/event-stream"
# With these a client that vanished is noticed within 13 s, as it is on a socket.
HEARTBEAT_S = 5.0
ACKNOWLEDGED_WITHIN_S = 8.0
HEARTBEAT = b":\n\n"
COMPLETE = b"event: complete\ndata:\n\n"
HEADERS = {
    "Cache-Control": "no-cache, no-store, no-transform",
    "Vary": "Accept",
    "X-Accel-Buffering": "no",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class EventStreams:
    """Answers subscriptions with streams of events; one for a process."""

    watch: RightsWatch
    places: StreamPlaces
    heartbeat_s: float = HEARTBEAT_S

    async def __call__(
        self,
        request: Request,
        prepared: Prepared,
        pipeline: Pipeline,
        context: RequestContext,
        draining: Draining,
    ) -> Response:
        """Return the response to a subscription; one that is refused is an event that says so.

        Raises:
            HttpRefusal: 503, too many streams are open.
        """
        if request.method == "HEAD":
            return Response(headers=HEADERS, media_type=MEDIA_TYPE)
        rights = _rights_of(request, context.principal)
        address = request.client.host if request.client else ""
        place = self.places.take(rights.principal, address)
        try:
            events = await subscribe(pipeline, prepared, context, rights)
        except RequestFailed as refusal:
            self.places.leave(place)
            return single(refusal.result(request.state.request_id))
        except BaseException:
            self.places.leave(place)
            raise
        return EventResponse(self, request, cast("Events", events), rights, draining, place)


def _rights_of(request: Request, principal: Principal) -> Rights:
    credential = credential_of(request.headers)
    shown = None if credential is None else with_sender(request, credential)
    return rights_of(principal, shown)


def single(result: Result) -> Response:
    """Return the response to an operation with one result."""
    return Response(next_event(result) + COMPLETE, headers=HEADERS, media_type=MEDIA_TYPE)


def next_event(result: Result) -> bytes:
    """Return one event, with its cursor as its id: JSON has no line breaks of its own."""
    named = b"" if result.cursor is None else b"id: %b\n" % result.cursor.encode()
    return b"event: next\n%bdata: %b\n\n" % (named, encode(result))


class EventResponse(Response):
    """Sends the results of a subscription as they come, and something else in between.

    It ends with `complete` where all is said, and without where the client is to come back: when
    the server stops, or nobody can tell whether the session lasts.
    """

    def __init__(
        self,
        streams: EventStreams,
        request: Request,
        events: Events,
        rights: Rights,
        draining: Draining,
        place: str,
    ) -> None:
        super().__init__(headers=HEADERS | {"Connection": "close"}, media_type=MEDIA_TYPE)
        del self.headers["Content-Length"]
        self._streams = streams
        self._request = request
        self._events = events
        self._draining = draining
        self._place = place
        self.rights = rights
        # What is to be sent; None is the end. The source makes the next event when one is sent, but
        # for what is never skipped.
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._waiting_bytes = 0
        self._waiting_since: float | None = None
        self._reading: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream, until it ends or its client leaves."""
        limit_silence_of(scope, ACKNOWLEDGED_WITHIN_S)
        state = self._request.state
        self._reading = asyncio.create_task(self._read())
        writing = asyncio.create_task(self._write(send))
        leaving = asyncio.create_task(_left(receive))
        stopping = asyncio.create_task(self._stop())
        tasks = (self._reading, writing, leaving, stopping)
        self._streams.watch.add(self, state.identity, state.stores)
        try:
            await asyncio.wait({writing, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._streams.watch.remove(self)
            self._streams.places.leave(self._place)
            for outcome in await ended(*tasks):
                if isinstance(outcome, Exception) and not isinstance(outcome, OSError):
                    log.error("stream failed", exc_info=outcome)

    def end_rights(self, *, known: bool) -> None:
        """End the stream: the credential is over, or nobody can tell."""
        if known:
            message = "This session or token is over."
            self._end(next_event(refused(ErrorCode.UNAUTHENTICATED, message)), COMPLETE)
        else:
            self._end()

    def _end(self, *last: bytes) -> None:
        if self._reading is not None:
            self._reading.cancel()
        for frame in (*last, None):
            self._queue.put_nowait(frame)

    async def _stop(self) -> None:
        await self._draining.leave_at_random()
        self._end()

    async def _read(self) -> None:
        try:
            async with aclosing(self._events):
                async for result in self._events:
                    self._put(next_event(result))
                    if not result.pushed:
                        await self._queue.join()
                    elif self._behind():
                        self._give_up()
                        return
        except Exception as error:  # noqa: BLE001  whatever it is, the client is told in its form
            self._queue.put_nowait(next_event(failed(error, self._request.state.request_id)))
        self._queue.put_nowait(COMPLETE)
        self._queue.put_nowait(None)

    def _put(self, frame: bytes) -> None:
        self._queue.put_nowait(frame)
        self._waiting_bytes += len(frame)

    def _behind(self) -> bool:
        """Return whether a send waits while too much is there."""
        if self._waiting_since is None or monotonic() - self._waiting_since <= GRACE_S:
            return False
        return self._queue.qsize() > MAX_EVENTS or self._waiting_bytes > MAX_BYTES

    def _give_up(self) -> None:
        """End without `complete`: the client reads too slowly, and may come back."""
        while not self._queue.empty():
            self._queue.get_nowait()
        self._queue.put_nowait(None)
        count_dropped(self._request)
        log.info("stream dropped", reason="the client reads too slowly")

    async def _write(self, send: Send) -> None:
        start = {"status": self.status_code, "headers": self.raw_headers}
        await send({"type": "http.response.start", **start})
        # So that the client, and what is in between, see at once that it is there.
        frame: bytes | None = HEARTBEAT
        while frame is not None:
            self._waiting_since = monotonic()
            await send({"type": "http.response.body", "body": frame, "more_body": True})
            self._waiting_since = None
            frame = await self._next_frame()
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _next_frame(self) -> bytes | None:
        try:
            async with asyncio.timeout(self._streams.heartbeat_s):
                frame = await self._queue.get()
        except TimeoutError:
            return HEARTBEAT
        self._queue.task_done()
        self._waiting_bytes -= len(frame or b"")
        return frame


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
