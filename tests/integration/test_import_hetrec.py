"""A HetRec folder becomes people, their friends and what they play; artists join the catalogue."""

import asyncio
import csv
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from datasources.mongo.artist_plays import (
    ArtistPlays,
    PlaysWritten,
    iter_artist_plays,
    write_artist_plays,
)
from datasources.mongo.client import Mongo
from datasources.stores import Stores
from gateway.importers import hetrec
from gateway.importers.delimited import Unreadable
from gateway.importers.hetrec import import_hetrec
from gateway.importers.progress import show_steps
from gateway.importers.report import ImportReport
from tests.factories.hetrec_files import artist, write_hetrec
from tests.factories.import_state import fingerprint, rows

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ARTISTS = [
    artist(1, "Sigur Rós", "Sigur+R%C3%B3s"),
    artist(2, 'The "Weird" One'),
    artist(3, "SIGUR ROS"),
    artist(4, "Nobody's"),
    artist(5, "Elsewhere", "?"),
]
PLAYS = [(2, 1, 100), (2, 2, 7), (9, 1, 5), (9, 3, 6)]
FRIENDS = [(2, 9), (9, 2), (9, 11)]


async def run(stores: Stores, folder: Path, now: datetime = NOW) -> ImportReport:
    with show_steps(silent=True) as steps:
        return await import_hetrec(stores, folder, folder.with_suffix(".csv"), now, steps)


async def plays(stores: Stores) -> dict[str, tuple[str, str, int]]:
    people = {row[0]: row[1] for row in await rows(stores, "select id, handle from users")}
    names = {row[0]: row[1] for row in await rows(stores, "select id, name from artists")}
    return {
        one.key: (people[one.user], names[one.artist], one.plays)
        async for one in iter_artist_plays(stores.mongo)
    }


def numbers(report: ImportReport) -> dict[str, tuple[int, int, int]]:
    return {
        what: (done.inserted, done.updated, done.unchanged) for what, done in report.written.items()
    }


async def test_a_folder_becomes_listening(empty_stores: Stores, tmp_path: Path) -> None:
    # One of two of that name is the more popular, and stays as it is.
    await rows(
        empty_stores,
        "insert into artists (id, name, name_key, popularity) values"
        " (gen_random_uuid(), 'SigurRos', 'sigur ros', 3),"
        " (gen_random_uuid(), 'Sigur Ros', 'sigur ros', 4) returning id",
    )
    report = await run(empty_stores, write_hetrec(tmp_path / "lastfm", ARTISTS, PLAYS, FRIENDS))
    assert (report.rows, report.rejected) == (12, 0)
    assert numbers(report) == {
        "artists": (3, 0, 2),
        "people": (3, 0, 0),
        "follows": (4, 0, 0),
        "play counts": (4, 0, 0),
    }
    assert await plays(empty_stores) == {
        "hetrec:2:1": ("lastfm-2", "Sigur Ros", 100),
        "hetrec:2:2": ("lastfm-2", 'The "Weird" One', 7),
        "hetrec:9:1": ("lastfm-9", "Sigur Ros", 5),
        "hetrec:9:3": ("lastfm-9", "Sigur Ros", 6),
    }
    found = await rows(empty_stores, "select name, popularity from artists order by name")
    assert sorted(tuple(row) for row in found) == [
        ("Elsewhere", 0), ("Nobody's", 0), ("Sigur Ros", 4), ("SigurRos", 3),
        ('The "Weird" One', 63),  # log(1 + 1 of 2 listeners) / log(1 + 2)
    ]  # fmt: skip
    follows = await rows(
        empty_stores,
        "select a.handle, b.handle from user_follows"
        " join users a on a.id = follower_id join users b on b.id = followed_id order by 1, 2",
    )
    assert [tuple(row) for row in follows] == [
        ("lastfm-11", "lastfm-9"), ("lastfm-2", "lastfm-9"),
        ("lastfm-9", "lastfm-11"), ("lastfm-9", "lastfm-2"),
    ]  # fmt: skip
    ids = await rows(
        empty_stores,
        "select source, type, value from external_ids where source = 'LASTFM' order by 3",
    )
    assert {row[2] for row in ids} == {
        "Sigur+R%C3%B3s", "SIGUR+ROS", 'The+"Weird"+One', "Nobody's",
    }  # fmt: skip
    people = await rows(
        empty_stores,
        "select handle, display_name, listening_visibility, created_at, search_entries.name_key"
        " from users join search_entries on entity_id = users.id and kind = 'USER' order by handle",
    )
    assert tuple(people[0]) == (
        "lastfm-11", "Listener 11", "PUBLIC", NOW, "listener 11",
    )  # fmt: skip
    assert len(people) == 3


