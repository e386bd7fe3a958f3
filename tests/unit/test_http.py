"""The HTTP edge: methods, forms of the answer, statuses, forged requests, time, and leaving."""

import asyncio
import gzip
import re
from typing import Any

import httpx2
import pytest
from backports import zstd
from starlette.requests import Request
from starlette.responses import Response
from structlog.testing import capture_logs

from gateway.graphql.negotiation import JSON, RESPONSE_JSON
from gateway.graphql.settings import TransportSettings
from tests.factories.small_graph import PREFLIGHT, Gate, Visit, small_app, small_client

SITE = "https://app.example"


async def post(
    client: httpx2.AsyncClient, query: str, headers: dict[str, str] | None = None
) -> httpx2.Response:
    return await client.post("/graphql", json={"query": query}, headers=headers)


def code_of(answer: httpx2.Response) -> Any:
    body = answer.json()
    assert set(body) == {"errors"}
    return body["errors"][0]["extensions"]["code"]


# --- methods ------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "QUERY"])
async def test_other_methods_are_told_which_there_are(method: str) -> None:
    async with small_client() as client:
        answer = await client.request(method, "/graphql", json={"query": "{ hello }"})
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, POST, OPTIONS"
    assert code_of(answer) == "BAD_USER_INPUT"


async def test_get_reads_the_address() -> None:
    params = {
        "query": "query A($n: String!) { hello(name: $n) } query B { hello }",
        "operationName": "A",
        "variables": '{"n": "Ada"}',
        "extensions": "",
    }
    async with small_client() as client:
        answer = await client.get("/graphql", params=params, headers=PREFLIGHT)
        assert answer.json() == {"data": {"hello": "Hello, Ada"}}
        head = await client.head("/graphql", params=params, headers=PREFLIGHT)
    assert head.status_code == 200
    assert head.headers["content-type"] == answer.headers["content-type"]


@pytest.mark.parametrize(
    "address",
    ["", "?query=%7Bhello%7D&query=%7Bhello%7D", "?query=%7Bhello%7D&variables=%7B", "?query=1"]
    + [f"?query=%7Bhello%7D&variables={value}" for value in ("1", "[]", "%22x%22", "NaN")],
)
async def test_a_wrong_address_is_refused(address: str) -> None:
    headers = PREFLIGHT | {"Accept": RESPONSE_JSON}
    async with small_client() as client:
        answer = await client.get(f"/graphql{address}", headers=headers)
    assert answer.status_code == 400
    assert answer.json()["errors"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_mutations_need_post(method: str) -> None:
    gate = Gate()
    async with small_client(gate) as client:
        params = {"query": 'mutation { note(what: "x") }'}
        answer = await client.request(method, "/graphql", params=params, headers=PREFLIGHT)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"
    assert gate.ended == []


async def test_options_says_what_there_is() -> None:
    async with small_client() as client:
        answer = await client.options("/graphql")
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["allow"] == "GET, HEAD, POST, OPTIONS"


# --- forms and statuses -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        (None, JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (JSON, JSON),
        (RESPONSE_JSON, RESPONSE_JSON),
        (f"{RESPONSE_JSON}, {JSON}", RESPONSE_JSON),
        (f"{JSON}, {RESPONSE_JSON}", RESPONSE_JSON),
        (f"{RESPONSE_JSON};q=0.8, {JSON}", JSON),
        (f"{RESPONSE_JSON}; charset=utf-8, {JSON}; charset=utf-8", RESPONSE_JSON),
        (f"{RESPONSE_JSON};q=0, */*", JSON),
        (f"{JSON};q=0, */*", RESPONSE_JSON),
        (f"text/event-stream, {JSON}", JSON),
        (f"{RESPONSE_JSON}, application/graphql+json, {JSON}, text/event-stream", RESPONSE_JSON),
    ],
)
async def test_the_form_is_the_one_that_weighs_most(accept: str | None, form: str) -> None:
    async with small_client() as client:
        answer = await post(client, "{ hello }", {"Accept": accept} if accept else None)
    assert (answer.status_code, answer.headers["content-type"]) == (200, form)
    assert answer.json() == {"data": {"hello": "Hello, you"}}


@pytest.mark.parametrize("accept", ["text/html", "image/*", f"{JSON};q=0", "*/*;q=0", "x"])
async def test_what_is_not_there_is_not_acceptable(accept: str) -> None:
    async with small_client() as client:
        answer = await post(client, "{ hello }", {"Accept": accept})
    assert answer.status_code == 406
    assert code_of(answer) == "BAD_USER_INPUT"


@pytest.mark.parametrize("query", ["{", "{ nothing }", "query ($n: Int!) { text(length: $n) }"])
async def test_errors_of_a_request_have_a_status_where_the_form_knows_one(query: str) -> None:
    async with small_client() as client:
        modern = await post(client, query, {"Accept": RESPONSE_JSON})
        old = await post(client, query, {"Accept": JSON})
    assert (modern.status_code, old.status_code) == (400, 200)
    assert modern.json() == old.json()
    assert "data" not in modern.json()


