from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from datasources.diagnosis import diagnose
from datasources.redis.settings import RedisSettings
from datasources.settings import StoreSettings
from datasources.stores import Stores
from tests.plugins.databases import URLS


async def test_each_store_answers(empty_stores: Stores) -> None:
    assert len(await empty_stores.postgres.read(text("select 1"))) == 1
    await empty_stores.mongo["listens"].insert_one({"_id": "a"})
    assert await empty_stores.mongo.find_by_id("listens", ["a", "b"]) == {"a": {"_id": "a"}}
    await empty_stores.redis.client.set(empty_stores.redis.key("x"), "1")
    assert await empty_stores.redis.client.get(empty_stores.redis.key("x")) == "1"


@pytest.mark.skipif(not URLS["redis"], reason="no real Redis: set POLYPHONY_REDIS_URL")
async def test_the_doctor_says_what_a_store_answered(data_dir: Path) -> None:
    number = urlsplit(URLS["redis"] or "")._replace(path="/9999").geturl()
    settings = StoreSettings(redis=RedisSettings(url=SecretStr(number)), data_dir=data_dir)
    postgres, mongo, redis = await diagnose(settings)
    assert (postgres.kind, mongo.kind, redis.kind) == ("embedded", "embedded", "server")
    assert mongo.problem is None
    assert "DB index is out of range" in (redis.problem or "")
    assert "POLYPHONY_REDIS_URL" in (redis.advice or "")
