"""What a field of a view reads: declarations that say how, and can be read by an executor.

Each is data on its field (`field.metadata["edge"]`), with a `resolve` that the ordinary executor
calls for one parent at a time; the loaders below make one round trip of it.
"""

from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from auth.principal import Principal
from datasources.loaders.batch import Batch, PagedBatch, PageKey
from datasources.loaders.relations import NOBODY
from datasources.records.page import Page
from resolvers.context import RequestContext
from resolvers.paging import page_request
from resolvers.permission import Policy

T = TypeVar("T")

Arguments = Mapping[str, Any]

KeyOf = str | Callable[[Any, RequestContext], Any]
"""The attribute that holds a loader's key, or a function of (record, context).

A key of None means that there is nothing to load.
"""

Visible = Callable[[Principal, Any], bool]
"""A policy: whether the caller may see what was loaded."""


class Edge(Protocol):
    """One way to read a field."""

    def resolve(self, record: Any, context: RequestContext, arguments: Arguments) -> object:
        """Return the field's value, or an awaitable of it."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of the record that has another name than the field."""

    name: str

    def resolve(self, record: Any, context: RequestContext, arguments: Arguments) -> object:
        """Return the attribute."""
        del context, arguments
        return getattr(record, self.name)


@dataclass(frozen=True, slots=True)
class Computed:
    """What a function makes of the record alone."""

    function: Callable[[Any], object]

    def resolve(self, record: Any, context: RequestContext, arguments: Arguments) -> object:
        """Return what the function says."""
        del context, arguments
        return self.function(record)


@dataclass(frozen=True, slots=True)
class Itself:
    """The record itself, shown as another type."""

    def resolve(self, record: Any, context: RequestContext, arguments: Arguments) -> object:
        """Return the record."""
        del context, arguments
        return record


@dataclass(frozen=True, slots=True)
class Asked:
    """What a use case says of the record to the caller.

    It loads what it needs by the loaders of the context, and decides itself who sees it.
    """

    use_case: Callable[[RequestContext, Any], object]

    def resolve(self, record: Any, context: RequestContext, arguments: Arguments) -> object:
        """Return what the use case says, or an awaitable of it."""
        del arguments
        return self.use_case(context, record)


@dataclass(frozen=True, slots=True)
class Loaded:
    """One value (or one ready list) by key, or its attribute `of`; None where `visible` says no.

    Where `allowed` denies it, the value is what `NOBODY` has. With `for_viewer` the caller's id
    ends the key.
    """

    batch: Batch[Any, Any]
    key: KeyOf
    visible: Visible | None = None
    of: str | None = None
    allowed: Policy | None = None
    for_viewer: bool = False

    def resolve(
        self, record: Any, context: RequestContext, arguments: Arguments
    ) -> Awaitable[Any] | None:
        """Return the awaitable of the loaded value."""
        del arguments
        key = _key(self.key, record, context)
        if key is None:
            return None
        loader = context.loaders.of(self.batch)

        def load(key: Hashable) -> Awaitable[Any]:
            return loader.load((key, context.principal.user_id) if self.for_viewer else key)

        if self.allowed is None:
            value: Awaitable[Any] = load(key)
        else:
            value = _as_allowed(self.allowed.allows(context, record), key, load)
        if self.visible is None and self.of is None:
            return value
        return self._shown(value, context.principal)

    async def _shown(self, value: Awaitable[Any], principal: Principal) -> object:
        found = await value
        if found is None or (self.visible is not None and not self.visible(principal, found)):
            return None
        return found if self.of is None else getattr(found, self.of)


@dataclass(frozen=True, slots=True)
class LoadedEach:
    """A value for each of a list of keys, in its order; None where `visible` says no.

    With `for_viewer` the caller's id ends each key.
    """

    batch: Batch[Any, Any]
    keys: str
    visible: Visible | None = None
    for_viewer: bool = False

    async def resolve(
        self, record: Any, context: RequestContext, arguments: Arguments
    ) -> list[Any]:
        """Return the loaded values."""
        del arguments
        keys = getattr(record, self.keys)
        if self.for_viewer:
            keys = [(key, context.principal.user_id) for key in keys]
        values = await context.loaders.of(self.batch).load_many(keys)
        if self.visible is None:
            return values
        return [value if self.visible(context.principal, value) else None for value in values]


@dataclass(frozen=True, slots=True)
class Paged:
    """A page of a list; the arguments are checked before any store is asked.

    `by` names arguments that belong to the loader's key behind `key`; with `for_viewer` the
    caller's id ends it. Where `allowed` denies the list, it is that of `NOBODY`.
    """

    batch: PagedBatch[Any, Any]
    key: str
    by: tuple[str, ...] = ()
    for_viewer: bool = False
    allowed: Policy | None = None

    def resolve(
        self, record: Any, context: RequestContext, arguments: Arguments
    ) -> Awaitable[Page[Any]]:
        """Return the awaitable of the page."""
        page = {name: arguments.get(name) for name in ("first", "after", "last", "before")}
        request = page_request(self.batch.keyset, **page)
        rest = [arguments[name] for name in self.by]
        if self.for_viewer:
            rest.append(context.principal.user_id)

        def load(owner: Hashable) -> Awaitable[Page[Any]]:
            parent = (owner, *rest) if rest else owner
            return context.loaders.pages(self.batch).load(PageKey(parent, request))

        owner = getattr(record, self.key)
        if self.allowed is None:
            return load(owner)
        return _as_allowed(self.allowed.allows(context, record), owner, load)


@dataclass(frozen=True, slots=True)
class Total:
    """The number of items in the whole list that a page was cut from."""

    def resolve(
        self, record: Page[Any], context: RequestContext, arguments: Arguments
    ) -> Awaitable[int | None] | int | None:
        """Return the number, or the awaitable of it."""
        del arguments
        if record.total is None or isinstance(record.total, int):
            return record.total
        return context.loaders.of(record.total).load(record.parent)


def of_viewer(edge: Edge) -> bool:
    """Return whether what an edge reads depends on who asks, and not on the record alone."""
    match edge:
        case Attribute() | Computed() | Itself() | Total():
            return False
        case Asked():
            return True
        case Loaded():
            return callable(edge.key) or edge.for_viewer or bool(edge.allowed or edge.visible)
        case LoadedEach():
            return edge.for_viewer or edge.visible is not None
        case Paged():
            return edge.for_viewer or edge.allowed is not None
    raise TypeError(f"nobody has said whether {type(edge).__name__} looks at the caller")


def _key(key: KeyOf, record: Any, context: RequestContext) -> Any:
    return getattr(record, key) if isinstance(key, str) else key(record, context)


def _as_allowed(
    allowed: bool | Awaitable[bool], key: Hashable, load: Callable[[Any], Awaitable[T]]
) -> Awaitable[T]:
    """Load what is there by the key, or what nobody has."""
    if isinstance(allowed, bool):
        return load(key if allowed else NOBODY)

    async def once_known() -> T:
        return await load(key if await allowed else NOBODY)

    return once_known()
