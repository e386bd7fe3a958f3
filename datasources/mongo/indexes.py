"""Creates the indexes that `collections.py` declares."""

from datasources.mongo.client import Mongo, our_errors
from datasources.mongo.collections import INDEXES


async def ensure_indexes(mongo: Mongo) -> None:
    """Create the indexes that are missing; existing ones stay.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    async with our_errors():
        for collection, indexes in INDEXES.items():
            await mongo[collection].create_indexes(indexes)
