import hashlib
import os
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta

from sqlalchemy import Table, UniqueConstraint

from datasources.postgres import tables
from datasources.postgres.tables import metadata
from gateway.sample.catalogue import Catalogue, sample_catalogue
from gateway.sample.dice import Dice, Urn
from gateway.sample.listening import make_listens, make_now_playing
from gateway.sample.model import Row
from gateway.sample.notifications import make_notifications

NOW = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)
DIGEST_PROGRAM = "from tests.unit.test_sample import digest; print(digest())"


def digest() -> str:
    """Hash all rows and listens, made anew."""
    catalogue = sample_catalogue.__wrapped__()
    everything = (
        catalogue.tables,
        make_listens(catalogue, NOW),
        make_now_playing(catalogue, NOW),
        make_notifications(catalogue, NOW),
    )
    return hashlib.sha256(repr(everything).encode()).hexdigest()


def test_each_process_makes_the_same() -> None:
    environment = {**os.environ, "PYTHONHASHSEED": "1"}  # sets have another order there
    other = subprocess.run(  # noqa: S603  our own program
        [sys.executable, "-c", DIGEST_PROGRAM],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert other.stdout.strip() == digest()


def test_ids_stay_what_they_are(sample_tables: dict[str, list[Row]]) -> None:
    # Where this is meant to change, data folders of earlier demos no longer fit.
    names = [[row["id"], row["title"]] for row in sample_tables["tracks"]]
    assert hashlib.sha256(repr(names).encode()).hexdigest()[:16] == "c8445be5c6df1543"


def test_listens_move_with_now_and_else_stay(sample: Catalogue) -> None:
    later = NOW + timedelta(days=400, hours=7)
    before, after = make_listens(sample, NOW), make_listens(sample, later)
    assert [(one.user_id, one.track_id, one.ms_played, one.client) for one in before] == [
        (one.user_id, one.track_id, one.ms_played, one.client) for one in after
    ]
    moved = {other.listened_at - one.listened_at for one, other in zip(before, after, strict=True)}
    assert moved == {timedelta(days=400)}


def test_dice_draw_by_weight() -> None:
    dice = Dice("test")
    drawn = Counter(dice.weighted(Urn("abc", (0, 3, 1))) for _ in range(1000))
    assert drawn["a"] == 0
    assert drawn["b"] > drawn["c"] > 150


def test_dice_do_not_draw_twice() -> None:
    assert sorted(Dice("test").some(range(10), 20)) == list(range(10))


def test_there_is_as_much_as_promised(sample_tables: dict[str, list[Row]]) -> None:
    assert len(sample_tables["artists"]) == 300
    assert 1900 <= len(sample_tables["tracks"]) <= 2100
    assert len(sample_tables["playlists"]) == 60
    assert len(sample_tables["users"]) == 40
    assert Counter(row["parent_id"] is None for row in sample_tables["genres"]) == {
        True: 8,
        False: 28,
    }


def test_every_table_has_rows_of_one_shape(sample_tables: dict[str, list[Row]]) -> None:
    music = {name for name, one in vars(tables).items() if isinstance(one, Table)}
    assert set(sample_tables) == music
    for name, rows in sample_tables.items():
        by_itself = {"oldest_version", "followed_at"}
        wanted = {
            column.name
            for column in metadata.tables[name].columns
            if not (column.computed or column.identity or column.name in by_itself)
        }
        assert {frozenset(row) for row in rows} == {frozenset(wanted)}, name


def test_every_reference_holds_and_nothing_is_there_twice(
    sample_tables: dict[str, list[Row]],
) -> None:
    for name, rows in sample_tables.items():
        table = metadata.tables[name]
        for foreign in table.foreign_keys:
            target = foreign.column
            there = {row[target.name] for row in sample_tables[target.table.name]} | {None}
            assert {row[foreign.parent.name] for row in rows} <= there, foreign
        for constraint in table.constraints:
            if constraint is table.primary_key or isinstance(constraint, UniqueConstraint):
                keys = [column.name for column in constraint.columns]
                if keys == ["handle_key"]:
                    continue
                found = [tuple(row[key] for key in keys) for row in rows]
                assert len(set(found)) == len(found), (name, keys)


def test_tables_come_in_an_order_that_references_accept(
    sample_tables: dict[str, list[Row]],
) -> None:
    order = list(sample_tables)
    for name in order:
        needed = {key.column.table.name for key in metadata.tables[name].foreign_keys} - {name}
        assert needed <= set(order[: order.index(name)]), name


def test_derived_counts_are_true(sample_tables: dict[str, list[Row]]) -> None:
    lengths = {row["id"]: row["duration_ms"] for row in sample_tables["tracks"]}
    items = Counter(row["playlist_id"] for row in sample_tables["playlist_items"])
    followers = Counter(row["playlist_id"] for row in sample_tables["playlist_followers"])
    durations: Counter[object] = Counter()
    for row in sample_tables["playlist_items"]:
        durations[row["playlist_id"]] += int(str(lengths[row["track_id"]]))
    for row in sample_tables["playlists"]:
        key = row["id"]
        assert row["track_count"] == items[key]
        assert row["follower_count"] == followers[key]
        assert row["duration_ms"] == durations[key]
    tracks = Counter(row["genre_id"] for row in sample_tables["track_genres"])
    assert {row["id"]: row["track_count"] for row in sample_tables["genres"]} == tracks


def test_artists_have_the_genres_of_their_tracks(sample_tables: dict[str, list[Row]]) -> None:
    genres: dict[object, list[object]] = {}
    for row in sample_tables["track_genres"]:
        genres.setdefault(row["track_id"], []).append(row["genre_id"])
    credited = {(row["artist_id"], row["track_id"]) for row in sample_tables["track_credits"]}
    counts = Counter((artist, genre) for artist, track in credited for genre in genres[track])
    assert counts == {
        (row["artist_id"], row["genre_id"]): row["track_count"]
        for row in sample_tables["artist_genres"]
    }
