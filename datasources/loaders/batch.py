"""Declarations of batched reads, and the loaders that run them for one operation.

A `Batch` says how many keys are answered at once; a `PagedBatch` does so for pages of lists. They
are data: a field of the graph names one, and `Loaders` turns it into a dataloader on first use.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from aiodataloader import DataLoader

from datasources.records.page import Keyset, Page, PageRequest
from datasources.stores import Stores

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(frozen=True, slots=True, eq=False)
class Batch(Generic[K, V]):
    """One round trip that answers many keys.

    `fetch` leaves out the keys that it has no value for; those get `missing`.
    """

    name: str
    fetch: Callable[[Stores, Sequence[K]], Awaitable[Mapping[K, V]]]
    missing: Any = None

    async def load(self, stores: Stores, keys: Sequence[K]) -> list[V | None]:
        """Return the values in the order of the keys."""
        found = await self.fetch(stores, keys)
        return [found.get(key, self.missing) for key in keys]


@dataclass(frozen=True, slots=True)
class PageKey(Generic[K]):
    """Which page of whose list."""

    parent: K
    request: PageRequest


@dataclass(frozen=True, slots=True, eq=False)
class PagedBatch(Generic[K, V]):
    """One round trip that answers the same page request for many parents.

    Parents without items may be left out by `fetch`: they get `empty`. `total` counts the whole
    lists; without it the pages know their totals themselves.
    """

    name: str
    fetch: Callable[[Stores, Sequence[K], PageRequest], Awaitable[Mapping[K, Page[V]]]]
    keyset: Keyset
    total: Batch[K, int] | None = None
    empty: Page[V] = Page(total=0)  # noqa: RUF009  a page is frozen

    async def load(self, stores: Stores, keys: Sequence[PageKey[K]]) -> list[Page[V]]:
        """Return the pages in the order of the keys: one `fetch` for each different request."""
        parents: defaultdict[PageRequest, list[K]] = defaultdict(list)
        for key in keys:
            parents[key.request].append(key.parent)
        fetches = (self.fetch(stores, some, request) for request, some in parents.items())
        pages = dict(zip(parents, await asyncio.gather(*fetches), strict=True))
        return [self._counted(pages[key.request].get(key.parent), key) for key in keys]

    def _counted(self, page: Page[V] | None, key: PageKey[K]) -> Page[V]:
        if page is None:
            request = key.request
            if self.total is None or (request.after is None and request.before is None):
                return self.empty
            # Beyond one of its ends, a list may have items all the same.
            page = Page(
                has_next=request.backward and request.before is not None,
                has_previous=not request.backward and request.after is not None,
            )
        return page if self.total is None else replace(page, total=self.total, parent=key.parent)


class Loaders:
    """The dataloaders of one operation: each key of a loader is asked for once."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._opened: dict[object, DataLoader[Any, Any]] = {}

    def of(self, batch: Batch[K, V]) -> DataLoader[K, V | None]:
        """Return the loader of a batch, opened on first use."""
        return self._open(batch)

    def pages(self, batch: PagedBatch[K, V]) -> DataLoader[PageKey[K], Page[V]]:
        """Return the loader of a paged batch, opened on first use."""
        return self._open(batch)

    def forget(self) -> None:
        """Load everything anew from now on: what was loaded is from before a change."""
        self._opened.clear()

    def _open(self, batch: Batch[Any, Any] | PagedBatch[Any, Any]) -> DataLoader[Any, Any]:
        loader = self._opened.get(batch)
        if loader is None:
            # Not by `self`: a cycle would keep all that was loaded until the collector comes.
            stores = self._stores

            async def load(keys: list[Any]) -> list[Any]:
                return await batch.load(stores, keys)

            loader = self._opened[batch] = DataLoader(load)
        return loader
