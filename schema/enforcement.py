"""Enforces who may use what, as it stands in the schema: once it is built, fields have guards.

What leads to a field asks for its scopes before; where every way to a type already asks for all
that a field of it needs, as below connections, the field has no guard of its own and costs nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import wraps
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLFieldResolver,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    default_field_resolver,
    get_named_type,
    is_abstract_type,
    is_introspection_type,
)
from strawberry.federation.schema_directives import RequiresScopes

from auth.policy import missing_scopes
from auth.principal import Principal
from auth.scopes import Scope
from resolvers.permission import deny

Alternatives = frozenset[frozenset[Scope]]
"""What one directive says: the scopes of one of these suffice."""

Requirement = frozenset[Alternatives]
"""What all directives of a field say: each must be met."""

FREE: Requirement = frozenset()

Coordinate = tuple[str, str]
"""A type and a field of it, by name."""


def requirements(schema: GraphQLSchema) -> Mapping[Coordinate, Requirement]:
    """Return what each field needs that needs anything: by its directives, and its type's.

    Where a field leads to an interface or union, whoever resolves it asks for what the members
    need (`resolvers.permission.check_kind`).
    """
    return {
        (type_.name, name): needed
        for type_ in _composite_types(schema)
        for name, field in type_.fields.items()
        if (needed := _own(field) | _own(get_named_type(field.type)))
    }


def needed_of_type(schema: GraphQLSchema, name: str) -> Requirement:
    """Return what the directives of a type say."""
    type_ = schema.type_map.get(name)
    return FREE if type_ is None else _own(type_)


def granted(schema: GraphQLSchema) -> Mapping[str, Requirement]:
    """Return what is met for certain wherever a value of a type is read, by the type's name.

    That is what all ways to it ask for. A type to which no way leads is absent.
    """
    needed = requirements(schema)
    met: dict[str, Requirement] = {root.name: FREE for root in roots(schema)}
    waiting = list(roots(schema))
    while waiting:
        type_ = waiting.pop()
        for name, field in type_.fields.items():
            on_the_way = met[type_.name] | needed.get((type_.name, name), FREE)
            for target in members(schema, field):
                so_far = on_the_way | _own(target)
                known = met.get(target.name)
                if known is None or not known <= so_far:
                    met[target.name] = so_far if known is None else known & so_far
                    waiting.append(target)
    return met


def enforce(schema: GraphQLSchema) -> None:
    """Put a guard around each field that needs more than the ways to its type have asked for."""
    met = granted(schema)
    for (type_name, name), needed in requirements(schema).items():
        lacking = needed - met.get(type_name, FREE)
        type_ = schema.type_map[type_name]
        if lacking and isinstance(type_, GraphQLObjectType):
            field, coordinate = type_.fields[name], f"{type_name}.{name}"
            field.resolve = _guarded(field.resolve or default_field_resolver, lacking, coordinate)
            if field.subscribe is not None:
                field.subscribe = _guarded(field.subscribe, lacking, coordinate)


def missing(principal: Principal, needed: Requirement) -> frozenset[Scope]:
    """Return the scopes that a caller lacks for this; none where it is met."""
    lacking: frozenset[Scope] = frozenset()
    for alternatives in needed:
        lacking |= missing_scopes(principal, alternatives)
    return lacking


def roots(schema: GraphQLSchema) -> Iterator[GraphQLObjectType]:
    """Yield the types in which operations start."""
    for root in (schema.query_type, schema.mutation_type, schema.subscription_type):
        if root is not None:
            yield root


def members(schema: GraphQLSchema, field: GraphQLField) -> Iterable[GraphQLObjectType]:
    """Return the object types that a field may lead to."""
    type_ = get_named_type(field.type)
    if is_abstract_type(type_):
        return schema.get_possible_types(type_)
    return (type_,) if isinstance(type_, GraphQLObjectType) else ()


def _composite_types(
    schema: GraphQLSchema,
) -> Iterator[GraphQLObjectType | GraphQLInterfaceType]:
    for type_ in schema.type_map.values():
        if isinstance(
            type_, GraphQLObjectType | GraphQLInterfaceType
        ) and not is_introspection_type(type_):
            yield type_


def _own(element: GraphQLField | GraphQLNamedType) -> Requirement:
    definition = element.extensions.get("strawberry-definition")
    directives: Iterable[object] = getattr(definition, "directives", None) or ()
    return frozenset(
        frozenset(frozenset(map(Scope, every)) for every in directive.scopes)
        for directive in directives
        if isinstance(directive, RequiresScopes)
    )


def _guarded(
    resolve: GraphQLFieldResolver, needed: Requirement, coordinate: str
) -> Callable[..., Any]:
    # Nearly all directives name one alternative, and then one comparison says it all.
    every = frozenset().union(*(one for alternatives in needed for one in alternatives))

    @wraps(resolve)
    def guarded(source: Any, info: Any, **arguments: Any) -> Any:
        context = info.context
        if not every <= context.principal.scopes:
            lacking = missing(context.principal, needed)
            if lacking:
                raise deny(context, lacking, coordinate)
        return resolve(source, info, **arguments)

    return guarded
