from typing import Any, cast

import pytest

from datasources.stores import Stores
from gateway.graphql.results import Result
from tests.factories.operations import context_of, pipeline_of, run_operation

STORES = Stores(*cast("tuple[Any, Any, Any]", (None,) * 3))

MISSPELT = [
    "{ genre { slug } }",
    '{ search(quary: "x") { edges { cursor } } }',
    "{ charts(range: SHRT) { totalCount } }",
    '{ node(id: "x") { ... on Trak { id } } }',
    '{ recommendations(seedGenres: ["x"], tune: {tempoo: {min: 1}}) { degraded } }',
]


@pytest.mark.parametrize("query", MISSPELT)
async def test_a_hidden_schema_gives_no_hints(query: str) -> None:
    shown = await _run(query, introspection=True)
    hidden = await _run(query, introspection=False)
    assert "Did you mean" in str(shown.errors)
    assert hidden.errors
    assert "Did you mean" not in str(hidden.errors)


@pytest.mark.parametrize("query", ["{ _service { sdl } }", "{ __schema { types { name } } }"])
async def test_a_hidden_schema_is_not_shown(query: str) -> None:
    assert not (await _run(query, introspection=True)).errors
    hidden = await _run(query, introspection=False)
    assert hidden.data is None
    assert hidden.errors


async def _run(query: str, *, introspection: bool) -> Result:
    return await run_operation(
        context_of(STORES), query, pipeline=pipeline_of(introspection=introspection)
    )
