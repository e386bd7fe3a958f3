from sqlalchemy import text

from datasources.stores import Stores


async def test_each_store_answers(empty_stores: Stores) -> None:
    assert len(await empty_stores.postgres.read(text("select 1"))) == 1
    await empty_stores.mongo["listens"].insert_one({"_id": "a"})
    assert await empty_stores.mongo.find_by_id("listens", ["a", "b"]) == {"a": {"_id": "a"}}
    await empty_stores.redis.client.set(empty_stores.redis.key("x"), "1")
    assert await empty_stores.redis.client.get(empty_stores.redis.key("x")) == "1"