async def test_what_was_run_is_a_success_with_its_errors() -> None:
    async with small_client() as client:
        answer = await post(client, "{ broken }", {"Accept": RESPONSE_JSON})
    assert answer.status_code == 200
    assert answer.json()["data"] is None
    assert "hunter2" not in answer.text


async def test_subscriptions_need_a_stream() -> None:
    taken: list[str] = []

    async def stream(request: Request, *_: Any) -> Response:
        taken.append(request.headers["accept"])
        return Response("event: complete\n\n", media_type="text/event-stream")

    subscription = "subscription { count(to: 1) }"
    async with small_client(stream=stream) as client:
        assert (await post(client, subscription)).status_code == 406
        assert taken == []
        for accept in ("text/event-stream", f"text/event-stream, {JSON}"):
            answer = await post(client, subscription, {"Accept": accept})
            assert answer.headers["content-type"].startswith("text/event-stream")
        query = {"Accept": f"{JSON};q=0.5, text/event-stream"}
        assert (await post(client, "{ hello }", query)).text.startswith("event: next\ndata: {")
        assert len(taken) == 2
        failed = await post(client, "{", {"Accept": "text/event-stream"})
    assert failed.status_code == 200
    assert failed.text.startswith('event: next\ndata: {"errors":')


async def test_answers_say_what_they_are() -> None:
    async with small_client() as client:
        answer = await post(client, "{ hello }")
    headers = answer.headers
    assert headers["cache-control"] == "no-store"
    assert headers["vary"] == "Accept, Accept-Encoding"
    assert headers["x-content-type-options"] == "nosniff"
    assert re.fullmatch(r"[0-9a-f]{32}", headers["x-request-id"])
    numbers = r"parse;dur=[\d.]+, validate;dur=[\d.]+, execute;dur=[\d.]+, stores;dur=[\d.]+"
    assert re.fullmatch(numbers, headers["server-timing"])
    assert not any(name.startswith("access-control") for name in headers)


async def test_a_session_that_begins_is_kept() -> None:
    async with small_client() as client:
        answer = await post(client, "mutation { enter }")
    assert answer.headers["set-cookie"].startswith("__Host-session=s;")


# --- compression --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("takes", "coding"),
    [
        (None, None),
        ("identity", None),
        ("br", None),
        ("gzip", "gzip"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, zstd;q=0.5", "gzip"),
        ("*", "zstd"),
        ("gzip;q=0, *;q=0.1", "zstd"),
        ("gzip;q=0.5, identity", None),
        ("gzip;q=0", None),
    ],
)
async def test_long_answers_are_compressed(takes: str | None, coding: str | None) -> None:
    headers = {"Accept-Encoding": takes} if takes else {}
    query = {"query": "{ text(length: 1000) }"}
    async with (
        small_client() as client,
        client.stream("POST", "/graphql", json=query, headers=headers) as answer,
    ):
        raw = b"".join([part async for part in answer.aiter_raw()])
    assert answer.headers.get("content-encoding") == coding
    assert int(answer.headers["content-length"]) == len(raw)
    undo: Any = {None: bytes, "gzip": gzip.decompress, "zstd": zstd.decompress}[coding]
    assert undo(raw) == b'{"data":{"text":"%s"}}' % (b"a" * 1000)


@pytest.mark.parametrize(
    "query", ["{ text(length: 900) }", 'mutation { note(what: "%s") }' % ("a" * 2000)]
)
async def test_short_answers_and_those_of_mutations_are_not(query: str) -> None:
    async with small_client() as client:
        answer = await post(client, query, {"Accept-Encoding": "gzip"})
    assert "content-encoding" not in answer.headers


# --- forged requests ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        PREFLIGHT,
        {"Apollo-Require-Preflight": "true"},
        {"Sec-Fetch-Site": "same-origin"},
    ],
)
async def test_a_get_that_no_other_site_can_send_is_answered(headers: dict[str, str]) -> None:
    async with small_client() as client:
        params = {"query": "{ hello }"}
        assert (await client.get("/graphql", params=params, headers=headers)).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "none"}, {"Accept": RESPONSE_JSON}],
)
async def test_a_get_that_another_site_can_send_is_refused(headers: dict[str, str]) -> None:
    async with small_client() as client:
        answer = await client.get("/graphql", params={"query": "{ hello }"}, headers=headers)
    assert answer.status_code == 403
    assert code_of(answer) == "FORBIDDEN"


