"""Whether what an operation selects is the same for all who may select it, or who could tell."""

from enum import IntEnum
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
from graphql.language import Visitor

from schema.edges import Paged, of_viewer


class Depends(IntEnum):
    """How much what is selected depends on who asks.

    `AS_DECLARED` says that some declarations look at the caller, and nothing else does, so that
    others may see the same. Where a resolver is written by hand, nobody knows what that looks at:
    that is `SOMEHOW`.
    """

    NOT = 0
    AS_DECLARED = 1
    SOMEHOW = 2


def depends_on_viewer(
    schema: GraphQLSchema, document: DocumentNode, operation_name: str | None
) -> Depends:
    """Return how much what stands below the root fields of an operation depends on who asks.

    Scopes are another matter: who lacks one is refused.
    """
    operation = get_operation_ast(document, operation_name)
    if operation is None:
        return Depends.SOMEHOW
    roots = {id(node) for node in operation.selection_set.selections}
    reader = _Reader(TypeInfo(schema), roots)
    for definition in document.definitions:
        if definition is operation or isinstance(definition, FragmentDefinitionNode):
            visit(definition, TypeInfoVisitor(reader.types, reader))
    return reader.depends


class _Reader(Visitor):
    """Looks at all fields but the roots."""

    def __init__(self, types: TypeInfo, roots: set[int]) -> None:
        super().__init__()
        self.types = types
        self.depends = Depends.NOT
        self._roots = roots

    def enter_field(self, node: FieldNode, *_: Any) -> Any:
        """Look at the declaration of a field."""
        if id(node) in self._roots or node.name.value == "__typename":
            return None
        field = self.types.get_field_def()
        declared = None if field is None else field.extensions.get("strawberry-definition")
        self.depends = max(self.depends, depends(declared))
        return None


def depends(declared: Any) -> Depends:
    """Return how much a field depends on who asks, by its declaration; None is none of ours."""
    edge = None if declared is None else declared.metadata.get("edge")
    if isinstance(edge, Paged) and edge.for_viewer:
        return Depends.SOMEHOW  # the page names the viewer: no two of them are the same
    if edge is not None:
        return Depends.AS_DECLARED if of_viewer(edge) else Depends.NOT
    basic = declared is not None and declared.is_basic_field
    return Depends.NOT if basic else Depends.SOMEHOW
