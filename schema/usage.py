"""Counts what API keys are used for: operations, and the root fields that they select."""

from collections.abc import Iterator, Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLIncludeDirective,
    GraphQLSkipDirective,
    InlineFragmentNode,
    SelectionSetNode,
    get_operation_ast,
)

from resolvers.context import RequestContext

_META = "__"  # introspection, and `__typename`


def count_use(
    document: DocumentNode,
    operation_name: str | None,
    variables: Mapping[str, Any],
    context: RequestContext,
) -> None:
    """Count an operation of a key, before it is run: what is refused is use, too.

    Nothing is asked of a store.
    """
    key = context.principal.key
    if key is not None and context.identity is not None:
        fields = root_fields(document, operation_name, variables)
        context.identity.key_use.count(key.id, fields, context.clock())


def root_fields(
    document: DocumentNode, operation_name: str | None, variables: Mapping[str, Any]
) -> Iterator[str]:
    """Yield the name of each root field that an operation selects, an alias as often as it stands.

    Fragments are followed; what `@skip` and `@include` leave out by a plain value does not count.
    """
    operation = get_operation_ast(document, operation_name)
    if operation is None:
        return
    fragments = {
        node.name.value: node
        for node in document.definitions
        if isinstance(node, FragmentDefinitionNode)
    }
    waiting: list[SelectionSetNode] = [operation.selection_set]
    entered: set[str] = set()
    while waiting:
        for node in waiting.pop().selections:
            if _left_out(node, variables):
                continue
            if isinstance(node, FieldNode):
                if not node.name.value.startswith(_META):
                    yield node.name.value
            elif isinstance(node, InlineFragmentNode):
                waiting.append(node.selection_set)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in entered:
                entered.add(node.name.value)
                waiting.append(fragments[node.name.value].selection_set)


def _left_out(node: Any, variables: Mapping[str, Any]) -> bool:
    for directive in node.directives or ():
        condition = next(
            (one.value for one in directive.arguments or () if one.name.value == "if"), None
        )
        name = getattr(getattr(condition, "name", None), "value", None)
        value = variables.get(name) if name else getattr(condition, "value", None)
        if directive.name.value == GraphQLSkipDirective.name and value is True:
            return True
        if directive.name.value == GraphQLIncludeDirective.name and value is False:
            return True
    return False
