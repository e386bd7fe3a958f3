"""What scopes an operation needs in all: read from its selections, before anything is run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLIncludeDirective,
    GraphQLNamedType,
    GraphQLSchema,
    GraphQLSkipDirective,
    SelectionNode,
    SelectionSetNode,
    get_named_type,
    get_operation_ast,
)
from graphql.execution.values import VariableValues, get_directive_values, get_variable_values

from auth.policy import may_begin_change
from auth.principal import Principal, PrincipalKind
from auth.scopes import Scope
from resolvers.context import RequestContext
from resolvers.permission import deny
from schema.enforcement import FREE, Coordinate, Requirement, missing, needed_of_type, requirements

Lacking = dict[str, frozenset[Scope]]
"""The scopes that the caller lacks, by the coordinate of what needs them: none where none helps."""


def check_scopes(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation_name: str | None,
    variables: Mapping[str, Any],
    context: RequestContext,
) -> None:
    """Let an operation pass that its caller's credential covers: to be called before it is run.

    Who shows no credential passes, and is refused field by field: half of a page is for everybody.

    Raises:
        Forbidden: the credential lacks scopes, or is for no such mutation. The operation is refused
            as a whole.
    """
    principal = context.principal
    if principal.kind is PrincipalKind.ANONYMOUS:
        return
    lacking = lacking_scopes(schema, document, operation_name, variables, principal)
    if lacking:
        raise deny(context, frozenset[Scope]().union(*lacking.values()), *sorted(lacking))


def lacking_scopes(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation_name: str | None,
    variables: Mapping[str, Any],
    principal: Principal,
) -> Lacking:
    """Return what the caller lacks of what an operation selects, wherever it stands.

    Fragments are followed. What `@skip` and `@include` leave out does not count; they are looked
    at only where something is lacking, since nearly always nothing is.
    """
    operation = get_operation_ast(document, operation_name)
    root = schema.get_root_type(operation.operation) if operation else None
    if operation is None or root is None:
        return {}
    fragments = {
        node.name.value: node
        for node in document.definitions
        if isinstance(node, FragmentDefinitionNode)
    }
    walk = _Walk(schema, principal, fragments)
    walk.into(operation.selection_set, root)
    if not walk.lacking:
        return {}
    coerced = get_variable_values(schema, operation.variable_definitions or (), dict(variables))
    if isinstance(coerced, list):
        return {}  # the variables are wrong: that is what the caller hears of, and nothing is run
    walk = _Walk(schema, principal, fragments, coerced)
    walk.into(operation.selection_set, root)
    return walk.lacking


@dataclass(slots=True)
class _Walk:
    """One way through an operation; without variables, all of it counts."""

    schema: GraphQLSchema
    principal: Principal
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: VariableValues | None = None
    lacking: Lacking = field(default_factory=dict)
    entered: set[str] = field(default_factory=set)

    def into(self, selections: SelectionSetNode, parent: GraphQLNamedType) -> None:
        """Look at the selections of a type."""
        for node in selections.selections:
            if not self._is_included(node):
                continue
            if isinstance(node, FieldNode):
                self._into_field(node, parent)
            elif isinstance(node, FragmentSpreadNode):
                name = node.name.value
                if name not in self.entered:  # once is enough, however often it is spread
                    self.entered.add(name)
                    fragment = self.fragments[name]
                    self._into_type(fragment.type_condition.name.value, fragment.selection_set)
            else:
                condition = node.type_condition  # type: ignore[attr-defined]  # an inline fragment
                name = condition.name.value if condition else parent.name
                self._into_type(name, node.selection_set)  # type: ignore[attr-defined]

    def _into_field(self, node: FieldNode, parent: GraphQLNamedType) -> None:
        name = node.name.value
        definition = getattr(parent, "fields", {}).get(name)
        if definition is None:
            return  # `__typename`, and introspection
        needed = _needs_of(self.schema).fields.get((parent.name, name), FREE)
        coordinate = f"{parent.name}.{name}"
        self._note(coordinate, needed)
        if parent is self.schema.mutation_type and not may_begin_change(
            self.principal, needs_scopes=bool(needed)
        ):
            self.lacking.setdefault(coordinate, frozenset())
        if node.selection_set is not None:
            self.into(node.selection_set, get_named_type(definition.type))

    def _into_type(self, name: str, selections: SelectionSetNode) -> None:
        self._note(name, _needs_of(self.schema).types.get(name, FREE))
        self.into(selections, self.schema.type_map[name])

    def _note(self, coordinate: str, needed: Requirement) -> None:
        lacking = missing(self.principal, needed)
        if lacking:
            self.lacking[coordinate] = lacking

    def _is_included(self, node: SelectionNode) -> bool:
        if self.variables is None or not node.directives:
            return True
        skip = get_directive_values(GraphQLSkipDirective, node, self.variables)
        include = get_directive_values(GraphQLIncludeDirective, node, self.variables)
        return not (skip and skip["if"]) and not (include and not include["if"])


@dataclass(frozen=True, slots=True)
class _Needs:
    """What a schema says, read from it once."""

    fields: Mapping[Coordinate, Requirement]
    types: Mapping[str, Requirement]


@cache
def _needs_of(schema: GraphQLSchema) -> _Needs:
    types = {name: needed_of_type(schema, name) for name in schema.type_map}
    return _Needs(requirements(schema), {name: one for name, one in types.items() if one})
