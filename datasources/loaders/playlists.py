"""Loaders of playlists."""

from datasources.loaders.batch import Batch, PagedBatch
from datasources.loaders.sources import from_postgres, pages_from_postgres
from datasources.loaders.viewers import seen_from_postgres
from datasources.postgres import playlists

CollaboratorsOfPlaylist = Batch(
    "CollaboratorsOfPlaylist", seen_from_postgres(playlists.fetch_collaborators), missing=()
)
ItemsOfPlaylist = PagedBatch(
    "ItemsOfPlaylist",
    pages_from_postgres(playlists.fetch_items_of_playlists),
    keyset=playlists.ITEMS_OF_PLAYLIST,
    total=Batch(
        "ItemCountOfPlaylist", from_postgres(playlists.count_items_of_playlists), missing=0
    ),
)
PlaylistsOfUser = PagedBatch(
    "PlaylistsOfUser",
    pages_from_postgres(playlists.fetch_playlists_of_users),
    keyset=playlists.PLAYLISTS_OF_USER,
    total=Batch(
        "PlaylistCountOfUser", from_postgres(playlists.count_playlists_of_users), missing=0
    ),
)
