"""A catalogue file becomes the graph that it describes, once, whatever happens on the way."""

import asyncio
import csv
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from datasources.postgres.catalogue_import import AlbumsWritten, write_albums
from datasources.postgres.catalogue_stage import StagedTrack
from datasources.stores import Stores
from gateway.importers import catalogue
from gateway.importers.catalogue import import_catalogue
from gateway.importers.progress import show_steps
from gateway.importers.report import CannotWrite, ImportReport
from tests.factories.catalogue_csv import csv_row, csv_text, write_csv
from tests.factories.import_state import contents, fingerprint, rows

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)

# Songs of one album by two artists, a guest whose own song comes last, a playlist in two parts.
FILE = [
    csv_row(),
    csv_row(track_id="t2", track_name="Duet (feat. Guest)", track_popularity="70"),
    csv_row(track_id="t3", track_artist="Earth, Wind & Fire", playlist_genre="r&b",
            playlist_subgenre="neo soul"),
    csv_row(playlist_id="p2", playlist_name="Other", playlist_genre="rock",
            playlist_subgenre="hard rock"),
    csv_row(playlist_genre="latin", playlist_subgenre="dance pop"),
    csv_row(track_id="t4", track_album_id="a2", track_artist="GUEST", track_popularity="20",
            track_album_release_date="1999", track_album_name="Theirs"),
]  # fmt: skip


async def run(stores: Stores, path: Path, now: datetime = NOW) -> ImportReport:
    with show_steps(silent=True) as steps:
        return await import_catalogue(stores, path, path.with_suffix(".rejects.csv"), now, steps)


def numbers(report: ImportReport) -> dict[str, tuple[int, int, int]]:
    return {
        what: (done.inserted, done.updated, done.unchanged) for what, done in report.written.items()
    }


async def test_a_file_becomes_a_graph(empty_stores: Stores, tmp_path: Path) -> None:
    report = await run(empty_stores, write_csv(tmp_path / "songs.csv", FILE))
    assert (report.rows, report.rejected, report.rejects) == (6, 0, None)
    assert numbers(report) == {
        "genres": (7, 0, 0),
        "artists": (3, 0, 0),
        "albums": (2, 0, 0),
        "tracks": (4, 0, 0),
        "audio features": (4, 0, 0),
        "playlists": (2, 0, 0),
        "playlist items": (5, 0, 0),
    }
    found = await contents(empty_stores)
    # The guest is credited by the name that the file's artist column has.
    assert [row[:3:2] for row in found["artists"]] == [
        ("Earth, Wind & Fire", 50), ("GUEST", 70), ("Singer", 70),
    ]  # fmt: skip
    singer, guest = "Singer MAIN", "GUEST FEATURED"
    assert [(row[0], row[5], row[6]) for row in found["tracks"]] == [
        ("t1", [singer], ["dance-pop", "hard-rock", "latin", "pop", "rock"]),
        ("t2", [singer, guest], ["dance-pop", "pop"]),
        ("t3", ["Earth, Wind & Fire MAIN"], ["neo-soul", "r-b"]),
        ("t4", ["GUEST MAIN"], ["dance-pop", "pop"]),
    ]
    assert [(row[0], row[3], row[4]) for row in found["albums"]] == [
        ("a1", "DAY", [singer, "Earth, Wind & Fire MAIN"]),
        ("a2", "YEAR", ["GUEST MAIN"]),
    ]
    assert [(row[0], row[2], row[5], row[7]) for row in found["playlists"]] == [
        ("p1", "spotify", 4, ["t1", "t2", "t3", "t4"]),
        ("p2", "spotify", 1, ["t1"]),
    ]
    assert ("dance-pop", "dance pop", "pop", 3) in found["genres"]
    assert ("latin", "latin", None, 1) in found["genres"]
    assert ("Singer", "pop", 2) in found["artist_genres"]
    kinds = [row[0] for row in found["search_entries"]]
    assert {kind: kinds.count(kind) for kind in kinds} == {
        "ALBUM": 2, "ARTIST": 3, "PLAYLIST": 2, "TRACK": 4,
    }  # fmt: skip
    assert report.facts["Rows merged: their playlist had the track already"] == 1
    dates = await rows(empty_stores, "select distinct created_at, updated_at from playlists")
    assert [tuple(row) for row in dates] == [(NOW, NOW)]
    items = await rows(empty_stores, "select distinct handle, added_at from playlist_items"
                                     " join users on users.id = added_by")  # fmt: skip
    assert [tuple(row) for row in items] == [("spotify", None)]


