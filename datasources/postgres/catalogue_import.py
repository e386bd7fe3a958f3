"""Albums with their tracks, as the catalogue import writes them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Table, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from datasources.postgres.artist_import import find_artists
from datasources.postgres.bulk import Upserted, copy_rows, upsert_rows
from datasources.postgres.catalogue_stage import FEATURES, StagedTrack
from datasources.postgres.genre_import import put_track_genres
from datasources.postgres.import_ids import claim_ids
from datasources.postgres.playlist_import import refresh_totals_of_tracks
from datasources.postgres.reading import any_of
from datasources.postgres.search_index import entry
from datasources.postgres.tables import album_credits, artists, track_credits, tracks
from datasources.records.artists import CreditRole
from datasources.records.external_ids import EntityKind, ExternalSource

_SOURCE = ExternalSource.SPOTIFY
_MAIN = CreditRole.MAIN.value

_Ids = Mapping[str, UUID]
_Credits = Mapping[UUID, Sequence[tuple[UUID, str]]]


@dataclass(frozen=True, slots=True)
class AlbumsWritten:
    """What a batch of albums met."""

    albums: Upserted
    tracks: Upserted
    features: Upserted


async def write_albums(connection: AsyncConnection, batch: Sequence[StagedTrack]) -> AlbumsWritten:
    """Write the tracks of whole albums and all that belongs to them; artists have to be there.

    Writes `albums`, `tracks`, `audio_features`, the credits of both, `track_genres`,
    `external_ids` and `search_entries`. What the file does not have stays as it is; the credits
    of a track become the file's, those of an album grow.
    """
    first = {one.row.album: one.row for one in reversed(batch)}
    albums = await claim_ids(connection, _SOURCE, EntityKind.ALBUM, first)
    ids = await claim_ids(connection, _SOURCE, EntityKind.TRACK, [one.row.track for one in batch])
    album_rows: list[dict[str, object]] = [
        {
            "id": albums[value],
            "title": row.album_title,
            "release_date": row.release_date,
            "release_date_precision": row.release_date_precision,
        }
        for value, row in first.items()
    ]
    written = await upsert_rows(connection, "albums", album_rows, "id")
    tracks_written, features = await _write_tracks(connection, batch, albums, ids)
    await _write_credits(connection, batch, albums, ids)
    if tracks_written.updated:  # a track that became longer makes its playlists longer
        await refresh_totals_of_tracks(connection, ids.values())
    await put_track_genres(connection, {ids[one.row.track]: one.genres for one in batch})
    await _index(connection, batch, albums, ids)
    return AlbumsWritten(written, tracks_written, features)


async def _write_tracks(
    connection: AsyncConnection, batch: Sequence[StagedTrack], albums: _Ids, ids: _Ids
) -> tuple[Upserted, Upserted]:
    track_rows: list[dict[str, object]] = [
        {
            "id": ids[one.row.track],
            "album_id": albums[one.row.album],
            "title": one.row.title,
            "duration_ms": one.row.duration_ms,
            "popularity": one.row.popularity,
        }
        for one in batch
    ]
    feature_rows: list[dict[str, object]] = [
        {
            "track_id": ids[one.row.track],
            **{name: getattr(one.row, name) for name in FEATURES},
        }
        for one in batch
    ]
    return (
        await upsert_rows(connection, "tracks", track_rows, "id"),
        await upsert_rows(connection, "audio_features", feature_rows, "track_id"),
    )


async def _write_credits(
    connection: AsyncConnection, batch: Sequence[StagedTrack], albums: _Ids, ids: _Ids
) -> None:
    people = await find_artists(connection, {name for one in batch for name in one.names})
    of_tracks: dict[UUID, list[tuple[UUID, str]]] = {}
    of_albums: defaultdict[UUID, list[tuple[UUID, str]]] = defaultdict(list)
    for one in batch:
        wanted = [(people[n].id, r) for n, r in zip(one.names, one.roles, strict=True)]
        of_tracks[ids[one.row.track]] = wanted
        of_albums[albums[one.row.album]] += [credit for credit in wanted if credit[1] == _MAIN]
    await _replace_credits(connection, track_credits, of_tracks)

    there = await _read_credits(connection, album_credits, of_albums)
    grown = {
        album: list(dict.fromkeys((*there.get(album, ()), *new)))
        for album, new in of_albums.items()
    }
    await _replace_credits(connection, album_credits, grown)


async def _read_credits(connection: AsyncConnection, table: Table, ids: Iterable[UUID]) -> _Credits:
    owner, position = table.primary_key.columns
    statement = (
        select(owner, table.c.artist_id, table.c.role)
        .where(any_of(owner, list(ids)))
        .order_by(owner, position)
    )
    found: defaultdict[UUID, list[tuple[UUID, str]]] = defaultdict(list)
    for row in await connection.execute(statement):
        found[row[0]].append((row[1], row[2]))
    return found


async def _replace_credits(connection: AsyncConnection, table: Table, wanted: _Credits) -> None:
    """Write the lists that differ from what is there."""
    owner: Any = next(iter(table.primary_key.columns))
    there = await _read_credits(connection, table, wanted)
    changed = {key: few for key, few in wanted.items() if there.get(key, []) != list(few)}
    stale = [key for key in changed if key in there]
    if stale:
        await connection.execute(table.delete().where(any_of(owner, stale)))
    rows: list[dict[str, object]] = [
        {owner.name: key, "position": position, "artist_id": artist, "role": role}
        for key, few in changed.items()
        for position, (artist, role) in enumerate(few)
    ]
    await copy_rows(connection, table.name, rows)


async def _index(
    connection: AsyncConnection, batch: Sequence[StagedTrack], albums: _Ids, ids: _Ids
) -> None:
    """Tracks are found by their artists' names too, and albums by theirs.

    An album is as popular as its most popular track.
    """
    entries = [
        entry(EntityKind.TRACK, ids[one.row.track], one.row.title, one.names, one.row.popularity)
        for one in batch
    ]
    statement = (
        select(album_credits.c.album_id, artists.c.name)
        .join_from(album_credits, artists)
        .where(any_of(album_credits.c.album_id, list(albums.values())))
        .order_by(album_credits.c.album_id, album_credits.c.position)
    )
    names: defaultdict[UUID, list[str]] = defaultdict(list)
    for album_id, name in await connection.execute(statement):
        names[album_id].append(name)
    greatest = (
        select(tracks.c.album_id, func.max(tracks.c.popularity))
        .where(any_of(tracks.c.album_id, list(albums.values())))
        .group_by(tracks.c.album_id)
    )
    popularity = {row[0]: row[1] for row in await connection.execute(greatest)}
    titles = {one.row.album: one.row.album_title for one in reversed(batch)}
    entries += [
        entry(EntityKind.ALBUM, albums[key], title, names[albums[key]], popularity[albums[key]])
        for key, title in titles.items()
    ]
    await upsert_rows(connection, "search_entries", entries, "kind", "entity_id")
