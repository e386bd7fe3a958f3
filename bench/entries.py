"""Search entries made of the real files, as the importers make them."""

import csv
from collections.abc import Iterator
from pathlib import Path

import asyncpg

from bench.scratch import plain_url
from datasources.ids import new_id
from datasources.postgres.search_index import entry
from datasources.records.external_ids import EntityKind

_COLUMNS = ("kind", "entity_id", "name_key", "key", "popularity")


def real_entries(data: Path) -> Iterator[dict[str, object]]:
    """Yield an entry for each track, album, artist and playlist, and each listeners' artist."""
    tracks: dict[str, tuple[str, str, int]] = {}
    albums: dict[str, tuple[str, str, int]] = {}
    artists: dict[str, int] = {}
    playlists: dict[str, str] = {}
    with (data / "spotify_songs.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            artist, popularity = row["track_artist"], int(row["track_popularity"])
            tracks[row["track_id"]] = (row["track_name"], artist, popularity)
            most = max(popularity, albums.get(row["track_album_id"], ("", "", 0))[2])
            albums[row["track_album_id"]] = (row["track_album_name"], artist, most)
            artists[artist] = max(popularity, artists.get(artist, 0))
            playlists[row["playlist_id"]] = row["playlist_name"]
    with (data / "lastfm" / "artists.dat").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            artists.setdefault(row["name"], 0)
    for kind, named in ((EntityKind.TRACK, tracks), (EntityKind.ALBUM, albums)):
        for name, artist, popularity in named.values():
            yield entry(kind, new_id(), name, [artist], popularity)
    for name, popularity in artists.items():
        yield entry(EntityKind.ARTIST, new_id(), name, [], popularity)
    for name in playlists.values():
        yield entry(EntityKind.PLAYLIST, new_id(), name, [], 0)


async def load_entries(url: str, data: Path) -> int:
    """Load the entries of the real files into a database; return how many."""
    records = [tuple(made[column] for column in _COLUMNS) for made in real_entries(data)]
    connection = await asyncpg.connect(plain_url(url))
    try:
        await connection.copy_records_to_table("search_entries", records=records, columns=_COLUMNS)
        await connection.execute("vacuum analyze search_entries")
    finally:
        await connection.close()
    return len(records)
