import asyncio
import random
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from pymongo import ReplaceOne, UpdateOne

from datasources.embedded.mongo import open_embedded_mongo

PLAIN_PROGRAM = """
import asyncio
from datasources.embedded import mongo
mongo.quicken_mock = lambda: None
from tests.unit.test_embedded_mongo_speed import answers
print(asyncio.run(answers()))
"""
ODD: list[Any] = [None, True, 7, 7.5, "7", ["x", "b"], {"a": 1}, b"7"]
FILTERS: list[dict[str, Any]] = [
    {},
    {"user": "b"},
    {"user": {"$gt": "a", "$lte": "c"}, "counted": True},
    {"odd": None},
    {"odd": 7},
    {"odd": "x"},
    {"odd": True},
    {"odd": {"$gte": 7}},
    {"odd": {}},
    {"deep.n": 3},
    {"deep": {"n": 3}},
    {"missing": {"$exists": False}, "user": "a"},
    {"$or": [{"user": "a"}, {"odd": 7}]},
    {"at": {"$lt": datetime(2025, 1, 1, 12, tzinfo=UTC)}},
    {"user": {"$in": ["a", "c"]}, "n": {"$ne": 4}},
]
GROUPS: list[dict[str, Any]] = [
    {"_id": "$user", "plays": {"$sum": 1}},
    {"_id": {"$concat": ["$user", ":", "$_id"]}, "plays": {"$sum": 1}},
    {"_id": "$user", "plays": {"$sum": "$n"}},
    {"_id": "$odd", "plays": {"$sum": 1}},
    {"_id": "$missing", "plays": {"$sum": 1}},
    {"_id": "$deep.n", "plays": {"$sum": 1}},
    {"_id": None, "plays": {"$sum": 1}},
    {"_id": "$user", "plays": {"$sum": 1}, "most": {"$max": "$n"}},
]


async def answers() -> list[str]:
    """Write and read in many ways; return all that the embedded MongoDB answers."""
    source = random.Random(7)  # noqa: S311  it is to be foreseeable
    mongo = open_embedded_mongo()
    docs = mongo.client["speed"]["docs"]
    documents: list[dict[str, Any]] = [
        {
            "_id": f"{i:03}",
            "user": source.choice("abcd"),
            "n": source.randrange(6),
            "counted": source.random() < 0.8,
            "at": datetime(2025, 1, 1, tzinfo=timezone(timedelta(hours=2)))
            + timedelta(hours=i, microseconds=1234),
            "odd": ODD[i % len(ODD)],
            "deep": {"n": i % 5, "list": [{"at": datetime(2025, 1, 1, tzinfo=UTC), "v": [i]}]},
        }
        for i in range(60)
    ]
    said: list[object] = []
    for half in (documents[:40], documents[20:]):
        upserts = [UpdateOne({"_id": d["_id"]}, {"$setOnInsert": d}, upsert=True) for d in half]
        said.append((await docs.bulk_write(upserts, ordered=False)).bulk_api_result)
    replaced = [{**d, "n": 50} for d in documents[:3]] + [{"_id": "new", "user": "d", "n": 1}]
    writes = [ReplaceOne({"_id": d["_id"]}, d, upsert=True) for d in replaced]
    said.append((await docs.bulk_write(writes, ordered=False)).bulk_api_result)
    for update in ({"$inc": {"n": 2}}, {"$setOnInsert": {"deep.n": 1}}, {"$set": {"user": "e"}}):
        result = await docs.update_one({"_id": f"up{len(said)}"}, update, upsert=True)
        said.append((result.matched_count, result.modified_count, result.upserted_id))
    for spec in FILTERS:
        found = await docs.find(spec).sort([("n", -1), ("at", 1), ("_id", 1)]).to_list(None)
        page = await docs.find(spec, {"user": 1}).sort("_id", 1).skip(2).limit(3).to_list(None)
        said.append((spec, found, page))
    said.append(await docs.find().sort([("odd", 1), ("_id", -1)]).to_list(None))
    for group in GROUPS:
        stages: list[dict[str, Any]] = [{"$group": group}, {"$sort": {"_id": 1}}]
        said.append(await docs.aggregate(stages).to_list(None))
        stages = [{"$match": {"counted": True}}, *stages, {"$limit": 3}]
        said.append(await docs.aggregate(stages).to_list(None))
    documents[5]["deep"]["list"].append("changed after it was written")
    first = await docs.find_one({"_id": "005"})
    assert first is not None
    first["deep"]["list"].append("changed after it was read")
    said.append(await docs.find_one({"_id": "005"}))
    await mongo.client.drop_database("speed")
    return [repr(one) for one in said]


def test_the_repaired_mock_answers_as_the_mock_does() -> None:
    plain = subprocess.run(  # noqa: S603  our own program
        [sys.executable, "-c", PLAIN_PROGRAM], capture_output=True, text=True, check=True
    )
    assert str(asyncio.run(answers())) == plain.stdout.strip()
