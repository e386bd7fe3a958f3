"""Types as views over records: which attributes a type shows, and how its edges are loaded.

    @view(TrackRecord, description="A recording as one release carries it.")
    class Track(Node):
        title: str = attribute("Title as the release prints it.")
        album: Album | None = loaded(AlbumById, key="album_id", description="The release.")

The record itself is what resolvers return and fields read: nothing is wrapped.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar, dataclass_transform

from strawberry import UNSET, federation
from strawberry.annotation import StrawberryAnnotation
from strawberry.types import Info
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField

import schema.enums  # noqa: F401  each is named and described before a type shows it
from datasources.loaders.batch import Batch, PagedBatch
from resolvers.context import RequestContext
from resolvers.paging import DEFAULT_PAGE, MAX_PAGE
from resolvers.permission import Policy
from schema.edges import (
    Asked,
    Attribute,
    Computed,
    Edge,
    Itself,
    KeyOf,
    Loaded,
    LoadedEach,
    Paged,
    Total,
    Visible,
    of_viewer,
)
from schema.permissions import OF_ITS_TYPE, Access

T = TypeVar("T")


class DeclaredField(StrawberryField):
    """A field that its declaration resolves."""

    @property
    def is_basic_field(self) -> bool:
        """Say that there is more to it than an attribute."""
        return False

    def get_result(
        self, source: Any, info: Info[RequestContext] | None, args: list[Any], kwargs: Any
    ) -> Any:
        """Return what the declaration reads, or an awaitable of it."""
        del args  # they are all in kwargs
        if info is None:
            raise TypeError("a declared field needs its operation")
        edge: Edge = self.metadata["edge"]
        context = info.context
        if context.seen is None or not of_viewer(edge):
            return edge.resolve(source, context, kwargs)
        look = partial(edge.resolve, source, arguments=kwargs)
        return context.seen.look(look, context, len(info.path.as_list()))


def _declared(
    edge: Edge,
    description: str,
    arguments: Sequence[StrawberryArgument] = (),
    access: Access = OF_ITS_TYPE,
) -> DeclaredField:
    field = DeclaredField(
        description=description, metadata={"edge": edge}, directives=access.directives
    )
    field.arguments = list(arguments)
    return field


def attribute(description: str, *, of: str | None = None, access: Access = OF_ITS_TYPE) -> Any:
    """Show an attribute of the record: the one of the field's name, or `of`."""
    if of is None:
        return StrawberryField(description=description, directives=access.directives)
    return _declared(Attribute(of), description, access=access)


def computed(function: Callable[[Any], object], description: str) -> Any:
    """Show what a function makes of the record."""
    return _declared(Computed(function), description)


def itself(description: str) -> Any:
    """Show the record itself as another type."""
    return _declared(Itself(), description)


def asked(use_case: Callable[[RequestContext, Any], object], description: str) -> Any:
    """Show what a use case says of the record, given nothing else but the operation."""
    return _declared(Asked(use_case), description)


def loaded(
    batch: Batch[Any, Any],
    *,
    key: KeyOf,
    description: str,
    of: str | None = None,
    visible: Visible | None = None,
    allowed: Policy | None = None,
    for_viewer: bool = False,
    access: Access = OF_ITS_TYPE,
) -> Any:
    """Load one value, or one ready list, by a key of the record, and show it or its `of`."""
    edge = Loaded(batch, key, visible, of, allowed, for_viewer)
    return _declared(edge, description, access=access)


def loaded_each(
    batch: Batch[Any, Any],
    *,
    keys: str,
    description: str,
    visible: Visible | None = None,
    for_viewer: bool = False,
) -> Any:
    """Load a value for each of the record's keys."""
    return _declared(LoadedEach(batch, keys, visible, for_viewer), description)


def paged(
    batch: PagedBatch[Any, Any],
    *,
    key: str,
    description: str,
    by: Sequence[StrawberryArgument] = (),
    for_viewer: bool = False,
    allowed: Policy | None = None,
    access: Access = OF_ITS_TYPE,
) -> Any:
    """Load a page of a list; arguments `by` which it is chosen come before those of the page."""
    names = tuple(one.python_name for one in by)
    edge = Paged(batch, key, names, for_viewer, allowed)
    return _declared(edge, description, [*by, *_page_arguments()], access)


def total(description: str) -> Any:
    """Count the whole list, only where it is asked for."""
    return _declared(Total(), description)


def argument(
    name: str, kind: object, description: str, default: object = UNSET
) -> StrawberryArgument:
    """Declare an argument of a declared field."""
    annotation = StrawberryAnnotation(kind)
    return StrawberryArgument(name, None, annotation, description=description, default=default)


PAGE_ARGUMENTS = {
    "first": f"How many items from the start: 0 to {MAX_PAGE}, {DEFAULT_PAGE} by default.",
    "after": "The cursor to start behind.",
    "last": f"How many items from the end, instead of `first`: 0 to {MAX_PAGE}.",
    "before": "The cursor to end in front of.",
}


def _page_arguments() -> list[StrawberryArgument]:
    kinds = {"first": int, "after": str, "last": int, "before": str}
    return [
        argument(name, kinds[name] | None, description)
        for name, description in PAGE_ARGUMENTS.items()
    ]


@dataclass_transform(
    kw_only_default=True,
    field_specifiers=(attribute, computed, itself, asked, loaded, loaded_each, paged, total),
)
def view(
    record: type[Any],
    *,
    description: str,
    keys: Sequence[str] = (),
    told_apart: bool = False,
    access: Access = OF_ITS_TYPE,
) -> Callable[[type[T]], type[T]]:
    """Make a class the GraphQL type that shows a record.

    With `keys` it is an entity of the federated graph. Those, and what is `told_apart` as a member
    of a union, are recognised by their record's class. Whatever leads to the type needs `access`.
    """

    def decorate(cls: type[T]) -> type[T]:
        cls.__record__ = record  # type: ignore[attr-defined]  # read by `record_of`
        if keys or told_apart:
            cls.is_type_of = staticmethod(lambda obj, _info: type(obj) is record)  # type: ignore[attr-defined]  # what Strawberry looks for
        return federation.type(
            cls, description=description, keys=list(keys), directives=access.directives
        )

    return decorate


def record_of(cls: type[Any]) -> type[Any]:
    """Return the record that a view shows."""
    record: type[Any] = cls.__record__
    return record
