"""Values of a row: what is unknown, and what cannot be."""

from collections import Counter
from datetime import date

import pytest

from gateway.importers.catalogue_row import read_row
from gateway.importers.hetrec_rows import read_artist, read_friends, read_plays
from gateway.importers.values import BadValue, read_date, read_integer, read_number
from tests.factories.catalogue_csv import csv_row


def test_a_row_keeps_every_value() -> None:
    unknown: Counter[str] = Counter()
    row = read_row(7, csv_row(track_name="  Ünder 🤷🏻‍♀️  "), unknown)
    assert row.line == 7
    assert row.title == "  Ünder 🤷🏻‍♀️  "
    assert (row.artist, row.featured, row.popularity) == ("Singer", None, 50)
    assert (row.release_date, row.release_date_precision) == (date(2019, 6, 14), "DAY")
    assert (row.instrumentalness, row.loudness, row.tempo) == (2.33e-5, -2.634, 122.036)
    assert (row.key, row.mode, row.duration_ms) == (6, 1, 194754)
    assert not unknown


def test_unknown_values_are_null_and_counted() -> None:
    unknown: Counter[str] = Counter()
    changes = dict.fromkeys(
        ("track_name", "track_artist", "track_album_name", "playlist_name", "playlist_genre"), "NA"
    )
    changes |= {"key": "-1", "mode": "NA", "tempo": "0", "track_album_release_date": ""}
    row = read_row(2, csv_row(**changes), unknown)
    names = (row.title, row.artist, row.album_title, row.playlist_title)
    assert names == ("[unknown]",) * 4
    assert (row.key, row.mode, row.tempo, row.release_date, row.genre) == (None,) * 5
    assert set(unknown.values()) == {1}
    assert len(unknown) == 9


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("track_id", "NA", "track_id is missing"),
        ("track_id", "", "track_id is missing"),
        ("track_album_id", "a b", "track_album_id is no id"),
        ("playlist_id", "x" * 201, "playlist_id is no id"),
        ("track_name", "x" * 501, "track_name is longer than 500 characters"),
        ("track_artist", "a\0b", "track_artist has a NUL character"),
        ("track_popularity", "NA", "track_popularity is missing"),
        ("track_popularity", "101", "track_popularity is more than 100"),
        ("track_popularity", "5.5", "track_popularity is not a whole number"),
        ("danceability", "1.01", "danceability is more than 1"),
        ("danceability", "NA", "danceability is missing"),
        ("energy", "nan", "energy is not a number"),
        ("energy", "1_0", "energy is not a number"),
        ("valence", "٣", "valence is not a number"),
        ("loudness", "1e999", "loudness is more than 20"),
        ("key", "12", "key is more than 11"),
        ("tempo", "-1", "tempo is less than 0"),
        ("duration_ms", "0", "duration_ms is less than 1"),
        ("duration_ms", "2147483648", "duration_ms is more than 2147483647"),
        ("track_album_release_date", "2019-02-30", "track_album_release_date is not a date"),
        ("track_album_release_date", "14.06.2019", "track_album_release_date is not a date"),
    ],
)
def test_what_cannot_be_is_refused_with_its_column(column: str, value: str, reason: str) -> None:
    with pytest.raises(BadValue) as refused:
        read_row(2, csv_row(**{column: value}), Counter())
    assert str(refused.value) == reason


def test_dates_have_the_precision_they_are_written_with() -> None:
    assert read_date("d", "1999") == (date(1999, 1, 1), "YEAR")
    assert read_date("d", "1999-05") == (date(1999, 5, 1), "MONTH")
    assert read_date("d", "1999-05-06") == (date(1999, 5, 6), "DAY")
    assert read_date("d", "NA") == (None, None)


def test_numbers_as_statistics_programs_write_them() -> None:
    assert read_integer("n", "1e+05", 0, 10**6) == 100_000
    assert read_number("n", ".5", 0, 1) == 0.5
    assert read_number("n", "-0", 0, 1) == 0


def test_hetrec_rows() -> None:
    url = "http://www.last.fm/music/Caf%C3%A9+Del+Mar?x=1"
    row = read_artist(3, ("73", 'Café "Del" Mar', url))
    assert tuple(row) == (3, 73, 'Café "Del" Mar', "cafe del mar", "Caf%C3%A9+Del+Mar")
    assert read_artist(3, ("1", "NA", "http://elsewhere/music/NA")).lastfm is None
    assert read_artist(3, ("1", "NA", "")).name == "NA"
    assert tuple(read_plays(2, ("2", "51", "13883"))) == (2, 2, 51, 13883)
    assert tuple(read_friends(2, ("2", "275"))) == (2, 2, 275)


@pytest.mark.parametrize("weight", ["0", "-3", "many", "", "1.5"])
def test_hetrec_weights_that_count_nothing_are_refused(weight: str) -> None:
    with pytest.raises(BadValue, match="weight"):
        read_plays(2, ("2", "51", weight))
