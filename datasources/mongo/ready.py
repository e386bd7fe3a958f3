"""Ready documents: replaced as wholes, and removed once a later run has not written them."""

from collections.abc import Sequence

from pymongo import ReplaceOne

from datasources.mongo.client import Document, Mongo, our_errors

_DOCUMENTS_AT_ONCE = 1_000  # of up to some kilobytes each


async def replace_documents(mongo: Mongo, collection: str, documents: Sequence[Document]) -> None:
    """Write documents by their `_id`, in place of what is there."""
    for start in range(0, len(documents), _DOCUMENTS_AT_ONCE):
        writes = [
            ReplaceOne({"_id": document["_id"]}, document, upsert=True)
            for document in documents[start : start + _DOCUMENTS_AT_ONCE]
        ]
        async with our_errors():
            await mongo[collection].bulk_write(writes, ordered=False)


async def written_since(mongo: Mongo, collection: str, documents: Sequence[Document]) -> set[str]:
    """Return the ids of those documents that others wrote after the run of these began."""
    if not documents:
        return set()
    ids, run = [one["_id"] for one in documents], documents[0]["run"]
    async with our_errors():
        wanted = {"_id": {"$in": ids}, "run": {"$gt": run}}
        found = mongo[collection].find(wanted, {"_id": 1}, batch_size=len(ids) + 1)
        return {one["_id"] for one in await found.to_list(None)}


async def remove_before(mongo: Mongo, collection: str, field: str, value: object) -> None:
    """Remove the documents of earlier runs: those whose `field` is less."""
    async with our_errors():
        await mongo[collection].delete_many({field: {"$lt": value}})
