"""Whether what an operation selects is the same for all who may select it."""

from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLSchema,
    TypeInfo,
    TypeInfoVisitor,
    get_operation_ast,
    visit,
)
from graphql.language import BREAK, Visitor

_ASKS_FOR_VIEWER = ("for_viewer", "allowed", "visible")


def same_for_all(schema: GraphQLSchema, document: DocumentNode, operation_name: str | None) -> bool:
    """Return whether nothing below the root fields of an operation depends on who asks.

    It does where a declaration says so, and where a resolver is written by hand: nobody knows
    what that looks at. Scopes are another matter: who lacks one is refused.
    """
    operation = get_operation_ast(document, operation_name)
    if operation is None:
        return False
    roots = {id(node) for node in operation.selection_set.selections}
    reader = _Reader(TypeInfo(schema), roots)
    for definition in document.definitions:
        if definition is operation or isinstance(definition, FragmentDefinitionNode):
            visit(definition, TypeInfoVisitor(reader.types, reader))
    return reader.same


class _Reader(Visitor):
    """Looks at fields until one depends on the viewer."""

    def __init__(self, types: TypeInfo, roots: set[int]) -> None:
        super().__init__()
        self.types = types
        self.same = True
        self._roots = roots

    def enter_field(self, node: FieldNode, *_: Any) -> Any:
        """Look at the declaration of a field."""
        if id(node) in self._roots or node.name.value == "__typename":
            return None
        field = self.types.get_field_def()
        declared = None if field is None else field.extensions.get("strawberry-definition")
        if declared is None or not _is_same(declared):
            self.same = False
            return BREAK
        return None


def _is_same(declared: Any) -> bool:
    edge = declared.metadata.get("edge")
    if edge is None:
        return bool(declared.is_basic_field)
    asks = any(getattr(edge, name, None) for name in _ASKS_FOR_VIEWER)
    return not asks and not callable(getattr(edge, "key", None))
