"""Loaders of what became of playlists, items by id, lists as they were, and who may see them."""

import asyncio
from collections.abc import Mapping, Sequence

from datasources.loaders.batch import Batch, PagedBatch
from datasources.loaders.sources import from_postgres, pages_from_postgres
from datasources.postgres import playlist_history, playlist_standing, playlist_versions, playlists
from datasources.records.changes import ListVersion
from datasources.records.page import Page, PageRequest
from datasources.records.playlists import PlaylistItemRecord
from datasources.stores import Stores

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
    """Return a page of each list: a statement for each, as an operation names each by itself."""
    fetches = (
        playlist_versions.fetch_items_of_version(stores.postgres, key, request) for key in keys
    )
    return dict(zip(keys, await asyncio.gather(*fetches), strict=True))


async def _counts(stores: Stores, keys: Sequence[ListVersion]) -> Mapping[ListVersion, int]:
    counts = (playlist_versions.count_items_of_version(stores.postgres, key) for key in keys)
    return dict(zip(keys, await asyncio.gather(*counts), strict=True))


ItemsOfVersion = PagedBatch(
    "ItemsOfVersion",
    _pages,
    keyset=playlist_versions.ITEMS_OF_VERSION,
    total=Batch("ItemCountOfVersion", _counts, missing=0),
)
