import re
from collections import Counter
from collections.abc import Iterable
from uuid import UUID

from gateway.sample.catalogue import Catalogue
from gateway.sample.model import SAMPLE_DAY, Row


def test_ids_are_of_their_versions(sample_tables: dict[str, list[Row]]) -> None:
    def versions(rows: Iterable[Row], key: str) -> set[int | None]:
        ids = (row[key] for row in rows)
        return {one.version for one in ids if isinstance(one, UUID)}

    for name, rows in sample_tables.items():
        if "id" in rows[0]:
            assert versions(rows, "id") == {7}, name
    for name in ("artists", "tracks"):
        assert versions(sample_tables[name], "mbid") == {4}


def test_features_lie_in_their_ranges(sample_tables: dict[str, list[Row]]) -> None:
    ranges = {
        "loudness": (-60, 0),
        "tempo": (30, 250),
        "key": (0, 11),
        "mode": (0, 1),
        "time_signature": (3, 7),
    }
    rows = sample_tables["audio_features"]
    for name in set(rows[0]) - {"track_id"}:
        low, high = ranges.get(name, (0, 1))
        values = [float(str(row[name])) for row in rows if row[name] is not None]
        assert low <= min(values) < max(values) <= high, name
    assert 0.9 < len(rows) / len(sample_tables["tracks"]) < 1
    assert None in {row["key"] for row in rows}


def test_genres_sound_different(sample: Catalogue) -> None:
    energy: dict[str, list[float]] = {}
    features = {row["track_id"]: row for row in sample.tables["audio_features"]}
    for track in sample.tracks:
        if track.record.id in features:
            value = float(str(features[track.record.id]["energy"]))
            energy.setdefault(track.genres[0], []).append(value)
    mean = {genre: sum(values) / len(values) for genre, values in energy.items()}
    assert mean["Ambient"] < 0.3
    assert mean["Heavy Metal"] > 0.7


def test_codes_are_valid(sample_tables: dict[str, list[Row]]) -> None:
    isrcs = Counter(str(row["isrc"]) for row in sample_tables["tracks"] if row["isrc"])
    assert all(re.fullmatch(r"[A-Z]{2}[A-Z0-9]{3}\d{7}", isrc) for isrc in isrcs)
    assert 10 < sum(count > 1 for count in isrcs.values()) < 100
    upcs = [str(row["upc"]) for row in sample_tables["albums"] if row["upc"]]
    assert len(set(upcs)) == len(upcs)
    for upc in upcs:
        digits = [int(digit) for digit in upc]
        assert len(digits) == 12
        assert (3 * sum(digits[::2]) + sum(digits[1::2])) % 10 == 0


def test_albums_are_of_all_kinds_and_precisions(sample_tables: dict[str, list[Row]]) -> None:
    albums = sample_tables["albums"]
    assert {str(row["kind"]) for row in albums} == {"ALBUM", "EP", "SINGLE", "COMPILATION"}
    precisions = {str(row["release_date_precision"]) for row in albums}
    assert precisions == {"DAY", "MONTH", "YEAR"}
    for row in albums:
        released = str(row["release_date"])
        assert released <= str(SAMPLE_DAY.date())
        if row["release_date_precision"] == "YEAR":
            assert released.endswith("-01-01")
        if row["release_date_precision"] == "MONTH":
            assert released.endswith("-01")
    per_artist = Counter(
        row["artist_id"] for row in sample_tables["album_credits"] if not row["position"]
    )
    assert set(per_artist) == {row["id"] for row in sample_tables["artists"]}
    assert (min(per_artist.values()), max(per_artist.values())) == (1, 8)


def test_tracks_are_numbered_from_one_on_each_disc(sample: Catalogue) -> None:
    for album in sample.albums:
        discs: dict[int | None, list[int | None]] = {}
        for track in album.tracks:
            discs.setdefault(track.record.disc_number, []).append(track.record.track_number)
        assert list(discs) == list(range(1, len(discs) + 1))
        for numbers in discs.values():
            assert numbers == list(range(1, len(numbers) + 1))
    assert {track.record.disc_number for track in sample.tracks} == {1, 2}


def test_few_are_popular(sample_tables: dict[str, list[Row]]) -> None:
    popularity = sorted(int(str(row["popularity"])) for row in sample_tables["tracks"])
    assert popularity[len(popularity) // 2] < 15
    assert popularity[-1] > 80


def test_credits_name_guests_and_remixers(sample: Catalogue) -> None:
    roles = Counter(row["role"] for row in sample.tables["track_credits"])
    assert set(roles) == {"MAIN", "FEATURED", "REMIXER"}
    for track in sample.tracks:
        assert track.credits[0].role == "MAIN"
        for credit in track.credits:
            if credit.role != "MAIN":
                assert credit.artist.record.name in track.record.title


def test_names_give_search_something_to_do(sample_tables: dict[str, list[Row]]) -> None:
    names = "\n".join(str(row["name"]) for row in sample_tables["artists"])
    titles = "\n".join(str(row["title"]) for row in sample_tables["tracks"])
    assert "Beyondé" in names
    for character in "éöøÅß'-.&":
        assert character in names, character
    assert "(feat. " in titles
    assert "(ft. " in titles
