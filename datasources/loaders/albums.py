"""Loaders of albums."""

from datasources.loaders.batch import Batch, PagedBatch
from datasources.loaders.sources import from_postgres, pages_from_postgres
from datasources.postgres import albums

AlbumById = Batch("AlbumById", from_postgres(albums.fetch_albums_by_ids))
AlbumsOfArtist = PagedBatch(
    "AlbumsOfArtist",
    pages_from_postgres(albums.fetch_albums_of_artists),
    keyset=albums.ALBUMS_OF_ARTIST,
    total=Batch("AlbumCountOfArtist", from_postgres(albums.count_albums_of_artists), missing=0),
)
