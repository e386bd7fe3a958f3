"""Computed recommendations and the models behind them, as training leaves and readers find them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pymongo import ReturnDocument

from datasources.mongo.client import Document, Mongo, our_errors
from datasources.mongo.collections import (
    MODELS,
    SIMILAR_ARTISTS,
    SIMILAR_TRACKS,
    USER_RECOMMENDATIONS,
)
from datasources.mongo.ready import remove_before, replace_documents
from datasources.records.recommendations import (
    ModelRecord,
    Neighbours,
    PersonalEntry,
    PersonalList,
)


class Lists(StrEnum):
    """The collections of recommendations."""

    SIMILAR_ARTISTS = SIMILAR_ARTISTS
    SIMILAR_TRACKS = SIMILAR_TRACKS
    PERSONAL = USER_RECOMMENDATIONS


# --- reading ------------------------------------------------------------------------------------


async def fetch_similar_artists(mongo: Mongo, ids: Sequence[UUID]) -> Mapping[UUID, Neighbours]:
    """Return the artists near each artist (`similar_artists`); one without any is absent."""
    return await _fetch_neighbours(mongo, SIMILAR_ARTISTS, ids)


async def fetch_similar_tracks(mongo: Mongo, ids: Sequence[UUID]) -> Mapping[UUID, Neighbours]:
    """Return the tracks near each track (`similar_tracks`); one without any is absent."""
    return await _fetch_neighbours(mongo, SIMILAR_TRACKS, ids)


async def _fetch_neighbours(
    mongo: Mongo, collection: str, ids: Sequence[UUID]
) -> Mapping[UUID, Neighbours]:
    if not ids:
        return {}
    found = await mongo.find_by_id(collection, [str(id_) for id_ in ids])
    return {
        (id_ := UUID(one["_id"])): Neighbours(
            id_, one["name"], list(map(UUID, one["ids"])), one["scores"], _model(one["model"])
        )
        for one in found.values()
    }


async def fetch_personal(mongo: Mongo, users: Sequence[UUID]) -> Mapping[UUID, PersonalList]:
    """Return each person's tracks (`user_recommendations`); one without any is absent."""
    found = await mongo.find_by_id(USER_RECOMMENDATIONS, [str(user) for user in users])
    return {
        (user := UUID(one["_id"])): PersonalList(
            user,
            [PersonalEntry(UUID(e["id"]), e["score"], e["because"]) for e in one["entries"]],
            _model(one["model"]),
        )
        for one in found.values()
    }


async def fetch_personal_models(mongo: Mongo, users: Sequence[UUID]) -> Mapping[UUID, ModelRecord]:
    """Return the model that made each person's list (`user_recommendations`), without the list."""
    ids = [str(user) for user in users]
    async with mongo.answering():
        cursor = mongo[USER_RECOMMENDATIONS].find(
            {"_id": {"$in": ids}}, {"model": 1}, batch_size=len(ids) + 1
        )
        found = await cursor.to_list(None)
    return {UUID(one["_id"]): _model(one["model"]) for one in found}


async def fetch_scales(mongo: Mongo, name: str | None) -> Mapping[str, float]:
    """Return the standard deviation of each feature that a model saw (`models`), or nothing."""
    if name is None:
        return {}
    found = await mongo.find_by_id(MODELS, [name])
    scales: dict[str, float] = found.get(name, {}).get("scales", {})
    return scales


# --- writing ------------------------------------------------------------------------------------


async def reserve_model(mongo: Mongo, name: str, now: datetime) -> ModelRecord:
    """Return a model with the next version; of two runs at once, each gets its own (`models`).

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    async with our_errors():
        found = await mongo[MODELS].find_one_and_update(
            {"_id": name},
            {"$inc": {"reserved": 1}},
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
    return ModelRecord(name, found["reserved"], now.replace(microsecond=0))


async def write_neighbours(mongo: Mongo, lists: Lists, neighbours: Iterable[Neighbours]) -> None:
    """Write lists of neighbours in place of those of the same entities."""
    documents = [
        {
            "_id": str(one.id),
            "model": _document(one.model),
            "name": one.name,
            "ids": [str(id_) for id_ in one.ids],
            "scores": list(one.scores),
        }
        for one in neighbours
    ]
    await replace_documents(mongo, lists.value, documents)


async def write_personal(mongo: Mongo, personal: Iterable[PersonalList]) -> None:
    """Write people's lists in place of the ones they have (`user_recommendations`)."""
    documents = [
        {
            "_id": str(one.user_id),
            "model": _document(one.model),
            "entries": [
                {"id": str(entry.track_id), "score": entry.score, "because": entry.because}
                for entry in one.entries
            ],
        }
        for one in personal
    ]
    await replace_documents(mongo, Lists.PERSONAL.value, documents)


async def publish_model(
    mongo: Mongo,
    model: ModelRecord,
    lists: Iterable[Lists],
    scales: Mapping[str, float] | None = None,
) -> None:
    """Say that a model is the current one (`models`), and remove what older versions left.

    Each list is one document with its model: readers meet old lists and new ones while a model is
    written, but never a list of both.
    """
    fields = _document(model) | ({"scales": dict(scales)} if scales else {})
    async with our_errors():
        await mongo[MODELS].update_one({"_id": model.name}, {"$set": fields}, upsert=True)
    for one in lists:
        await remove_before(mongo, one.value, "model.version", model.version)


def _document(model: ModelRecord) -> Document:
    return {"name": model.name, "version": model.version, "trained_at": model.trained_at}


def _model(document: Document) -> ModelRecord:
    return ModelRecord(document["name"], document["version"], document["trained_at"])
