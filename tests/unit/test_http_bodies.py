"""Bodies of every kind get a specified answer: never a 500, and never more than was read."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.graphql.settings import TransportSettings
from tests.factories.small_graph import Gate, small_client

JSON = {"Content-Type": "application/json"}
HELLO = b'{"query": "{ hello }"}'


async def send(
    body: bytes | AsyncIterator[bytes],
    headers: dict[str, str] | None = None,
    limits: TransportSettings | None = None,
) -> httpx2.Response:
    async with small_client(Gate(), limits) as client:
        return await client.post("/graphql", content=body, headers=JSON | (headers or {}))


def deep(levels: int, opening: str, closing: str) -> bytes:
    nested = opening * levels + closing * levels
    return f'{{"query": "{{ hello }}", "variables": {{"n": {nested}}}}}'.encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"null",
        b"5",
        b"-0",
        b"1e400",
        b'"{ hello }"',
        b"true",
        b"[]",
        b"{}",
        b"{",
        b"NaN",
        b'{"query": "{ hello }", "variables": {"n": Infinity}}',
        HELLO + b"x",
        HELLO + HELLO,
        b"\xff\xfe",
        b"\xef\xbb\xbf" + HELLO,
        HELLO.decode().encode("utf-16"),
        HELLO.decode().encode("utf-32-le"),
        b'{"query": "{ hello }", "query": "{ broken }"}',
        b'{"query": "{ hello }", "variables": {"a": 1, "a": 2}}',
        b'{"query": "{ hello }", "variables": {"n": ' + b"9" * 5_000 + b"}}",
        deep(100_000, "[", "]"),
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b'{"query": "{ hello }", "query ": 1, "variables": 1}',
        b"{'query': '{ hello }'}",
        b'{"query": "\x00"',
    ],
    ids=lambda body: body[:50].decode(errors="replace"),
)
async def test_a_body_that_is_no_request_is_a_400(body: bytes) -> None:
    answer = await send(body)
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT"}


async def test_what_looks_odd_and_is_json_is_read() -> None:
    for body in (
        b'\r\n {"query"\t: "\\u007b hello }" }\n',
        b'{"query": "{ hello }", "variables": {"unused": "\\ud800"}}',
        b'{"query": "{ hello }", "variables": {"unused": [1e400, 0.1e-999]}}',
    ):
        assert (await send(body)).json() == {"data": {"hello": "Hello, you"}}


@pytest.mark.parametrize(
    "media_type",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
        "text/plain; application/json",
        "application/jsonx",
        "application/json; charset=utf-16",
        "application/json; charset=iso-8859-1",
    ],
)
async def test_other_types_of_content_are_refused(media_type: str) -> None:
    preflight = {"GraphQL-Preflight": "1"}
    answer = await send(HELLO, {"Content-Type": media_type} | preflight)
    assert answer.status_code == 415
    assert answer.headers["accept-post"] == "application/json"
    assert answer.headers["connection"] == "close"


@pytest.mark.parametrize(
    "media_type",
    [
        "application/json; charset=utf-8",
        'Application/JSON;charset="UTF-8"',
        "application/json; v=1",
    ],
)
async def test_json_is_json(media_type: str) -> None:
    assert (await send(HELLO, {"Content-Type": media_type})).status_code == 200


async def test_compressed_bodies_are_refused() -> None:
    answer = await send(HELLO, {"Content-Encoding": "gzip"})
    assert answer.status_code == 415
    assert answer.headers["accept-encoding"] == "identity"


async def test_a_body_is_refused_before_it_is_read_whole() -> None:
    limits = TransportSettings(max_body_bytes=1000)
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 100
            yield b" " * 100

    announced = await send(b" " * 1001, limits=limits)
    streamed = await send(endless(), limits=limits)
    for answer in (announced, streamed):
        assert answer.status_code == 413
        assert answer.headers["connection"] == "close"
        assert answer.json()["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}
    assert read <= 1200
    fits = HELLO + b" " * (1000 - len(HELLO))
    assert (await send(fits, limits=limits)).status_code == 200


async def test_a_body_that_does_not_come_is_dropped() -> None:
    async def stalled() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    answer = await send(stalled(), limits=TransportSettings(body_timeout_s=0.01))
    assert answer.status_code == 408
    assert answer.headers["connection"] == "close"


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
MEMBERS = st.fixed_dictionaries(
    {},
    optional={
        "query": st.sampled_from(["{ hello }", "query A { hello }", "{", "", "{ x }"]) | VALUES,
        "operationName": st.sampled_from(["A", ""]) | VALUES,
        "variables": VALUES,
        "extensions": VALUES,
        "other": VALUES,
    },
)
BODIES = (
    st.binary()
    | st.text().map(lambda text: text.encode(errors="surrogatepass"))
    | (VALUES | MEMBERS | st.lists(MEMBERS, max_size=3)).map(
        lambda value: json.dumps(value).encode()
    )
)
RELAXED = settings(deadline=None)  # machines that run tests are busy


@pytest.mark.parametrize("max_batch", [0, 2])
@RELAXED
@given(body=BODIES)
async def test_any_body_gets_a_specified_answer(max_batch: int, body: bytes) -> None:
    answer = await send(body, limits=TransportSettings(max_batch=max_batch))
    assert answer.status_code in {200, 400}
    responses = answer.json()
    for response in responses if isinstance(responses, list) else [responses]:
        assert response.keys() <= {"data", "errors"}
        for error in response.get("errors", []):
            assert error["extensions"]["code"] != "INTERNAL"


@RELAXED
@given(
    name=st.sampled_from(["content-type", "accept", "accept-encoding", "x-request-timeout-ms"]),
    value=st.binary(max_size=30).filter(lambda value: not set(value) & set(b"\r\n\0")),
)
async def test_any_header_gets_a_specified_answer(name: str, value: bytes) -> None:
    async with small_client() as client:
        sent = [(b"content-type", b"application/json")] * (name != "content-type")
        headers = [*sent, (name.encode(), value)]
        answer = await client.post("/graphql", content=HELLO, headers=headers)
    assert answer.status_code in {200, 400, 406, 415}


@RELAXED
@given(query=st.text(st.sampled_from('{}()[]$@!|:=.#"\\&, \n\uffff\U0001d54fab0-')))
async def test_any_document_gets_a_specified_answer(query: str) -> None:
    answer = await send(json.dumps({"query": query}).encode())
    assert answer.status_code == 200
    codes = [error["extensions"]["code"] for error in answer.json().get("errors", [])]
    assert set(codes) <= {"GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"}
