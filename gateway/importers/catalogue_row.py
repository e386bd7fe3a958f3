"""Reads one row of `spotify_songs.csv`: a track in a playlist."""

from collections import Counter
from collections.abc import Sequence

from datasources.names import name_key
from datasources.postgres.catalogue_stage import CatalogueRow
from gateway.importers.names import UNKNOWN, split_artist
from gateway.importers.values import (
    read_date,
    read_id,
    read_integer,
    read_name,
    read_number,
    required,
)

COLUMNS = (
    "track_id", "track_name", "track_artist", "track_popularity", "track_album_id",
    "track_album_name", "track_album_release_date", "playlist_name", "playlist_id",
    "playlist_genre", "playlist_subgenre", "danceability", "energy", "key", "loudness", "mode",
    "speechiness", "acousticness", "instrumentalness", "liveness", "valence", "tempo",
    "duration_ms",
)  # fmt: skip

_NO_KEY = -1
_GREATEST_INT = 2**31 - 1
_LOUDNESS_DB = (-100, 20)
_TEMPO_BPM = (0, 1000)


def read_row(line: int, fields: Sequence[str], unknown: Counter[str]) -> CatalogueRow:
    """Return the row with these fields, in the order of `COLUMNS`; count what it leaves unknown.

    A name that is `NA` or empty is `[unknown]`; so is a tempo of 0 (no beat was found) and a key
    of -1 without a value.

    Raises:
        BadValue: a value that cannot be, or one missing that has to be there.
    """
    values = dict(zip(COLUMNS, fields, strict=True))

    def name(column: str) -> str | None:
        return read_name(column, values[column])

    def share(column: str) -> float:
        return required(column, read_number(column, values[column], 0, 1))

    main, featured = split_artist(name("track_artist") or UNKNOWN)
    released, precision = read_date("track_album_release_date", values["track_album_release_date"])
    key = read_integer("key", values["key"], _NO_KEY, 11)
    row = CatalogueRow(
        line=line,
        track=read_id("track_id", values["track_id"]),
        title=name("track_name") or UNKNOWN,
        artist=main,
        artist_key=name_key(main),
        featured=featured,
        popularity=int(
            required(
                "track_popularity",
                read_integer("track_popularity", values["track_popularity"], 0, 100),
            )
        ),
        album=read_id("track_album_id", values["track_album_id"]),
        album_title=name("track_album_name") or UNKNOWN,
        release_date=released,
        release_date_precision=precision,
        playlist=read_id("playlist_id", values["playlist_id"]),
        playlist_title=name("playlist_name") or UNKNOWN,
        genre=name("playlist_genre"),
        subgenre=name("playlist_subgenre"),
        danceability=share("danceability"),
        energy=share("energy"),
        key=None if key == _NO_KEY else key,
        loudness=required("loudness", read_number("loudness", values["loudness"], *_LOUDNESS_DB)),
        mode=read_integer("mode", values["mode"], 0, 1),
        speechiness=share("speechiness"),
        acousticness=share("acousticness"),
        instrumentalness=share("instrumentalness"),
        liveness=share("liveness"),
        valence=share("valence"),
        tempo=read_number("tempo", values["tempo"], *_TEMPO_BPM) or None,
        duration_ms=int(
            required(
                "duration_ms",
                read_integer("duration_ms", values["duration_ms"], 1, _GREATEST_INT),
            )
        ),
    )
    unknown.update(
        what for field, what in _MAY_BE_UNKNOWN.items() if getattr(row, field) in {None, UNKNOWN}
    )
    return row


_MAY_BE_UNKNOWN = {
    "title": "track name",
    "artist": "artist",
    "album_title": "album name",
    "playlist_title": "playlist name",
    "release_date": "release date",
    "genre": "genre",
    "subgenre": "subgenre",
    "key": "key",
    "mode": "mode",
    "tempo": "tempo",
}
