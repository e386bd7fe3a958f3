import pytest

from schema.build import build_schema

MISSPELT = [
    "{ genre { slug } }",
    '{ search(quary: "x") { edges { cursor } } }',
    "{ charts(range: SHRT) { totalCount } }",
    '{ node(id: "x") { ... on Trak { id } } }',
    '{ recommendations(seedGenres: ["x"], tune: {tempoo: {min: 1}}) { degraded } }',
]


@pytest.mark.parametrize("query", MISSPELT)
async def test_a_hidden_schema_gives_no_hints(query: str) -> None:
    shown = await build_schema().execute(query)
    hidden = await build_schema(introspection=False).execute(query)
    assert "Did you mean" in str(shown.errors)
    assert hidden.errors
    assert "Did you mean" not in str(hidden.errors)


@pytest.mark.parametrize("query", ["{ _service { sdl } }", "{ __schema { types { name } } }"])
async def test_a_hidden_schema_is_not_shown(query: str) -> None:
    assert (await build_schema().execute(query)).errors is None
    hidden = await build_schema(introspection=False).execute(query)
    assert hidden.data is None
    assert hidden.errors
