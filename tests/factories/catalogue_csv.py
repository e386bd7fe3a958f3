"""Catalogue files for tests: rows as `spotify_songs.csv` has them, with what a test changes."""

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from gateway.importers.catalogue_row import COLUMNS

ROW = {
    "track_id": "t1",
    "track_name": "Song",
    "track_artist": "Singer",
    "track_popularity": "50",
    "track_album_id": "a1",
    "track_album_name": "Album",
    "track_album_release_date": "2019-06-14",
    "playlist_name": "Mix",
    "playlist_id": "p1",
    "playlist_genre": "pop",
    "playlist_subgenre": "dance pop",
    "danceability": "0.748",
    "energy": "0.916",
    "key": "6",
    "loudness": "-2.634",
    "mode": "1",
    "speechiness": "0.0583",
    "acousticness": "0.102",
    "instrumentalness": "2.33e-5",
    "liveness": "0.0653",
    "valence": "0.518",
    "tempo": "122.036",
    "duration_ms": "194754",
}


def csv_row(**changes: str) -> list[str]:
    """Return the fields of a row in the order of the file's columns."""
    assert set(changes) <= set(COLUMNS), changes
    return [(ROW | changes)[column] for column in COLUMNS]


def csv_text(rows: Iterable[list[str]], header: Iterable[str] = COLUMNS) -> str:
    """Return a whole file, its lines ended as RFC 4180 has it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def write_csv(path: Path, rows: Iterable[list[str]]) -> Path:
    """Write a whole file; return its path."""
    path.write_bytes(csv_text(rows).encode())
    return path
