"""Play counts are set by their keys, and read back as they were written."""

from datasources.ids import new_id
from datasources.mongo.artist_plays import (
    ArtistPlays,
    PlaysWritten,
    iter_artist_plays,
    write_artist_plays,
)
from datasources.stores import Stores


async def test_counts_are_set_once_and_read_back(empty_stores: Stores) -> None:
    mongo = empty_stores.mongo
    user, artist = new_id(), new_id()
    plays = [ArtistPlays(f"hetrec:1:{n}", user, artist, n + 1) for n in range(3)]
    assert await write_artist_plays(mongo, []) == PlaysWritten()
    assert await write_artist_plays(mongo, plays) == PlaysWritten(inserted=3)
    changed = [*plays[:2], ArtistPlays("hetrec:1:2", user, artist, 99)]
    assert await write_artist_plays(mongo, changed) == PlaysWritten(updated=1, unchanged=2)

    found = [one async for one in iter_artist_plays(mongo)]
    assert sorted(found, key=lambda one: one.key) == changed


async def test_more_counts_than_one_call_takes(empty_stores: Stores) -> None:
    user = new_id()
    plays = [ArtistPlays(f"hetrec:1:{n}", user, new_id(), 1) for n in range(12_000)]
    assert await write_artist_plays(empty_stores.mongo, plays) == PlaysWritten(inserted=12_000)
    assert len([one async for one in iter_artist_plays(empty_stores.mongo)]) == 12_000
