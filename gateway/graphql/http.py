"""GraphQL over HTTP: the edge between a request and the pipeline (docs/clients.md).

Refusals come in the order in which they cost least: method, `Accept`, content type, credential,
body, document. `X-Request-Id` and the answers to defects come from further out.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus
from time import perf_counter
from typing import TypeVar

from graphql import OperationType
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from auth.principal import Principal
from datasources.timing import StoreTime, measured_stores
from gateway.authentication import Refused, authenticate_operation
from gateway.context import build_context, has_preflight, is_of_our_page
from gateway.graphql.batches import answer_batch
from gateway.graphql.body import check_media_type, decode, read_body, request_of_address
from gateway.graphql.negotiation import EVENT_STREAM, JSON, Accepted, accepted
from gateway.graphql.pipeline import Pipeline, Prepared, RequestFailed, execute, prepare
from gateway.graphql.refusals import (
    METHODS,
    HttpRefusal,
    bad_request,
    method_not_allowed,
    not_acceptable,
)
from gateway.graphql.request import BadRequest, parse_request
from gateway.graphql.responses import (
    HEADERS,
    json_response,
    keep_session_of,
    refusal_response,
    server_timing,
)
from gateway.graphql.results import encode_json
from gateway.graphql.settings import TransportSettings
from gateway.graphql.sse import single
from gateway.server.draining import Draining
from resolvers.context import RequestContext
from schema.errors import ErrorCode

T = TypeVar("T")

TIMEOUT_HEADER = "X-Request-Timeout-Ms"

Stream = Callable[[Request, Prepared, Pipeline, RequestContext, Draining], Awaitable[Response]]
"""Answers a subscription with a stream of events: see `gateway.graphql.sse`."""


@dataclass(frozen=True, slots=True)
class HttpEdge:
    """The endpoint: an ASGI application for requests of HTTP."""

    pipeline: Pipeline
    settings: TransportSettings
    stream: Stream | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; one that is no operation is refused in the form of an answer."""
        request = Request(scope, receive)
        try:
            response = await _answer(self, request)
        except Refused as refusal:
            response = refusal_response(request, refusal)
        except ClientDisconnect:
            return
        if response is not None:
            await response(scope, receive, send)


async def _answer(edge: HttpEdge, request: Request) -> Response | None:
    """Return the answer to one request, or None where nobody waits for it any more."""
    if request.method == "OPTIONS":
        return Response(status_code=204, headers={"Allow": METHODS})
    if request.method not in METHODS.split(", "):
        raise method_not_allowed("Send GET or POST.", METHODS)
    forms = accepted(request.headers)
    if request.method == "POST":
        check_media_type(request)
    timeout_s = _timeout_s(request, edge.settings)
    with measured_stores() as stores:
        principal = await authenticate_operation(request)
        _refuse_forged(request)
        try:
            value = await _value_of(request, edge.settings)
            if isinstance(value, list):
                return await _batch(edge, request, value, principal, timeout_s)
            asked = parse_request(value)
        except BadRequest as error:
            raise bad_request(str(error)) from None
        try:
            prepared = prepare(edge.pipeline, asked)
        except RequestFailed as failure:
            result = failure.result(request.state.request_id)
            if forms.streams_first:
                return single(result)
            return json_response(request, result, forms.json_or_any, edge.settings)
        return await _run(edge, request, prepared, forms, principal, timeout_s, stores)


async def _run(
    edge: HttpEdge,
    request: Request,
    prepared: Prepared,
    forms: Accepted,
    principal: Principal,
    timeout_s: float,
    stores: StoreTime,
) -> Response | None:
    form = forms.form_for(prepared.kind)
    if prepared.kind is OperationType.MUTATION and request.method != "POST":
        raise method_not_allowed("Mutations are sent with POST.", "POST")
    context = build_context(request, principal)
    if prepared.kind is OperationType.SUBSCRIPTION:
        if edge.stream is None:
            raise not_acceptable("There are no streams of events here.")
        draining: Draining = request.state.draining
        resuming = _resumed(request, context)
        return await edge.stream(request, prepared, edge.pipeline, resuming, draining)
    began = perf_counter()
    work = partial(execute, edge.pipeline, prepared, context, timeout_s)
    result = await _while_connected(request, work)
    if result is None:
        return None
    executed = perf_counter() - began
    if form == EVENT_STREAM:
        response = single(result)
    else:
        may_compress = prepared.kind is OperationType.QUERY
        response = json_response(request, result, form, edge.settings, may_compress=may_compress)
    keep_session_of(response, context)
    response.headers["Server-Timing"] = server_timing(
        parse=prepared.parse_s,
        validate=prepared.validate_s,
        execute=executed,
        stores=stores.seconds,
    )
    return response


def _resumed(request: Request, context: RequestContext) -> RequestContext:
    """Return the context of a stream that goes on where a browser's `EventSource` lost it."""
    last = request.headers.get("last-event-id") if request.method == "GET" else None
    return replace(context, resume_from=last or None)


async def _batch(
    edge: HttpEdge, request: Request, values: list[object], principal: Principal, timeout_s: float
) -> Response | None:
    """Answer a list of operations with the list of their results, in the same order."""
    if not edge.settings.max_batch:
        raise bad_request("Send one operation: lists of them are not taken here.")
    if not 1 <= len(values) <= edge.settings.max_batch:
        raise bad_request(f"A list holds 1 to {edge.settings.max_batch} operations.")
    work = partial(
        answer_batch, edge.pipeline, values, partial(build_context, request, principal), timeout_s
    )
    answers = await _while_connected(request, work)
    if answers is None:
        return None
    body = encode_json([result.response() for result, _ in answers])
    response = Response(body, headers=dict(HEADERS), media_type=JSON)
    for _, context in answers:
        if context is not None:
            keep_session_of(response, context)
    return response


async def _value_of(request: Request, settings: TransportSettings) -> object:
    if request.method == "POST":
        return decode(await read_body(request, settings))
    return request_of_address(request)


def _refuse_forged(request: Request) -> None:
    """Refuse a GET that a page of another site can have sent: by an image, a link or a form.

    Browsers ask before they send the preflight header or a token to another site, and they say
    themselves (`Sec-Fetch-Site`, which no page can set) when the page is one of ours.
    """
    if request.method == "POST" or {"authorization", "x-api-key"} & set(request.headers):
        return
    if has_preflight(request) or is_of_our_page(request):
        return
    message = "A GET needs the header `GraphQL-Preflight: 1`, a token or a key."
    raise HttpRefusal(HTTPStatus.FORBIDDEN, message, code=ErrorCode.FORBIDDEN)


def _timeout_s(request: Request, settings: TransportSettings) -> float:
    """Return how long the answer may take: what the client asks for, where that is less."""
    asked = request.headers.get(TIMEOUT_HEADER)
    if asked is None:
        return settings.timeout_s
    if not (asked.isascii() and asked.isdecimal() and len(asked) <= 9 and int(asked) > 0):  # noqa: PLR2004  days
        raise bad_request(f"`{TIMEOUT_HEADER}` is a whole number of milliseconds, above 0.")
    return min(int(asked) / 1000, settings.timeout_s)


async def _while_connected(request: Request, work: Callable[[], Awaitable[T]]) -> T | None:
    """Return what some work gives; None when the client leaves before, which cancels the work."""
    working = asyncio.ensure_future(work())
    leaving = asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        working.cancel()
        leaving.cancel()


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
