"""Albums, and those of an artist."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import select

from datasources.postgres.client import Postgres
from datasources.postgres.paging import fetch_pages
from datasources.postgres.reading import columns_of, fetch_by_ids, fetch_counts
from datasources.postgres.tables import album_credits, albums
from datasources.records.albums import AlbumRecord
from datasources.records.artists import CreditRole
from datasources.records.page import Keyset, Page, PageRequest

ALBUMS_OF_ARTIST = Keyset("artist-albums", (int, UUID), descending=True)

_COLUMNS = columns_of(AlbumRecord, albums)
_MAIN = album_credits.c.role == CreditRole.MAIN


async def fetch_albums_by_ids(
    postgres: Postgres, ids: Sequence[UUID]
) -> Mapping[UUID, AlbumRecord]:
    """Return albums by id (`albums`)."""
    return await fetch_by_ids(postgres, AlbumRecord, albums, ids)


async def fetch_albums_of_artists(
    postgres: Postgres, ids: Sequence[UUID], request: PageRequest
) -> Mapping[UUID, Page[AlbumRecord]]:
    """Return the albums of which each artist is a main artist, the newest first.

    Those without a date come last (`album_credits`, `albums`).
    """
    return await fetch_pages(
        postgres,
        ids,
        request,
        keyset=ALBUMS_OF_ARTIST,
        items_of=lambda artist: (
            select(*_COLUMNS)
            .join(album_credits, album_credits.c.album_id == albums.c.id)
            .where(album_credits.c.artist_id == artist, _MAIN)
        ),
        order=[albums.c.release_day, albums.c.id],
        record=AlbumRecord,
    )


async def count_albums_of_artists(postgres: Postgres, ids: Sequence[UUID]) -> Mapping[UUID, int]:
    """Return how many albums each artist is a main artist of (`album_credits`)."""
    return await fetch_counts(postgres, album_credits.c.artist_id, ids, _MAIN)
