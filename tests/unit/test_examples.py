"""GraphiQL's ready examples fit the schema."""

import json
from pathlib import Path

import pytest
from graphql import GraphQLSchema, OperationDefinitionNode, build_schema, parse, validate
from graphql.execution.values import get_variable_values

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "web" / "src" / "examples"
SCHEMA = ROOT / "schema.graphql"
NAMES = ["search", "listener", "reference", "charts", "similar"]


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema(SCHEMA.read_text(), assume_valid_sdl=True)


def _variables() -> dict[str, dict[str, object]]:
    values: dict[str, dict[str, object]] = json.loads((EXAMPLES / "variables.json").read_text())
    return values


def test_all_examples_are_known() -> None:
    assert sorted(file.stem for file in EXAMPLES.glob("*.graphql")) == sorted(NAMES)
    assert set(_variables()) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_an_example_fits_the_schema(schema: GraphQLSchema, name: str) -> None:
    text = (EXAMPLES / f"{name}.graphql").read_text()
    document = parse(text)
    assert validate(schema, document) == []

    [operation] = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    assert operation.name is not None, "tabs are called after operations"
    variables = _variables().get(name, {})
    definitions = operation.variable_definitions or ()
    assert {node.variable.name.value for node in definitions} == set(variables)
    values = get_variable_values(schema, definitions, variables)
    assert not isinstance(values, list), values


@pytest.mark.parametrize("name", NAMES)
def test_an_example_says_what_it_shows(name: str) -> None:
    text = (EXAMPLES / f"{name}.graphql").read_text()
    comment = [line for line in text.splitlines() if line.startswith("#")]
    assert text.startswith("# ")
    assert max(map(len, comment)) <= 62, "a comment fits the editor of a small screen"
