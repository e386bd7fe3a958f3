"""What is staged for an import is read in pieces: memory does not grow with the file."""

import tracemalloc
from collections import Counter
from collections.abc import AsyncIterator

from datasources.postgres.catalogue_stage import StagedCredit, open_catalogue_stage
from datasources.postgres.listening_stage import ArtistRow as Artist
from datasources.postgres.listening_stage import PlaysRow, open_listening_stage
from datasources.stores import Stores
from gateway.importers.catalogue_row import read_row
from tests.factories.catalogue_csv import csv_row

ROWS = 20_000
MOST_BYTES = 4_000_000
"""All rows together take many times as much."""


async def peak_of(stream: AsyncIterator[object]) -> tuple[int, int]:
    """Return how many a stream yields, and the most memory that reading them takes."""
    tracemalloc.start()
    number = 0
    async for _ in stream:
        number += 1
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return number, peak


async def test_catalogues_are_read_in_pieces(empty_stores: Stores) -> None:
    row = read_row(2, csv_row(track_name="x" * 400), Counter())
    async with open_catalogue_stage(empty_stores.postgres) as stage:
        await stage.add([row._replace(line=n, track=f"t{n}") for n in range(ROWS)])
        await stage.sort_out()
        await stage.add_credits(StagedCredit(f"t{n}", 0, f"A{n}", "MAIN") for n in range(ROWS))
        assert (await stage.count()).tracks == ROWS
        for stream in (stage.rows(), stage.artists(), stage.tracks(), stage.items()):
            number, peak = await peak_of(stream)
            assert number == ROWS
            assert peak < MOST_BYTES


async def test_listening_is_read_in_pieces(empty_stores: Stores) -> None:
    async with open_listening_stage(empty_stores.postgres) as stage:
        await stage.add_artists([Artist(n, n, f"{n}" * 99, f"{n}", None) for n in range(ROWS)])
        await stage.add_plays([PlaysRow(n, n, n, 1) for n in range(ROWS)])
        await stage.sort_out()
        for stream in (stage.artists(), stage.people(), stage.plays()):
            number, peak = await peak_of(stream)
            assert number == ROWS
            assert peak < MOST_BYTES
