"""Binds statements to the store that they run on."""

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import TypeVar

from datasources.postgres.client import Postgres
from datasources.records.page import Page, PageRequest
from datasources.stores import Stores

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


def from_postgres(
    fetch: Callable[[Postgres, Sequence[K]], Awaitable[Mapping[K, V]]],
) -> Callable[[Stores, Sequence[K]], Awaitable[Mapping[K, V]]]:
    """Return the `fetch` of a batch that PostgreSQL answers."""

    async def bound(stores: Stores, keys: Sequence[K]) -> Mapping[K, V]:
        return await fetch(stores.postgres, keys)

    return bound


def pages_from_postgres(
    fetch: Callable[[Postgres, Sequence[K], PageRequest], Awaitable[Mapping[K, Page[V]]]],
) -> Callable[[Stores, Sequence[K], PageRequest], Awaitable[Mapping[K, Page[V]]]]:
    """Return the `fetch` of a paged batch that PostgreSQL answers."""

    async def bound(
        stores: Stores, parents: Sequence[K], request: PageRequest
    ) -> Mapping[K, Page[V]]:
        return await fetch(stores.postgres, parents, request)

    return bound