@pytest.mark.parametrize(
    "origin", [SITE, "null", "https://evil.example", f"{SITE}.evil.example", "http://app.example"]
)
@pytest.mark.parametrize("allowed", ["", f"{SITE}, https://other.example"])
async def test_other_sites_are_open_only_where_they_are_named(origin: str, allowed: str) -> None:
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type, graphql-preflight",
    }
    async with small_client(settings=TransportSettings(allowed_origins=allowed)) as client:
        preflight = await client.options("/graphql", headers=asked)
        answer = await post(client, "{ hello }", {"Origin": origin})
    named = origin == SITE and bool(allowed)
    for one in (preflight, answer):
        assert one.headers.get("access-control-allow-origin") == (origin if named else None)
    if named:
        assert preflight.status_code == 200
        assert answer.headers["access-control-allow-credentials"] == "true"
        assert "X-Request-Id" in answer.headers["access-control-expose-headers"]


@pytest.mark.parametrize(
    "origins", ["*", "app.example", "https://a.example/", "null", SITE + ", *"]
)
def test_origins_are_whole(origins: str) -> None:
    with pytest.raises(ValueError, match="no origin"):
        TransportSettings(allowed_origins=origins)


# --- time, and clients that leave ---------------------------------------------------------------


@pytest.mark.parametrize("query", ["{ slow }", "mutation { change }"])
@pytest.mark.parametrize("accept", [JSON, RESPONSE_JSON])
async def test_an_answer_has_its_time(query: str, accept: str) -> None:
    headers = {"X-Request-Timeout-Ms": "5", "Accept": accept}
    gate = Gate()
    async with small_client(gate) as client:
        answer = await post(client, query, headers)
    gate.opened.set()
    assert answer.status_code == 504
    assert code_of(answer) == "TIMEOUT"


async def test_a_client_may_not_ask_for_more_time() -> None:
    async with small_client(settings=TransportSettings(timeout_s=0.005)) as client:
        answer = await post(client, "{ slow }", {"X-Request-Timeout-Ms": "60000"})
    assert code_of(answer) == "TIMEOUT"


@pytest.mark.parametrize("asked", ["", "0", "-1", "1.5", "x", "٣", "9" * 5000])
async def test_a_time_that_is_none_is_refused(asked: str) -> None:
    async with small_client() as client:
        raw = [(b"x-request-timeout-ms", asked.encode())]
        answer = await client.post("/graphql", json={"query": "{ hello }"}, headers=raw)
    assert answer.status_code == 400


async def test_a_client_that_leaves_cancels_its_query() -> None:
    gate = Gate()
    visit = Visit(small_app(gate))
    with capture_logs() as lines:
        ended = visit.start("{ slow }")
        await gate.started.wait()
        visit.leave()
        await ended
        await asyncio.sleep(0)
    assert gate.ended == ["query cancelled"]
    assert visit.sent == []
    assert lines[-1]["status"] == 499


async def test_a_client_that_leaves_does_not_cancel_its_mutation() -> None:
    gate = Gate()
    visit = Visit(small_app(gate))
    ended = visit.start("mutation { change }")
    await gate.started.wait()
    visit.leave()
    await ended
    assert gate.ended == []
    gate.opened.set()
    await gate.over.wait()
    assert gate.ended == ["mutation done"]


async def test_a_client_that_leaves_before_its_body_came_is_no_defect() -> None:
    visit = Visit(small_app(Gate()))
    visit.messages.put_nowait({"type": "http.request", "body": b"{", "more_body": True})
    visit.leave()
    with capture_logs() as lines:
        await visit.start("")
    assert [line["event"] for line in lines] == ["request"]
    assert visit.sent == []


# --- lists of operations ------------------------------------------------------------------------


async def test_a_list_is_refused_unless_configured() -> None:
    async with small_client() as client:
        answer = await client.post("/graphql", json=[{"query": "{ hello }"}])
    assert answer.status_code == 400


@pytest.mark.parametrize("size", [0, 4])
async def test_a_list_has_bounds(size: int) -> None:
    async with small_client(settings=TransportSettings(max_batch=3)) as client:
        answer = await client.post("/graphql", json=[{"query": "{ hello }"}] * size)
    assert answer.status_code == 400


async def test_each_operation_of_a_list_stands_by_itself() -> None:
    batch = [{"query": "{ context }"}, {"query": "{"}, 5, {"query": "{ context }"}]
    async with small_client(settings=TransportSettings(max_batch=4)) as client:
        answer = await client.post("/graphql", json=batch)
    assert answer.status_code == 200
    first, unparsed, nothing, last = answer.json()
    assert first["data"]["context"] != last["data"]["context"]
    assert unparsed["errors"][0]["extensions"]["code"] == "GRAPHQL_PARSE_FAILED"
    assert nothing["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_mutations_of_a_list_run_in_order() -> None:
    gate = Gate()
    batch = [{"query": f'mutation {{ note(what: "{number}") }}'} for number in range(3)]
    batch.insert(1, {"query": "subscription { count(to: 1) }"})
    async with small_client(gate, TransportSettings(max_batch=4)) as client:
        answer = await client.post("/graphql", json=batch)
    assert gate.ended == ["0", "1", "2"]
    assert [set(one) for one in answer.json()] == [{"data"}, {"errors"}, {"data"}, {"data"}]
