"""The embedded MongoDB: mongomock in the memory of this process.

It has no indexes and scans for each read. Three narrow repairs make our own access fast enough
and let current drivers talk to it; those of `mongo_speed.py` come on top. They are applied once,
when the first client is opened.
"""

from collections.abc import Iterator, Mapping
from functools import cache, wraps
from importlib import metadata
from typing import Any, cast

from mongomock import MongoClient, collection
from mongomock import aggregate as pipelines
from mongomock_motor import AsyncMongoMockClient
from motor.motor_asyncio import AsyncIOMotorClient

from datasources.embedded.mongo_speed import quicken_mock
from datasources.mongo.client import Document, Mongo

DATABASE = "polyphony"

mock: Any = collection  # it has no types


class EmbeddedMongo(Mongo):
    """A client of the embedded server, which names a version that it only imitates."""

    async def version(self) -> str:
        """Return the version of what stands in for MongoDB."""
        return f"mongomock {metadata.version('mongomock')}"


def open_embedded_mongo() -> Mongo:
    """Return a client of the embedded server; all clients of a process see the same data."""
    client = cast("AsyncIOMotorClient[Document]", AsyncMongoMockClient(mock_mongo_client=_server()))
    return EmbeddedMongo(client, client[DATABASE])


@cache
def _server() -> "MongoClient[Document]":
    _drop_sort_of_bulk_writes()
    _narrow_reads_by_id()
    _match_before_copying()
    quicken_mock()
    return MongoClient(tz_aware=True)


def _drop_sort_of_bulk_writes() -> None:
    """Current drivers pass a `sort` with each bulk update; the mock does not know it."""
    builder = mock.BulkOperationBuilder
    for name in ("add_update", "add_replace"):
        original = getattr(builder, name)

        @wraps(original)
        def without_sort(*args: object, original: Any = original, **options: object) -> object:
            options.pop("sort", None)
            return original(*args, **options)

        setattr(builder, name, without_sort)


def _narrow_reads_by_id() -> None:
    """Look at the documents that `_id` names, instead of at all."""
    original = mock.Collection._iter_documents  # noqa: SLF001  the only place to narrow a scan

    @wraps(original)
    def iter_documents(self: Any, spec: Mapping[str, Any]) -> Iterator[Document]:
        ids = _ids_in(spec)
        if ids is None:
            return cast("Iterator[Document]", original(self, spec))
        store = self._store
        named = [store[one] for one in ids if one in store]
        return (document for document in named if mock.filter_applies(spec, document))

    mock.Collection._iter_documents = iter_documents  # noqa: SLF001


def _ids_in(spec: Mapping[str, Any]) -> list[str] | None:
    wanted = spec.get("_id")
    if isinstance(wanted, str):
        return [wanted]
    if isinstance(wanted, Mapping) and set(wanted) == {"$in"}:
        return list(dict.fromkeys(wanted["$in"]))
    return None


def _match_before_copying() -> None:
    """Let a leading `$match` choose the documents before all of them are copied."""
    process_pipeline: Any = pipelines.process_pipeline  # it has no types

    def aggregate(
        self: Any, pipeline: list[Document], session: object = None, **_: object
    ) -> object:
        rest = list(pipeline)
        spec = rest.pop(0)["$match"] if rest and "$match" in rest[0] else {}
        return process_pipeline(list(self.find(spec)), self.database, rest, session)

    mock.Collection.aggregate = aggregate
