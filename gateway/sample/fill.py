"""Fills empty stores with the sample."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from datasources.contents import claim_empty, no_listening
from datasources.mongo.listens import write_listens
from datasources.mongo.rollups import refresh_listening
from datasources.postgres.bulk import copy_rows
from datasources.postgres.import_turns import settle_tables
from datasources.postgres.notifications import write_notification
from datasources.postgres.tracks import fetch_tracks_by_ids
from datasources.postgres.users import fetch_users_by_ids
from datasources.redis.now_playing import put_now_playing
from datasources.stores import Stores
from gateway.sample.catalogue import Catalogue, sample_catalogue
from gateway.sample.listening import make_listens, make_now_playing
from gateway.sample.notifications import make_notifications
from gateway.training import train


class Found(Enum):
    """What PostgreSQL held before."""

    NOTHING = "nothing: it has been filled"
    THE_SAMPLE = "the sample: it has been left as it was"
    OTHER_DATA = "other data: it has been left alone, and nothing was written anywhere"


@dataclass(frozen=True, slots=True)
class SampleSummary:
    """What a filling met and wrote. The counts are those of the sample, written or not."""

    found: Found
    artists: int
    tracks: int
    playlists: int
    people: int
    listens_written: int


async def fill_sample(
    stores: Stores, now: datetime, report: Callable[[str], None] = lambda _: None
) -> SampleSummary:
    """Put the sample into stores that are empty; say what was found and written.

    PostgreSQL is filled in one transaction, only when it has no people and no catalogue. Listens
    of the year before `now`, what is computed from them, and what some people play at this moment
    are written only where PostgreSQL holds the sample and MongoDB no listening. `report` is told
    each step.

    Raises:
        StoreUnavailable, StoreTimeout: a store did not answer; filling may be tried again.
    """
    report("inventing music and people")
    catalogue = sample_catalogue()
    found = await _fill_postgres(stores, catalogue, now, report)
    written = 0
    if found is not Found.OTHER_DATA and await no_listening(stores.mongo):
        written = await _fill_listening(stores, catalogue, now, report)
    return SampleSummary(
        found=found,
        artists=len(catalogue.tables["artists"]),
        tracks=len(catalogue.tables["tracks"]),
        playlists=len(catalogue.tables["playlists"]),
        people=len(catalogue.people),
        listens_written=written,
    )


async def _fill_postgres(
    stores: Stores, catalogue: Catalogue, now: datetime, report: Callable[[str], None]
) -> Found:
    async with stores.postgres.transaction() as connection:
        if await claim_empty(connection):
            report("writing the catalogue")
            for table, rows in catalogue.tables.items():
                await copy_rows(connection, table, rows)
            for new in make_notifications(catalogue, now):
                await write_notification(connection, new)
            await settle_tables(connection)
            return Found.NOTHING
    people = [person.record.id for person in catalogue.people]
    tracks = [track.record.id for track in catalogue.tracks]
    there = await asyncio.gather(
        fetch_users_by_ids(stores.postgres, people), fetch_tracks_by_ids(stores.postgres, tracks)
    )
    complete = [len(rows) for rows in there] == [len(people), len(tracks)]
    return Found.THE_SAMPLE if complete else Found.OTHER_DATA


async def _fill_listening(
    stores: Stores, catalogue: Catalogue, now: datetime, report: Callable[[str], None]
) -> int:
    report("listening for a year")
    playing, just_before = make_now_playing(catalogue, now)
    listens = make_listens(catalogue, now) + just_before
    await write_listens(stores.mongo, listens)
    for one in playing:
        await put_now_playing(
            stores.redis, one.user_id, one.track_id, one.started_at, one.expires_s
        )
    report("counting what was played")
    await refresh_listening(stores, now)
    report("training recommendations")
    await train(stores, now)
    return len(listens)