async def test_a_second_run_writes_nothing(empty_stores: Stores, tmp_path: Path) -> None:
    folder = write_hetrec(tmp_path / "lastfm", ARTISTS, PLAYS, FRIENDS)
    await run(empty_stores, folder)
    before, counts = await fingerprint(empty_stores), await plays(empty_stores)
    report = await run(empty_stores, folder, NOW + timedelta(hours=1))
    assert {done[:2] for done in numbers(report).values()} == {(0, 0)}
    assert await fingerprint(empty_stores) == before
    assert await plays(empty_stores) == counts


async def test_an_interrupted_import_goes_on(
    empty_stores: Stores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [artist(n, f"Artist {n // 2}") for n in range(30)]
    folder = write_hetrec(
        tmp_path / "lastfm", many, [(n % 4, n, n + 1) for n in range(30)], FRIENDS
    )
    monkeypatch.setattr(hetrec, "BATCH_ROWS", 7)
    monkeypatch.setattr(hetrec, "MAX_WRITES", 7)
    calls = 0

    async def fail_in_third(mongo: Mongo, some: Sequence[ArtistPlays]) -> PlaysWritten:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise asyncio.CancelledError
        return await write_artist_plays(mongo, some)

    with monkeypatch.context() as patch:
        patch.setattr(hetrec, "write_artist_plays", fail_in_third)
        with pytest.raises(asyncio.CancelledError):
            await run(empty_stores, folder)
    assert len(await plays(empty_stores)) == 14
    before = await fingerprint(empty_stores)
    report = await run(empty_stores, folder)
    assert numbers(report)["play counts"] == (16, 0, 14)
    assert numbers(report)["artists"] == (0, 0, 30)
    assert await fingerprint(empty_stores) == before
    assert len(await plays(empty_stores)) == 30


async def test_what_does_not_fit_is_refused_by_file_and_line(
    empty_stores: Stores, tmp_path: Path
) -> None:
    folder = write_hetrec(
        tmp_path / "lastfm",
        [*ARTISTS, artist(1, "Again"), ("x", "No number", "", ""), ("6", "Short")],
        [*PLAYS, (2, 77, 5), (2, 1, 9), (2, 4, 0), (2, 4, "many")],
        [*FRIENDS, (2, 9), (2, 2)],
    )
    report = await run(empty_stores, folder)
    assert (report.rows, report.accepted) == (21, 12)
    assert report.rejects is not None
    with report.rejects.open(newline="") as file:
        refused = [tuple(row.values()) for row in csv.DictReader(file)]
    assert sorted(refused) == [
        ("artists.dat", "7", "the artist is there already"),
        ("artists.dat", "8", "id is not a number"),
        ("artists.dat", "9", "2 fields instead of 4"),
        ("user_artists.dat", "6", "artist 77 is not in artists.dat"),
        ("user_artists.dat", "7", "the user and artist are there already"),
        ("user_artists.dat", "8", "weight is less than 1"),
        ("user_artists.dat", "9", "weight is not a number"),
        ("user_friends.dat", "5", "the friends are there already"),
        ("user_friends.dat", "6", "a friend of oneself"),
    ]
    assert len(await plays(empty_stores)) == 4


async def test_a_handle_that_is_taken_is_left_to_its_owner(
    empty_stores: Stores, tmp_path: Path
) -> None:
    await rows(
        empty_stores,
        "insert into users (id, handle, display_name, created_at, listening_visibility)"
        " values (gen_random_uuid(), 'LastFM-2', 'Me', now(), 'PRIVATE') returning id",
    )
    await run(empty_stores, write_hetrec(tmp_path / "lastfm", ARTISTS, PLAYS))
    handles = {one[0] for one in (await plays(empty_stores)).values()}
    assert "lastfm-9" in handles
    assert "LastFM-2" not in handles
    assert len(handles) == 2


async def test_the_folder_of_another_format(empty_stores: Stores, tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match=r"artists\.dat does not exist"):
        await run(empty_stores, tmp_path)
