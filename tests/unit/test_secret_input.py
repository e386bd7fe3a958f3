"""What a client sends never comes back in an error: it may be a password in the wrong place."""

from collections.abc import Iterator
from typing import Any, cast

import pytest
from graphql import (
    GraphQLArgument,
    GraphQLInputField,
    GraphQLInputObjectType,
    get_named_type,
    is_enum_type,
    is_required_input_field,
)

from auth.principal import person
from datasources.ids import new_id
from datasources.stores import Stores
from schema.build import build_schema
from tests.factories.operations import respond

GRAPH = build_schema()._schema
MARK = "correct-horse-battery-staple"
NUMBER = 81_726_354_012_345
STORES = Stores(*cast("tuple[Any, Any, Any]", (None,) * 3))  # no request here gets so far
WRONG: list[Any] = [NUMBER, NUMBER + 0.5, [MARK, [MARK]], {"nowhere": MARK}, {MARK: NUMBER}]


def inputs() -> Iterator[tuple[str, str, GraphQLArgument]]:
    """Yield each argument of each mutation: the mutation, its name, and what it is."""
    assert GRAPH.mutation_type is not None
    for name, field in GRAPH.mutation_type.fields.items():
        for argument, definition in field.args.items():
            yield name, argument, definition


def wrong_values(definition: GraphQLArgument | GraphQLInputField) -> Iterator[Any]:
    """Yield values that do not fit, at each place inside."""
    type_ = get_named_type(definition.type)
    yield from WRONG
    if isinstance(type_, GraphQLInputObjectType):
        yield MARK
        for name, member in type_.fields.items():
            if not is_enum_type(get_named_type(member.type)):
                yield from ({name: value} for value in wrong_values(member))
        texts = [
            name
            for name, member in type_.fields.items()
            if not is_enum_type(get_named_type(member.type))
        ]
        yield dict.fromkeys(texts, MARK) | {"nowhere": MARK}


def literal(value: Any) -> str:
    """Return a value as it stands in a document; a name where it is a text in a list."""
    if isinstance(value, dict):
        inside = (f"{name.replace('-', '_')}: {literal(one)}" for name, one in value.items())
        return "{" + ", ".join(inside) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)


def assert_silent(response: dict[str, Any]) -> None:
    said = str(response)
    assert response["data"] is None
    assert "errors" in response
    assert MARK not in said.replace(f"unknown field '{MARK}'", "")
    assert str(NUMBER) not in said


@pytest.mark.parametrize(("mutation", "argument", "definition"), list(inputs()))
async def test_a_wrong_variable_is_not_shown(
    mutation: str, argument: str, definition: GraphQLArgument
) -> None:
    if is_enum_type(get_named_type(definition.type)):
        pytest.skip("an enum is no secret")
    query = f"mutation ($it: {definition.type}) {{ {mutation}({argument}: $it) {{ __typename }} }}"
    for value in wrong_values(definition):
        response = await respond(STORES, query, {"it": value}, person(new_id()))
        if _may_be_right(definition, value):
            continue
        assert_silent(response)


@pytest.mark.parametrize(("mutation", "argument", "definition"), list(inputs()))
async def test_a_wrong_literal_is_not_shown(
    mutation: str, argument: str, definition: GraphQLArgument
) -> None:
    if is_enum_type(get_named_type(definition.type)):
        pytest.skip("an enum is no secret")
    for value in wrong_values(definition):
        if MARK in value if isinstance(value, dict) else False:
            continue  # no name of a field
        query = f"mutation {{ {mutation}({argument}: {literal(value)}) {{ __typename }} }}"
        if _may_be_right(definition, value):
            continue
        assert_silent(await respond(STORES, query, None, person(new_id())))


def _may_be_right(definition: GraphQLArgument | GraphQLInputField, value: Any) -> bool:
    """Whether an id takes numbers, alone or in an input that needs no more; JSON takes all."""
    type_ = get_named_type(definition.type)
    if isinstance(type_, GraphQLInputObjectType):
        needed = {name for name, member in type_.fields.items() if is_required_input_field(member)}
        return (
            isinstance(value, dict)
            and needed <= set(value) <= set(type_.fields)
            and all(_may_be_right(type_.fields[name], one) for name, one in value.items())
        )
    return type_.name != "String" and (type_.name == "JSON" or isinstance(value, int))


@pytest.mark.parametrize(
    "document",
    [
        f'mutation {{ signIn(input: {{password: "{MARK}" "{MARK}"}}) {{ __typename }} }}',
        f'mutation {{ signIn(input: {{password: """{MARK}""" """{MARK}"""}}) {{ __typename }} }}',
        f"mutation {{ signIn(input: {{password: {NUMBER} {NUMBER}}}) {{ __typename }} }}",
        f'mutation {{ signIn(input: {{password: "{MARK}',
        f'mutation {{ "{MARK}" }}',
        f"mutation ($p: String = {NUMBER}) {{ signIn(input: {{password: $p}}) {{ __typename }} }}",
    ],
)
async def test_a_document_that_is_none_is_not_shown(document: str) -> None:
    assert_silent(await respond(STORES, document))


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("{ charts(first: 1.5) { totalCount } }", "Int cannot represent non-integer value."),
        ("{ genres { slugg } }", "Cannot query field 'slugg' on type 'Genre'. Did you mean"),
        ("{ charts(range: SHRT) { totalCount } }", "Value 'SHRT' does not exist"),
    ],
)
async def test_what_is_wrong_is_said_all_the_same(query: str, message: str) -> None:
    response = await respond(STORES, query)
    assert response["errors"][0]["message"].startswith(message)
