"""Search among the names of the real files; skipped where these are absent."""

import csv
import os
from pathlib import Path

import pytest

from datasources.postgres.bulk import copy_rows
from datasources.postgres.search import search_entities
from datasources.records.external_ids import EntityKind
from datasources.records.page import PageRequest
from datasources.stores import Stores
from tests.factories.search import made

DEFAULT = Path(__file__).parents[3] / "shared" / "data"
DATA = Path(os.environ.get("POLYPHONY_DATA", DEFAULT))
FILES = (DATA / "spotify_songs.csv", DATA / "lastfm" / "artists.dat")

pytestmark = pytest.mark.skipif(
    not all(path.is_file() for path in FILES),
    reason="no real files: set POLYPHONY_DATA to their folder",
)


@pytest.fixture(scope="module")
def entries() -> list[dict[str, object]]:
    songs, listened = FILES
    with songs.open(encoding="utf-8", newline="") as file:
        tracks = {row["track_id"]: row for row in csv.DictReader(file)}
    with listened.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        artists = {row["name"] for row in rows} | {row["track_artist"] for row in tracks.values()}
    return [
        *(made(row["track_name"], [row["track_artist"]]) for row in tracks.values()),
        *(made(name, kind=EntityKind.ARTIST, popularity=0) for name in artists),
    ]


async def test_names_as_people_type_them(
    empty_stores: Stores, entries: list[dict[str, object]]
) -> None:
    async with empty_stores.postgres.transaction() as connection:
        await copy_rows(connection, "search_entries", entries)
    names = {entry["entity_id"]: entry["name_key"] for entry in entries}
    for query, kind, name in (
        ("beyonce", EntityKind.ARTIST, "beyonce"),
        ("dont stop", EntityKind.TRACK, "dont stop"),
        ("motley", EntityKind.ARTIST, "motley crue"),
        ("sigur ros", EntityKind.ARTIST, "sigur ros"),
        ("jayz", EntityKind.ARTIST, "jay z"),
        ("acdc", EntityKind.ARTIST, "ac dc"),
        ("!!!", EntityKind.ARTIST, "!!!"),
    ):
        page = await search_entities(empty_stores.postgres, query, [kind], PageRequest(20))
        assert name in {names[ref.id] for ref in page.nodes}, query
        for letters in range(1, len(query) + 1):
            everything = tuple(EntityKind)
            request = PageRequest(5)
            typed = await search_entities(
                empty_stores.postgres, query[:letters], everything, request
            )
            assert typed.nodes or query == "!!!", query[:letters]
