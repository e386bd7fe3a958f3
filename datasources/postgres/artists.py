"""Artists and their credits."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Table, select

from datasources.postgres.client import Postgres
from datasources.postgres.reading import IDS, any_of_ids, columns_of, fetch_by_ids, fetch_lists
from datasources.postgres.tables import album_credits, artists, track_credits
from datasources.records.artists import ArtistRecord, CreditRecord, CreditRole

_COLUMNS = columns_of(ArtistRecord, artists)


async def fetch_artists_by_ids(
    postgres: Postgres, ids: Sequence[UUID]
) -> Mapping[UUID, ArtistRecord]:
    """Return artists by id (`artists`)."""
    return await fetch_by_ids(postgres, ArtistRecord, artists, ids)


async def fetch_credits_of_tracks(
    postgres: Postgres, ids: Sequence[UUID]
) -> Mapping[UUID, Sequence[CreditRecord]]:
    """Return the credits of each track in their order (`track_credits`, `artists`)."""
    return await _fetch_credits(postgres, track_credits, "track_id", ids)


async def fetch_credits_of_albums(
    postgres: Postgres, ids: Sequence[UUID]
) -> Mapping[UUID, Sequence[CreditRecord]]:
    """Return the credits of each album in their order (`album_credits`, `artists`)."""
    return await _fetch_credits(postgres, album_credits, "album_id", ids)


async def _fetch_credits(
    postgres: Postgres, table: Table, parent: str, ids: Sequence[UUID]
) -> Mapping[UUID, Sequence[CreditRecord]]:
    # An artist of many tracks is one record, not one for each of its credits.
    known: dict[UUID, ArtistRecord] = {}

    def credit(role: CreditRole, artist_id: UUID, *rest: object) -> CreditRecord:
        artist = known.get(artist_id)
        if artist is None:
            artist = known[artist_id] = ArtistRecord(artist_id, *rest)  # type: ignore[arg-type]  # the columns of the statement
        return CreditRecord(artist, role)

    return await fetch_lists(postgres, _credits(table, parent), credit, {IDS: list(ids)})


@cache
def _credits(table: Table, parent: str) -> Select[Any]:
    return (
        select(table.c[parent], table.c.role, *_COLUMNS)
        .join(artists, artists.c.id == table.c.artist_id)
        .where(any_of_ids(table.c[parent]))
        .order_by(table.c[parent], table.c.position)
    )
