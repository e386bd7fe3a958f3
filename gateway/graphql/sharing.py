"""Which subscribers share the execution of an event, and its bytes: those who would read the same.

They have the same document, the same variables in what is selected of an event, and one principal,
or, where nothing that is selected depends on who asks, the same scopes. Where declarations alone
depend on who asks, those with the same scopes may find that they read the same: see `Alike`.
Arguments of the subscription itself say which events come, and nothing of what each of them shows.
"""

from collections.abc import Hashable, Mapping
from typing import Any
from weakref import WeakValueDictionary

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLSchema,
    Node,
    OperationDefinitionNode,
    VariableNode,
    get_operation_ast,
    visit,
)
from graphql.language import SKIP, Visitor

from auth.principal import Principal
from gateway.graphql.results import encode_json
from schema.viewers import Depends, depends_on_viewer


class Sharing:
    """What one subscription has in common with others."""

    def __init__(
        self,
        schema: GraphQLSchema,
        document: DocumentNode,
        operation_name: str | None,
        variables: Mapping[str, Any],
    ) -> None:
        used = variables_of_events(document, operation_name)
        shown = {name: variables[name] for name in sorted(used) if name in variables}
        # The document itself is held, so that no other gets its id while this key is in use.
        self._depends = depends_on_viewer(schema, document, operation_name)
        self._of_request = (_Same(document), operation_name, encode_json(shown))
        self._principal: Principal | None = None
        self._key: Hashable = None
        self._group: Hashable = None

    def key(self, principal: Principal) -> Hashable:
        """Return what is one for those who read the same."""
        self._heed(principal)
        return self._key

    def group(self, principal: Principal) -> Hashable:
        """Return what is one for those who may find that they read the same; None for nobody."""
        self._heed(principal)
        return self._group

    def _heed(self, principal: Principal) -> None:
        if principal is not self._principal:
            self._principal = principal
            alike = _one(("result", self._of_request, principal.kind, principal.scopes))
            own = _one(("result", self._of_request, principal))
            self._key = alike if self._depends is Depends.NOT else own
            self._group = alike if self._depends is Depends.AS_DECLARED else None


def variables_of_events(document: DocumentNode, operation_name: str | None) -> frozenset[str]:
    """Return the variables that stand below the field of a subscription, or in a fragment."""
    operation = get_operation_ast(document, operation_name)
    if operation is None:
        return frozenset()
    reader = _Reader()
    for definition in document.definitions:
        if definition is operation or isinstance(definition, FragmentDefinitionNode):
            visit(definition, reader)
    return frozenset(reader.found)


class _Key:
    """What a key is made of, and its hash, which would take longer than all else here."""

    __slots__ = ("__weakref__", "_hash", "_parts")

    def __init__(self, parts: tuple[Hashable, ...]) -> None:
        self._parts = parts
        self._hash = hash(parts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and other._parts == self._parts

    def __hash__(self) -> int:
        return self._hash


_keys: WeakValueDictionary[_Key, _Key] = WeakValueDictionary()
"""Those in use: equal ones are one, so that nobody compares them."""


def _one(parts: tuple[Hashable, ...]) -> _Key:
    key = _Key(parts)
    return _keys.setdefault(key, key)


class _Same:
    """A document as a key: the same one, and no equal one."""

    __slots__ = ("document",)

    def __init__(self, document: DocumentNode) -> None:
        self.document = document

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.document is self.document

    def __hash__(self) -> int:
        return id(self.document)


class _Reader(Visitor):
    """Notes variables, but those that are declared, or arguments of the root field."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def enter_variable_definition(self, *_: Any) -> Any:
        """Pass it over."""
        return SKIP

    def enter_argument(
        self, _node: Node, _key: object, _parent: object, _path: object, ancestors: list[Any]
    ) -> Any:
        """Pass over those of the root field."""
        fields = [one for one in ancestors if isinstance(one, FieldNode)]
        of_operation = any(isinstance(one, OperationDefinitionNode) for one in ancestors)
        return SKIP if of_operation and len(fields) == 1 and ancestors[-1] is fields[0] else None

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        """Note it."""
        self.found.add(node.name.value)
