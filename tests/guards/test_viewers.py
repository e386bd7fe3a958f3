"""What results that viewers share rely on: see `resolvers/seen.py`."""

import inspect
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any, get_origin

import pytest
from graphql import GraphQLInterfaceType, GraphQLObjectType

from datasources.records.page import Page
from schema import edges
from schema.build import build_schema
from schema.enforcement import members
from schema.viewers import depends

GRAPH = build_schema()._schema
assert GRAPH.subscription_type is not None


def of_subscriptions() -> Iterator[GraphQLObjectType]:
    """Yield the types that events lead to."""
    waiting, met = [GRAPH.subscription_type], {"Subscription"}
    while waiting:
        type_ = waiting.pop()
        assert type_ is not None
        for field in type_.fields.values():
            for target in members(GRAPH, field):
                if target.name not in met:
                    met.add(target.name)
                    waiting.append(target)
                    yield target


def records() -> Iterator[type[Any]]:
    """Yield what these types show."""
    yield Page
    for type_ in of_subscriptions():
        definition = type_.extensions.get("strawberry-definition")
        record = getattr(definition.origin, "__record__", None) if definition else None
        if record is not None:
            yield get_origin(record) or record


def test_there_are_records() -> None:
    assert len(list(records())) > 25


@pytest.mark.parametrize("record", list(records()))
def test_records_are_the_same_only_where_all_that_they_hold_is(record: type[Any]) -> None:
    assert is_dataclass(record), "a tuple is equal to one of another class"
    if record.__eq__ is not object.__eq__:
        assert all(field.compare for field in fields(record))
        assert "__eq__" not in inspect.getsource(record)


def interface_fields() -> Iterator[tuple[str, GraphQLInterfaceType, str]]:
    for type_ in GRAPH.type_map.values():
        if isinstance(type_, GraphQLInterfaceType):
            for name in type_.fields:
                yield f"{type_.name}.{name}", type_, name


@pytest.mark.parametrize(("coordinate", "type_", "name"), list(interface_fields()))
def test_no_implementer_depends_on_more_than_the_interface(
    coordinate: str, type_: GraphQLInterfaceType, name: str
) -> None:
    def of(one: Any) -> int:
        return depends(one.fields[name].extensions.get("strawberry-definition"))

    assert all(of(one) <= of(type_) for one in GRAPH.get_possible_types(type_)), coordinate


def test_a_new_kind_of_edge_has_to_say_whether_it_looks_at_the_caller() -> None:
    with pytest.raises(TypeError, match="New"):
        edges.of_viewer(type("New", (), {})())
