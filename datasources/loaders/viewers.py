"""Batches whose answer depends on who looks: keys end with the viewer's id, None for nobody."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import TypeVar
from uuid import UUID

from datasources.postgres.client import Postgres
from datasources.records.page import Page, PageRequest
from datasources.stores import Stores

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

Seen = tuple[K, UUID | None]
"""What is looked at, and who looks; one caller looks at all of a batch, as a rule."""


def seen_from_postgres(
    fetch: Callable[[Postgres, Sequence[K], UUID | None], Awaitable[Mapping[K, V]]],
) -> Callable[[Stores, Sequence[Seen[K]]], Awaitable[Mapping[Seen[K], V]]]:
    """Return the `fetch` of a batch that PostgreSQL answers: one round trip for each viewer."""

    async def bound(stores: Stores, keys: Sequence[Seen[K]]) -> Mapping[Seen[K], V]:
        return await _for_each(keys, lambda some, viewer: fetch(stores.postgres, some, viewer))

    return bound


def seen_pages_from_postgres(
    fetch: Callable[
        [Postgres, Sequence[K], PageRequest, UUID | None], Awaitable[Mapping[K, Page[V]]]
    ],
) -> Callable[[Stores, Sequence[Seen[K]], PageRequest], Awaitable[Mapping[Seen[K], Page[V]]]]:
    """Return the `fetch` of a paged batch that PostgreSQL answers, as `seen_from_postgres` does."""

    async def bound(
        stores: Stores, keys: Sequence[Seen[K]], request: PageRequest
    ) -> Mapping[Seen[K], Page[V]]:
        return await _for_each(
            keys, lambda some, viewer: fetch(stores.postgres, some, request, viewer)
        )

    return bound


async def _for_each(
    keys: Sequence[Seen[K]], fetch: Callable[[Sequence[K], UUID | None], Awaitable[Mapping[K, V]]]
) -> Mapping[Seen[K], V]:
    looked_at: defaultdict[UUID | None, list[K]] = defaultdict(list)
    for what, viewer in keys:
        looked_at[viewer].append(what)
    fetches = (fetch(some, viewer) for viewer, some in looked_at.items())
    found = dict(zip(looked_at, await asyncio.gather(*fetches), strict=True))
    return {(what, viewer): found[viewer][what] for what, viewer in keys if what in found[viewer]}
