"""The MongoDB client, and its errors in our words."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorCollection, AsyncIOMotorDatabase
from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    ConnectionFailure,
    DuplicateKeyError,
    PyMongoError,
)

from datasources.breaker import Breaker
from datasources.errors import StoreTimeout, StoreUnavailable
from datasources.mongo.settings import MongoSettings
from datasources.timing import store_call

STORE = "mongo"

_GRACE_S = 0.2  # for the driver to say itself what is wrong
_NOT_ALLOWED = {13, 18}  # server codes: no right to do this, wrong user or password

Document = dict[str, Any]
Collection = AsyncIOMotorCollection[Document]


class Mongo:
    """One database. Collections are got by name: `mongo["listens"]`."""

    def __init__(
        self,
        client: AsyncIOMotorClient[Document],
        database: AsyncIOMotorDatabase[Document],
        timeout_s: float | None = None,
    ) -> None:
        self.client = client
        self.database = database
        self._timeout_s = timeout_s
        self._breaker = Breaker(STORE)

    def __getitem__(self, collection: str) -> Collection:
        return self.database[collection]

    @asynccontextmanager
    async def answering(self) -> AsyncIterator[None]:
        """Run one read of a request: in time, and not at all where the last one waited in vain.

        The driver's own time-out begins when one of its few threads takes a call up; this one
        begins now.

        Raises:
            StoreUnavailable, StoreTimeout: the store did not answer.
        """
        with store_call():
            async with self._breaker.guard(), our_errors(), asyncio.timeout(self._timeout_s):
                yield

    async def find_by_id(self, collection: str, ids: list[str]) -> dict[str, Document]:
        """Return documents by `_id`; one round trip, a missing id absent.

        Raises:
            StoreUnavailable, StoreTimeout: the store did not answer.
        """
        async with self.answering():
            # All in the first batch: by default a cursor asks again after 101 documents.
            cursor = self[collection].find({"_id": {"$in": ids}}, batch_size=len(ids) + 1)
            found = await cursor.to_list(None)
        return {document["_id"]: document for document in found}

    async def version(self) -> str:
        """Return the server's version (`buildInfo`).

        Raises:
            StoreUnavailable, StoreTimeout: the store did not answer.
        """
        async with self.answering():
            info = await self.client.server_info()
        return str(info["version"])

    async def close(self) -> None:
        """Close all connections."""
        self.client.close()


def open_mongo(url: str, settings: MongoSettings) -> Mongo:
    """Return a client; the first operation connects. The database is the one that the URL names.

    Raises:
        StoreUnavailable: this is no address of MongoDB.
    """
    timeout_ms = int(settings.timeout_s * 1000)
    try:
        client: AsyncIOMotorClient[Document] = AsyncIOMotorClient(
            url,
            timeoutMS=timeout_ms,
            serverSelectionTimeoutMS=timeout_ms,
            connectTimeoutMS=timeout_ms,
            heartbeatFrequencyMS=1000,
            tz_aware=True,
            w="majority",
            appname="polyphony",
        )
        database = client.get_default_database("polyphony")
    except (PyMongoError, TypeError, ValueError) as error:
        raise StoreUnavailable(STORE, str(error)) from error
    return Mongo(client, database, settings.timeout_s + _GRACE_S)


@asynccontextmanager
async def our_errors() -> AsyncIterator[None]:
    """Turn the driver's connection errors into ours; others are defects and pass."""
    try:
        yield
    except (BulkWriteError, DuplicateKeyError):
        raise
    except TimeoutError as error:
        raise StoreTimeout(STORE) from error
    except PyMongoError as error:
        if error.timeout:
            raise StoreTimeout(STORE) from error
        no_connection = isinstance(error, (ConnectionFailure, ConfigurationError))
        if no_connection or getattr(error, "code", None) in _NOT_ALLOWED:
            raise StoreUnavailable(STORE, str(error)) from error
        raise
