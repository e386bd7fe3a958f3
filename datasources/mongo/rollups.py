"""Rollups: ready documents of listening, computed anew from `listens` and `artist_plays`.

Plays that do not count (see `counts_as_play`) are left out. Each run writes whole documents with
an id of its own and then removes those of earlier runs: readers always find one of the two, and
nothing stays of what has no data any more.
"""

from datetime import datetime

from datasources.ids import new_id
from datasources.mongo.collections import (
    CHARTS,
    RECENT_LISTENS,
    TOP_ARTISTS,
    TOP_TRACKS,
    TRACK_PLAYS,
)
from datasources.mongo.ready import remove_before
from datasources.mongo.rollups_people import refresh_people
from datasources.mongo.rollups_tracks import refresh_tracks
from datasources.stores import Stores

_COLLECTIONS = (CHARTS, RECENT_LISTENS, TOP_ARTISTS, TOP_TRACKS, TRACK_PLAYS)


async def refresh_listening(stores: Stores, now: datetime) -> None:
    """Recompute play counts, charts, recent listens and tops; ranges end at `now`.

    Memory holds some thousand people's or tracks' counts at a time, never all listens.

    Raises:
        StoreUnavailable, StoreTimeout: a store did not answer; some documents may be new.
    """
    run = str(new_id())
    await refresh_tracks(stores, now, run)
    await refresh_people(stores, now, run)
    for collection in _COLLECTIONS:
        await remove_before(stores.mongo, collection, "run", run)