async def test_a_second_run_writes_nothing(empty_stores: Stores, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "songs.csv", FILE)
    await run(empty_stores, path)
    before = await fingerprint(empty_stores)
    again = await run(empty_stores, path, NOW + timedelta(days=1))
    assert await fingerprint(empty_stores) == before
    assert {done[:2] for done in numbers(again).values()} == {(0, 0)}
    assert again.written["playlist items"].unchanged == 5


async def test_an_interrupted_import_goes_on(
    empty_stores: Stores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [csv_row(track_id=f"t{n}", track_album_id=f"a{n // 2}", playlist_id=f"p{n % 3}",
                    track_artist=f"Artist {n % 5}") for n in range(40)]  # fmt: skip
    path = write_csv(tmp_path / "songs.csv", many)
    monkeypatch.setattr(catalogue, "BATCH_ROWS", 8)
    calls = 0

    async def fail_in_third(
        connection: AsyncConnection, batch: Sequence[StagedTrack]
    ) -> AlbumsWritten:
        nonlocal calls
        calls += 1
        done = await write_albums(connection, batch)
        if calls == 3:
            raise asyncio.CancelledError
        return done

    with monkeypatch.context() as patch:
        patch.setattr(catalogue, "write_albums", fail_in_third)
        with pytest.raises(asyncio.CancelledError):
            await run(empty_stores, path)
    cut = await contents(empty_stores)
    assert len(cut["tracks"]) == 16
    assert all(row[5] and row[6] for row in cut["tracks"])
    assert not cut["playlists"]

    report = await run(empty_stores, path)
    assert numbers(report)["tracks"] == (24, 0, 16)
    done = await contents(empty_stores)
    assert len(done["tracks"]) == 40
    assert [row[5] for row in done["playlists"]] == [14, 13, 13]
    before = await fingerprint(empty_stores)
    await run(empty_stores, path)
    assert await fingerprint(empty_stores) == before


async def test_two_imports_at_once_write_one_catalogue(
    empty_stores: Stores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "BATCH_ROWS", 2)
    path = write_csv(tmp_path / "songs.csv", FILE)
    reports = await asyncio.gather(*(run(empty_stores, path) for _ in range(3)))
    assert sum(report.written["tracks"].inserted for report in reports) == 4
    assert sum(report.written["playlist items"].inserted for report in reports) == 5
    found = await contents(empty_stores)
    assert [len(found[name]) for name in ("artists", "albums", "tracks")] == [3, 2, 4]
    assert [row[7] for row in found["playlists"]] == [["t1", "t2", "t3", "t4"], ["t1"]]


async def test_refused_rows_are_written_down_and_the_others_imported(
    empty_stores: Stores, tmp_path: Path
) -> None:
    path = tmp_path / "songs.csv"
    good = csv_row(track_name="Two\nlines", track_artist="NA", tempo="0")
    bad = csv_row(track_id="t2", energy="loud")
    content = csv_text([good, bad, csv_row()[:22], csv_row(track_id="t3")]).encode()
    path.write_bytes(content + b"\xff" + content.splitlines()[-1] + b"\r\n")
    report = await run(empty_stores, path)
    assert (report.rows, report.accepted) == (5, 2)
    assert report.rejects == tmp_path / "songs.rejects.csv"
    with report.rejects.open(newline="") as file:
        assert list(csv.DictReader(file)) == [
            {"file": "songs.csv", "line": "4", "reason": "energy is not a number"},
            {"file": "songs.csv", "line": "5", "reason": "22 fields instead of 23"},
            {"file": "songs.csv", "line": "7", "reason": "not UTF-8"},
        ]
    found = await contents(empty_stores)
    assert [row[:2] for row in found["tracks"]] == [("t1", "Two\nlines"), ("t3", "Song")]
    assert [row[0] for row in found["artists"]] == ["Singer", "[unknown]"]
    assert report.facts["Rows with an unknown tempo"] == 1


async def test_a_file_without_a_row_of_use_writes_nothing(
    empty_stores: Stores, tmp_path: Path
) -> None:
    before = await fingerprint(empty_stores)
    report = await run(empty_stores, write_csv(tmp_path / "songs.csv", [csv_row(key="x")]))
    assert (report.rows, report.accepted, report.written) == (1, 0, {})
    assert await fingerprint(empty_stores) == before


async def test_without_a_place_for_refused_rows_nothing_is_written(
    empty_stores: Stores, tmp_path: Path
) -> None:
    before = await fingerprint(empty_stores)
    path = write_csv(tmp_path / "songs.csv", [*FILE, csv_row(key="x")])
    path.with_suffix(".rejects.csv").mkdir()
    with pytest.raises(CannotWrite):
        await run(empty_stores, path)
    assert await fingerprint(empty_stores) == before


async def test_the_first_row_is_believed(empty_stores: Stores, tmp_path: Path) -> None:
    file = [csv_row(), csv_row(track_name="Else", playlist_id="p2"), csv_row(playlist_name="New")]
    path = write_csv(tmp_path / "songs.csv", file)
    report = await run(empty_stores, path)
    assert report.facts["Rows that contradict an earlier row, which is believed"] == 2
    found = await contents(empty_stores)
    assert found["tracks"][0][1] == "Song"
    assert [row[1] for row in found["playlists"]] == ["Mix", "Mix"]
    before = await fingerprint(empty_stores)
    await run(empty_stores, path)
    assert await fingerprint(empty_stores) == before


async def test_a_newer_file_changes_what_it_says_and_appends(
    empty_stores: Stores, tmp_path: Path
) -> None:
    await run(empty_stores, write_csv(tmp_path / "old.csv", FILE))
    newer = [
        csv_row(track_id="t9", track_album_id="a9", track_artist="Newcomer", playlist_name="M"),
        csv_row(track_popularity="10", duration_ms="200000", playlist_name="M"),
        csv_row(track_id="t2", track_name="D", track_artist="Singer feat. Newcomer"),
    ]
    later = NOW + timedelta(days=1)
    report = await run(empty_stores, write_csv(tmp_path / "new.csv", newer), later)
    assert numbers(report)["tracks"] == (1, 2, 0)
    found = await contents(empty_stores)
    tracks = {row[0]: row for row in found["tracks"]}
    assert tracks["t1"][2:4] == (200_000, 10)
    assert tracks["t2"][5] == ["Singer MAIN", "Newcomer FEATURED"]
    # An artist's popularity is never lowered; playlists are as long as their tracks.
    assert ("Singer", "singer", 70) in found["artists"]
    mix, other = found["playlists"]
    assert (mix[1], mix[7]) == ("M", ["t1", "t2", "t3", "t4", "t9"])
    assert mix[6] == 200_000 + 4 * 194_754
    assert other[6] == 200_000
    versions = await rows(
        empty_stores, "select version, created_at, updated_at from playlists order by title"
    )
    assert [tuple(row) for row in versions] == [(2, NOW, later), (1, NOW, NOW)]


async def test_an_artist_of_another_source_is_the_same_by_exact_name(
    empty_stores: Stores, tmp_path: Path
) -> None:
    await rows(
        empty_stores,
        "insert into artists (id, name, name_key, popularity) values"
        " (gen_random_uuid(), 'Singer', 'singer', 90), (gen_random_uuid(), 'SINGER', 'singer', 95)"
        " returning id",
    )
    report = await run(empty_stores, write_csv(tmp_path / "songs.csv", [csv_row()]))
    assert numbers(report)["artists"] == (0, 0, 1)
    found = await contents(empty_stores)
    assert [row[::2] for row in found["artists"]] == [("SINGER", 95), ("Singer", 90)]


async def test_genres_whose_names_share_a_slug_are_one(
    empty_stores: Stores, tmp_path: Path
) -> None:
    file = [
        csv_row(playlist_genre="Pop", playlist_subgenre="pop"),
        csv_row(playlist_genre="pop", playlist_subgenre="Hip-Hop"),
        csv_row(playlist_genre="rap", playlist_subgenre="hip hop"),
        csv_row(playlist_genre="!!!", playlist_subgenre="NA"),
    ]
    path = write_csv(tmp_path / "songs.csv", file)
    await run(empty_stores, path)
    found = await contents(empty_stores)
    assert found["genres"] == [
        ("hip-hop", "Hip-Hop", "pop", 1),
        ("pop", "Pop", None, 1),
        ("rap", "rap", None, 1),
        ("u21-u21-u21", "!!!", None, 1),
    ]
    before = await fingerprint(empty_stores)
    await run(empty_stores, path)
    assert await fingerprint(empty_stores) == before
