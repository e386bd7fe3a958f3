"""Whether the stores hold anything yet: a sample is for empty ones only."""

from sqlalchemy import exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from datasources.mongo.client import Mongo, our_errors
from datasources.mongo.collections import ARTIST_PLAYS, LISTENS
from datasources.postgres.tables import albums, artists, genres, playlists, tracks, users

_LOCK = 0x706F6C79  # "poly": whoever fills an empty database holds it


async def claim_empty(connection: AsyncConnection) -> bool:
    """Return whether there are no people and no catalogue in PostgreSQL.

    Others that ask meanwhile wait until this transaction has ended, so only one may fill it.
    """
    await connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    holders = (users, artists, albums, tracks, genres, playlists)
    anything = select(or_(*(exists(select(table.c.id)) for table in holders)))
    return not (await connection.execute(anything)).scalar_one()


async def no_listening(mongo: Mongo) -> bool:
    """Return whether MongoDB has neither listens nor play counts (`listens`, `artist_plays`).

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    async with our_errors():
        for collection in (LISTENS, ARTIST_PLAYS):
            if await mongo[collection].find_one({}, {"_id": 1}) is not None:
                return False
    return True
