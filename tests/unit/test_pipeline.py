"""The way of an operation, whichever transport it came by."""

import asyncio
import gc
import re
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any, cast

import pytest
from graphql import OperationType, parse
from structlog.testing import capture_logs

from auth.principal import ANONYMOUS
from gateway.graphql.batches import answer_batch
from gateway.graphql.documents import Documents, size_of
from gateway.graphql.pipeline import (
    Pipeline,
    Prepared,
    RequestFailed,
    execute,
    prepare,
)
from gateway.graphql.request import BadRequest, OperationRequest, parse_request
from gateway.graphql.results import Result, encode
from gateway.graphql.rights import rights_of
from gateway.graphql.subscriptions import subscribe
from resolvers.context import RequestContext
from tests.factories.operations import context_of
from tests.factories.small_graph import NO_STORES, Gate, small_schema


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def pipeline(gate: Gate) -> Pipeline:
    return Pipeline(small_schema(gate), Documents(1 << 20))


def prepared(pipeline: Pipeline, query: str, **variables: object) -> Prepared:
    return prepare(pipeline, OperationRequest(query, variables=variables))


def context() -> RequestContext:
    return context_of(NO_STORES)


def refused(pipeline: Pipeline, request: OperationRequest) -> dict[str, Any]:
    with pytest.raises(RequestFailed) as failure:
        prepare(pipeline, request)
    response = failure.value.result("r").response()
    assert set(response) == {"errors"}  # no data: nothing was run
    error: dict[str, Any] = response["errors"][0]
    return error


# --- requests -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (None, "object"),
        (5, "object"),
        ("{ hello }", "object"),
        ([], "object"),
        ({}, "`query`"),
        ({"query": None}, "`query`"),
        ({"query": 5}, "`query`"),
        ({"query": "{ hello }", "operationName": 5}, "`operationName`"),
        ({"query": "{ hello }", "operationName": "no name"}, "`operationName`"),
        ({"query": "{ hello }", "variables": []}, "`variables`"),
        ({"query": "{ hello }", "variables": "{}"}, "`variables`"),
        ({"query": "{ hello }", "extensions": 1}, "`extensions`"),
    ],
)
def test_a_request_that_is_none_says_which_member_is_wrong(value: object, named: str) -> None:
    with pytest.raises(BadRequest, match=named):
        parse_request(value)


def test_members_may_be_null_and_unknown_ones_do_not_matter() -> None:
    nothing = {"operationName": None, "variables": None, "extensions": None, "id": 1}
    assert parse_request({"query": "{ hello }", **nothing}) == OperationRequest("{ hello }")
    assert parse_request({"query": "", "operationName": ""}) == OperationRequest("")


# --- preparing ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "name", "code"),
    [
        ("", None, "GRAPHQL_PARSE_FAILED"),
        ("{", None, "GRAPHQL_PARSE_FAILED"),
        ("{ \ud800 }", None, "GRAPHQL_PARSE_FAILED"),
        ("{" * 100_000, None, "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", None, "GRAPHQL_VALIDATION_FAILED"),
        ("fragment f on Query { hello }", None, "GRAPHQL_VALIDATION_FAILED"),
        ("query A { hello } query B { hello }", None, "GRAPHQL_VALIDATION_FAILED"),
        ("query A { hello }", "B", "GRAPHQL_VALIDATION_FAILED"),
        ("query ($n: String!) { hello(name: $n) }", None, "BAD_USER_INPUT"),
    ],
)
def test_what_is_not_run(pipeline: Pipeline, query: str, name: str | None, code: str) -> None:
    assert refused(pipeline, OperationRequest(query, name))["extensions"]["code"] == code


def test_the_kind_is_that_of_the_named_operation(pipeline: Pipeline) -> None:
    query = "query A { hello } mutation B { note(what: 1) } subscription C { count(to: 1) }"
    query = query.replace("what: 1", 'what: "x"')
    kinds = {
        name: prepare(pipeline, OperationRequest(query, name)).kind for name in ("A", "B", "C")
    }
    assert kinds == {
        "A": OperationType.QUERY,
        "B": OperationType.MUTATION,
        "C": OperationType.SUBSCRIPTION,
    }


def test_a_valid_document_is_parsed_once(pipeline: Pipeline) -> None:
    first = prepared(pipeline, "{ hello }")
    assert first.parse_s > 0
    again = prepared(pipeline, "{ hello }")
    assert again.document is first.document
    assert (again.parse_s, again.validate_s) == (0, 0)
    for _ in range(2):
        refused(pipeline, OperationRequest("{ nothing }"))
    assert len(pipeline.documents) == 1


def test_documents_are_bounded_by_bytes_and_the_oldest_goes() -> None:
    documents = Documents(100_000)
    texts = [f"{{ a{number} }}" for number in range(200)]
    for text in texts:
        documents.keep(text, parse(text))
        documents.find(texts[0])
        assert documents.bytes <= 100_000
    assert documents.find(texts[0]) is not None  # in use
    assert documents.find(texts[1]) is None
    assert documents.find(texts[-1]) is not None
    assert 1 < len(documents) < 100
    large = "{" + " a" * 100 + "}"
    documents.keep(large, parse(large))
    assert documents.find(large) is None
    assert Documents(0).find("{ a }") is None


@pytest.mark.parametrize(
    "text",
    [
        "{" + " a" * 500 + "}",
        "{" + "a{" * 100 + "a" + "}" * 101,
        "{" + "a:a " * 500 + "}",
        "{a(x:[" + "1," * 500 + "])}",
        "{a(x:{" + "a:1 " * 500 + "})}",
        "query(" + "$a:A " * 500 + "){a}",
        '{a(x:"' + "y" * 5000 + '")}',
    ],
    ids=lambda text: text[:8],
)
def test_a_document_takes_no_more_memory_than_is_counted(text: str) -> None:
    gc.collect()
    tracemalloc.start()
    try:
        document = parse(text)
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken <= size_of(text, document) <= 4 * taken


