"""Walks the graph: where it leads to, and how to select all of what is there."""

from collections.abc import Iterator

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
)

from schema.edges import Loaded, Paged
from schema.enforcement import members

ENTITIES = {"Track", "Album", "Artist", "Playlist", "User"}


def edge_of(field: GraphQLField) -> object:
    """Return the declaration of a field, None where it has none."""
    definition = field.extensions.get("strawberry-definition")
    return definition.metadata.get("edge") if definition else None


def policy_of(field: GraphQLField) -> str | None:
    """Return the name of the policy of a field."""
    edge = edge_of(field)
    allowed = edge.allowed if isinstance(edge, Loaded | Paged) else None
    return None if allowed is None else allowed.name


def ways_to(schema: GraphQLSchema, kind: str) -> list[tuple[str, str]]:
    """Return the type and name of each field from which a query reaches an entity of a kind."""
    return [
        (type_.name, name)
        for type_ in reached(schema)
        for name, field in type_.fields.items()
        if kind in {target.name for target in members(schema, field)}
    ]


def reached(schema: GraphQLSchema) -> Iterator[GraphQLObjectType]:
    """Yield the types that a query reaches, each once."""
    assert schema.query_type is not None
    waiting, seen = [schema.query_type], {schema.query_type.name}
    while waiting:
        type_ = waiting.pop()
        yield type_
        for field in type_.fields.values():
            for target in members(schema, field):
                if target.name not in seen:
                    seen.add(target.name)
                    waiting.append(target)


def all_of(schema: GraphQLSchema, field: GraphQLField) -> str:
    """Return the selection of all that a field leads to, as far as the next entities' ids."""
    type_ = get_named_type(field.type)
    if is_leaf_type(type_):
        return ""
    assert isinstance(type_, GraphQLObjectType | GraphQLInterfaceType)
    if type_.name in ENTITIES:
        return "{ id }"
    parts = [f"{name} {all_of(schema, inner)}" for name, inner in type_.fields.items()]
    return "{ " + " ".join(parts) + " }"
