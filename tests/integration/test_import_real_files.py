"""The real files, where they lie beside the checkout: every value arrives, and only once."""

import csv
import os
import random
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from datasources.mongo.artist_plays import iter_artist_plays
from datasources.stores import Stores
from gateway.importers.catalogue import import_catalogue
from gateway.importers.hetrec import import_hetrec
from gateway.importers.names import split_artist
from gateway.importers.progress import show_steps
from gateway.importers.report import ImportReport
from tests.factories.import_state import fingerprint, rows

DATA = Path(os.environ.get("POLYPHONY_DATA") or Path(__file__).parents[3] / "shared" / "data")
SONGS, LASTFM = DATA / "spotify_songs.csv", DATA / "lastfm"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)

pytestmark = pytest.mark.skipif(
    not (SONGS.exists() and LASTFM.exists()),
    reason="no real data: put it into ../shared/data or name its folder in POLYPHONY_DATA",
)

SAMPLE = """
    select tracks.title, main.name, featured.name, tracks.popularity, albums.title,
        albums.release_date, albums.release_date_precision, playlists.title,
        audio_features.danceability, audio_features.energy, audio_features.key,
        audio_features.loudness, audio_features.mode, audio_features.speechiness,
        audio_features.acousticness, audio_features.instrumentalness, audio_features.liveness,
        audio_features.valence, audio_features.tempo, tracks.duration_ms,
        (select array_agg(genres.name) from track_genres join genres on genre_id = genres.id
            where track_genres.track_id = tracks.id),
        (select count(*) from playlist_items
            where playlist_id = playlists.id and track_id = tracks.id)
    from external_ids as ids
    join tracks on tracks.id = ids.entity_id
    join albums on albums.id = tracks.album_id
    join external_ids as album_ids on album_ids.entity_id = albums.id
    join audio_features on audio_features.track_id = tracks.id
    join track_credits as credit on credit.track_id = tracks.id and credit.position = 0
    join artists as main on main.id = credit.artist_id
    left join track_credits as second on second.track_id = tracks.id and second.position = 1
    left join artists as featured on featured.id = second.artist_id
    join external_ids as playlist_ids on playlist_ids.value = :playlist
    join playlists on playlists.id = playlist_ids.entity_id
    where ids.source = 'SPOTIFY' and ids.type = 'TRACK' and ids.value = :track
        and album_ids.source = 'SPOTIFY' and album_ids.type = 'ALBUM' and album_ids.value = :album
        and playlist_ids.source = 'SPOTIFY' and playlist_ids.type = 'PLAYLIST'
"""
FEATURES = ("danceability", "energy", "key", "loudness", "mode", "speechiness", "acousticness",
            "instrumentalness", "liveness", "valence", "tempo")  # fmt: skip
LENGTHS = {4: "YEAR", 7: "MONTH", 10: "DAY"}


async def songs(stores: Stores, tmp_path: Path, now: datetime) -> ImportReport:
    with show_steps(silent=True) as steps:
        return await import_catalogue(stores, SONGS, tmp_path / "rejects.csv", now, steps)


async def lastfm(stores: Stores, tmp_path: Path, now: datetime) -> ImportReport:
    with show_steps(silent=True) as steps:
        return await import_hetrec(stores, LASTFM, tmp_path / "rejects.csv", now, steps)


async def count(stores: Stores, what: str) -> int:
    return int((await rows(stores, f"select count(*) from {what}"))[0][0])  # noqa: S608  constants


async def test_the_catalogue_arrives_whole(empty_stores: Stores, tmp_path: Path) -> None:
    report = await songs(empty_stores, tmp_path, NOW)
    assert (report.rows, report.rejected) == (32_833, 0)
    assert report.facts == {
        "Rows merged: their playlist had the track already": 582,
        "Rows with an unknown album name": 5,
        "Rows with an unknown artist": 5,
        "Rows with an unknown tempo": 1,
        "Rows with an unknown track name": 5,
        "Rows that contradict an earlier row, which is believed": 0,
    }
    ids = "external_ids where source = 'SPOTIFY' and type = "
    for kind, number in (("TRACK", 28_356), ("ALBUM", 22_545), ("PLAYLIST", 471)):
        assert await count(empty_stores, f"{ids} '{kind}'") == number
    for table, number in (("tracks", 28_356), ("albums", 22_545), ("playlists", 471)):
        assert await count(empty_stores, table) == number
    assert await count(empty_stores, "playlist_items") == 32_833 - 582

    with SONGS.open(encoding="utf-8", newline="") as file:
        everything = list(csv.DictReader(file))
    odd = [row for row in everything if row["track_name"] == "NA" or row["tempo"] == "0"]
    for row in [*odd, *random.Random(20200121).sample(everything, 200)]:  # noqa: S311  a sample
        await compare(empty_stores, row)

    before = await fingerprint(empty_stores)
    again = await songs(empty_stores, tmp_path, NOW + timedelta(days=1))
    assert all(done.inserted == done.updated == 0 for done in again.written.values())
    assert await fingerprint(empty_stores) == before


async def compare(stores: Stores, row: Mapping[str, str]) -> None:
    keys = {
        "track": row["track_id"],
        "album": row["track_album_id"],
        "playlist": row["playlist_id"],
    }
    (found,) = await stores.postgres.read(text(SAMPLE), keys)
    main, featured = split_artist(name(row["track_artist"]))
    released = row["track_album_release_date"]
    features = [float(row[column]) for column in FEATURES]
    assert tuple(found[:2]) == (name(row["track_name"]), main)
    assert featured in {None, found[2]}
    assert tuple(found[3:8]) == (
        int(row["track_popularity"]),
        name(row["track_album_name"]),
        date.fromisoformat((released + "-01-01")[:10]),
        LENGTHS[len(released)],
        name(row["playlist_name"]),
    )
    assert [value or 0 for value in found[8:19]] == features
    assert found[18] is None or found[18] > 0
    assert found[19] == int(row["duration_ms"])
    assert {row["playlist_genre"], row["playlist_subgenre"]} <= set(found[20])
    assert found[21] == 1


def name(value: str) -> str:
    return "[unknown]" if value == "NA" else value


async def test_the_listening_arrives_whole(empty_stores: Stores, tmp_path: Path) -> None:
    report = await lastfm(empty_stores, tmp_path, NOW)
    assert (report.rows, report.rejected) == (17_632 + 92_834 + 25_434, 0)
    assert await count(empty_stores, "users") == 1_892
    assert await count(empty_stores, "user_follows") == 25_434
    ids = "external_ids where source = 'HETREC' and type = 'ARTIST'"
    assert await count(empty_stores, ids) == 17_632

    ours = await rows(
        empty_stores,
        "select entity_id, type, value from external_ids where source = 'HETREC'",
    )
    by_theirs = {(row[1], row[2]): row[0] for row in ours}
    counts = {one.key: one async for one in iter_artist_plays(empty_stores.mongo)}
    lines = (LASTFM / "user_artists.dat").read_text(encoding="utf-8").splitlines()[1:]
    assert len(counts) == len(lines) == 92_834
    for line in lines:
        person, artist, plays = line.split("\t")
        one = counts[f"hetrec:{person}:{artist}"]
        assert one.user == by_theirs["USER", person]
        assert one.artist == by_theirs["ARTIST", artist]
        assert one.plays == int(plays)

    before = await fingerprint(empty_stores)
    again = await lastfm(empty_stores, tmp_path, NOW + timedelta(days=1))
    assert all(done.inserted == done.updated == 0 for done in again.written.values())
    assert await fingerprint(empty_stores) == before
