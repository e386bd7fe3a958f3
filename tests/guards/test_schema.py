"""What the whole graph promises, checked field by field."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    is_introspection_type,
    is_specified_scalar_type,
)

from schema.build import build_schema, sdl
from schema.edges import Asked, Loaded, LoadedEach, Paged, Total

GRAPH = build_schema()._schema
FEDERATION = ("_", "link__")  # names that belong to its specification
TYPES = [
    type_
    for name, type_ in GRAPH.type_map.items()
    if not is_introspection_type(type_) and not name.startswith(FEDERATION)
]
STORE_EDGES = (Asked, Loaded, LoadedEach, Paged, Total)


def fields() -> Iterator[tuple[str, GraphQLField]]:
    for type_ in TYPES:
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            for name, field in type_.fields.items():
                if not name.startswith("_"):
                    yield f"{type_.name}.{name}", field


def described() -> Iterator[tuple[str, str | None]]:
    """Yield everything that has a description, by its schema coordinate."""
    for type_ in TYPES:
        if not is_specified_scalar_type(type_):
            yield type_.name, type_.description
        if isinstance(type_, GraphQLInputObjectType):
            for name, member in type_.fields.items():
                yield f"{type_.name}.{name}", member.description
        if isinstance(type_, GraphQLEnumType):
            for name, value in type_.values.items():
                yield f"{type_.name}.{name}", value.description
    for coordinate, field in fields():
        yield coordinate, field.description
        for name, argument in field.args.items():
            yield f"{coordinate}({name}:)", argument.description


@pytest.mark.parametrize(("coordinate", "description"), list(described()))
def test_everything_is_described(coordinate: str, description: str | None) -> None:
    assert description, coordinate
    assert description.endswith("."), f"{coordinate}: not a sentence"


def declared(field: GraphQLField) -> object:
    definition = field.extensions.get("strawberry-definition")
    return definition.metadata.get("edge") if definition else None


def test_there_are_edges_to_check() -> None:
    assert len([field for _, field in fields() if isinstance(declared(field), STORE_EDGES)]) > 40


@pytest.mark.parametrize(
    ("coordinate", "field"),
    [
        (coordinate, field)
        for coordinate, field in fields()
        if isinstance(declared(field), STORE_EDGES) or coordinate.startswith("Query.")
    ],
)
def test_what_needs_a_store_is_nullable(coordinate: str, field: GraphQLField) -> None:
    """A store that is down costs its own fields only: their null must not spread upwards."""
    assert not isinstance(field.type, GraphQLNonNull), coordinate


def test_lists_are_bounded() -> None:
    """A connection has all four page arguments, or starts at the front."""
    for coordinate, field in fields():
        if str(field.type).endswith("Connection"):
            assert {"first", "after"} <= set(field.args), coordinate


def test_schema_graphql_is_in_sync() -> None:
    committed = Path(__file__).parents[2] / "schema.graphql"
    assert committed.read_text() == sdl(), "run `make schema`"
