"""Every subscription asks for its scopes at the start, and again at each event."""

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace

import pytest
from graphql import GraphQLField, get_named_type, is_abstract_type

from auth.principal import person
from auth.scopes import Scope
from resolvers.context import Reply
from resolvers.errors import Forbidden
from schema.build import build_schema
from schema.enforcement import requirements
from tests.factories.music import user_id

GRAPH = build_schema()._schema
assert GRAPH.subscription_type is not None
FIELDS = GRAPH.subscription_type.fields


def scoped() -> Iterator[tuple[str, Scope]]:
    for name in FIELDS:
        for alternatives in requirements(GRAPH).get(("Subscription", name), ()):
            for every in alternatives:
                for scope in every:
                    yield name, scope


def test_there_are_subscriptions() -> None:
    assert {name for name, _ in scoped()} == set(FIELDS)


@pytest.mark.parametrize(("name", "scope"), list(scoped()))
def test_source_and_event_ask_for_each_scope(name: str, scope: Scope) -> None:
    field: GraphQLField = FIELDS[name]
    limited = replace(person(user_id(1)), scopes=frozenset(Scope) - {scope})
    context = SimpleNamespace(principal=limited, reply=Reply())
    for resolve in (field.subscribe, field.resolve):
        assert resolve is not None
        with pytest.raises(Forbidden):
            resolve(None, SimpleNamespace(context=context))
    assert context.reply.denied == {f"Subscription.{name}"}


@pytest.mark.parametrize("name", FIELDS)
def test_an_event_is_one_of_a_union_with_lagged(name: str) -> None:
    """So that a client that was away can be told, without a change of the type."""
    type_ = get_named_type(FIELDS[name].type)
    assert is_abstract_type(type_)
    assert "Lagged" in {member.name for member in GRAPH.get_possible_types(type_)}