def test_nothing_but_the_pipeline_runs_operations() -> None:
    """The library's own `execute` asks for no scopes and hides nothing."""
    root = Path(__file__).parents[2]
    sources = [path for name in ("gateway", "schema") for path in (root / name).rglob("*.py")]
    assert len(sources) > 100
    bypass = re.compile(r"schema\(?\)?\.(execute|subscribe|stream)\w*\(|strawberry\.asgi")
    assert [path.name for path in sources if bypass.search(path.read_text())] == []


# --- executing ----------------------------------------------------------------------------------


async def test_an_operation_is_run(pipeline: Pipeline) -> None:
    one = prepared(pipeline, "query ($n: String!) { hello(name: $n) }", n="Ada")
    assert encode(await execute(pipeline, one, context())) == b'{"data":{"hello":"Hello, Ada"}}'


async def test_a_defect_is_masked_and_its_siblings_live(pipeline: Pipeline) -> None:
    with capture_logs() as lines:
        one = prepared(pipeline, "{ hello } ".replace("}", "text(length: 1) }"))
        other = prepared(pipeline, "{ broken }")
        assert (await execute(pipeline, one, context())).data["text"] == "a"
        result = await execute(pipeline, other, context())
    assert result.code == "INTERNAL"
    assert b"hunter2" not in encode(result)
    assert [line["error"] for line in lines] == ["KeyError"]


async def test_a_query_whose_time_is_over_ends(pipeline: Pipeline, gate: Gate) -> None:
    result = await execute(pipeline, prepared(pipeline, "{ slow }"), context(), timeout_s=0.01)
    assert (result.code, result.executed) == ("TIMEOUT", False)
    assert gate.ended == ["query cancelled"]


async def test_a_query_that_is_cancelled_ends(pipeline: Pipeline, gate: Gate) -> None:
    task = asyncio.create_task(execute(pipeline, prepared(pipeline, "{ slow }"), context()))
    await gate.started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert gate.ended == ["query cancelled"]


@pytest.mark.parametrize("timeout_s", [None, 0.01])
async def test_a_mutation_that_has_begun_is_finished(
    pipeline: Pipeline, gate: Gate, timeout_s: float | None
) -> None:
    one = prepared(pipeline, "mutation { change }")
    task = asyncio.create_task(execute(pipeline, one, context(), timeout_s))
    await gate.started.wait()
    if timeout_s is None:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    else:
        result = await task
        assert result.code == "TIMEOUT"
        assert "finished all the same" in result.errors[0]["message"]
    assert gate.ended == []
    finishing = asyncio.create_task(pipeline.finish())
    gate.opened.set()
    await finishing
    assert gate.ended == ["mutation done"]
    assert not pipeline.unfinished


async def test_a_mutation_that_hangs_does_not_hang_the_stop(pipeline: Pipeline, gate: Gate) -> None:
    await execute(pipeline, prepared(pipeline, "mutation { change }"), context(), timeout_s=0.01)
    with capture_logs() as lines:
        await pipeline.finish(0.01)
    assert gate.ended == ["mutation cancelled"]
    assert not pipeline.unfinished
    assert [line["mutations"] for line in lines] == [1]


async def test_what_is_left_of_a_batch_whose_time_is_over_is_not_begun(
    pipeline: Pipeline, gate: Gate
) -> None:
    values = [{"query": "mutation { change }"}, {"query": 'mutation { note(what: "late") }'}]
    answers = await answer_batch(pipeline, values, context, timeout_s=0.01)
    (first, _), (second, made) = answers
    assert [first.code, second.code] == ["TIMEOUT", "TIMEOUT"]
    assert "finished all the same" in first.errors[0]["message"]
    assert "finished all the same" not in second.errors[0]["message"]
    assert made is None
    gate.opened.set()
    await pipeline.finish()
    assert gate.ended == ["mutation done"]


# --- subscribing --------------------------------------------------------------------------------


async def begun(pipeline: Pipeline, query: str) -> AsyncIterator[Result]:
    rights = rights_of(ANONYMOUS, None)
    return await subscribe(pipeline, prepared(pipeline, query), context(), rights)


async def results_of(pipeline: Pipeline, query: str) -> list[Result]:
    return [result async for result in await begun(pipeline, query)]


async def test_each_event_has_a_context_of_its_own(pipeline: Pipeline, gate: Gate) -> None:
    results = await results_of(pipeline, "subscription { events(to: 3) { note } }")
    assert [result.data for result in results] == [{"events": {"note": True}}] * 3
    assert len(set(map(id, gate.loaders))) == 4  # one for the start


async def test_a_source_that_fails_ends_with_a_masked_error(pipeline: Pipeline) -> None:
    with capture_logs() as lines:
        results = await results_of(pipeline, "subscription { count(to: 1, fail: true) }")
    assert [result.code for result in results] == [None, "INTERNAL"]
    assert b"hunter2" not in encode(results[1])
    assert [line["error"] for line in lines] == ["KeyError"]


async def test_a_source_ends_with_its_results(pipeline: Pipeline, gate: Gate) -> None:
    results = cast("Any", await begun(pipeline, "subscription { count(to: 9) }"))
    async with aclosing(results):
        assert (await anext(results)).data == {"count": 0}
        assert gate.ended == []
    assert gate.ended == ["subscription"]
