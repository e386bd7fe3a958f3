"""Loaders of what became of playlists, items by id, lists as they were, and who may see them."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar
from weakref import WeakKeyDictionary

from datasources.loaders.batch import Batch, PagedBatch
from datasources.loaders.sources import from_postgres, pages_from_postgres
from datasources.postgres import playlist_history, playlist_standing, playlist_versions, playlists
from datasources.postgres.client import Postgres
from datasources.records.changes import ListVersion
from datasources.records.page import Page, PageRequest
from datasources.records.playlists import PlaylistItemRecord
from datasources.stores import Stores

V = TypeVar("V")

AT_ONCE = 2
"""How many lists as they were this process asks for at the same time.

Each may be the work of a third of a second: an operation that names twenty would keep all
connections from others, and its own statements from ending in time.
"""

_places: WeakKeyDictionary[Postgres, asyncio.Semaphore] = WeakKeyDictionary()

HistoryOfPlaylist = PagedBatch(
    "HistoryOfPlaylist",
    pages_from_postgres(playlist_history.fetch_history),
    keyset=playlist_history.HISTORY_OF_PLAYLIST,
    total=Batch("ChangeCountOfPlaylist", from_postgres(playlist_history.count_history), missing=0),
)
MissedChanges = Batch("MissedChanges", from_postgres(playlist_history.fetch_missed))
ItemById = Batch("ItemById", from_postgres(playlists.fetch_items_by_ids))
VersionsOfPlaylist = Batch("VersionsOfPlaylist", from_postgres(playlist_versions.fetch_versions))
StandingOf = Batch("StandingOf", from_postgres(playlist_standing.fetch_standings))
"""How somebody stands to a playlist; keys are (playlist, person), with None for nobody."""


async def _pages(
    stores: Stores, keys: Sequence[ListVersion], request: PageRequest
) -> Mapping[ListVersion, Page[PlaylistItemRecord]]:
    """Return a page of each list."""

    async def page(postgres: Postgres, key: ListVersion) -> Page[PlaylistItemRecord]:
        return await playlist_versions.fetch_items_of_version(postgres, key, request)

    return await _of_each(stores.postgres, keys, page)


async def _counts(stores: Stores, keys: Sequence[ListVersion]) -> Mapping[ListVersion, int]:
    return await _of_each(stores.postgres, keys, playlist_versions.count_items_of_version)


async def _of_each(
    postgres: Postgres,
    keys: Sequence[ListVersion],
    fetch: Callable[[Postgres, ListVersion], Awaitable[V]],
) -> Mapping[ListVersion, V]:
    """Return something of each list: a statement for each, as an operation names each by itself."""
    places = _places.setdefault(postgres, asyncio.Semaphore(AT_ONCE))

    async def fetch_one(key: ListVersion) -> V:
        async with places:
            return await fetch(postgres, key)

    return dict(zip(keys, await asyncio.gather(*map(fetch_one, keys)), strict=True))


ItemsOfVersion = PagedBatch(
    "ItemsOfVersion",
    _pages,
    keyset=playlist_versions.ITEMS_OF_VERSION,
    total=Batch("ItemCountOfVersion", _counts, missing=0),
)
