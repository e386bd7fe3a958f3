"""Addresses that cannot be: each store says so itself, and nothing crashes."""

import pytest
from pydantic import SecretStr
from pymongo.errors import ConfigurationError, OperationFailure
from redis.exceptions import AuthenticationError, ResponseError

from datasources.diagnosis import wrong_addresses
from datasources.errors import StoreUnavailable
from datasources.health import _check
from datasources.mongo.client import open_mongo
from datasources.mongo.client import our_errors as mongo_errors
from datasources.mongo.settings import MongoSettings
from datasources.redis.client import open_redis
from datasources.redis.client import our_errors as redis_errors
from datasources.redis.settings import RedisSettings
from datasources.settings import StoreSettings
from datasources.stores import Stores

MONGO_URLS = ["mongodb://h:99999/x", "mongodb://u:p@h@x/x", "mongodb://h/x?authMechanism=PLAIN"]
REDIS_URLS = ["redis://h:99999/0", "redis://h/?foo=1", "redis://h/?socket_timeout=abc"]


@pytest.mark.parametrize("url", MONGO_URLS)
def test_no_address_of_mongo(url: str) -> None:
    with pytest.raises(StoreUnavailable):
        open_mongo(url, MongoSettings(url=None))


@pytest.mark.parametrize("url", REDIS_URLS)
def test_no_address_of_redis(url: str) -> None:
    with pytest.raises(StoreUnavailable):
        open_redis(url, RedisSettings(url=None))


async def test_the_doctor_is_told_of_each() -> None:
    settings = StoreSettings(
        mongo=MongoSettings(url=SecretStr(MONGO_URLS[0])),
        redis=RedisSettings(url=SecretStr(REDIS_URLS[1])),
    )
    wrong = await wrong_addresses(settings)
    assert {store: one.ok for store, one in wrong.items()} == {"mongo": False, "redis": False}
    assert await wrong_addresses(StoreSettings()) == {}


@pytest.mark.parametrize(
    "error", [OperationFailure("no", 13), OperationFailure("no", 18), ConfigurationError("no")]
)
async def test_a_mongo_that_does_not_want_us(error: Exception) -> None:
    with pytest.raises(StoreUnavailable):
        async with mongo_errors():
            raise error


@pytest.mark.parametrize(
    "error", [ResponseError("DB index is out of range"), AuthenticationError("no")]
)
async def test_a_redis_that_does_not_want_us(error: Exception) -> None:
    with pytest.raises(StoreUnavailable):
        async with redis_errors():
            raise error


async def test_health_reports_whatever_is_wrong() -> None:
    async def ask(_: Stores) -> str:
        raise RuntimeError("odd")

    nothing: Stores = Stores.__new__(Stores)
    health = await _check("mongo", nothing, ask)
    assert health.problem == "RuntimeError: odd"


def test_a_password_with_a_slash_is_not_shown() -> None:
    with pytest.raises(StoreUnavailable) as redis:
        open_redis("redis://:hunter2/x@h/0", RedisSettings(url=None))
    with pytest.raises(StoreUnavailable) as mongo:
        open_mongo("mongodb://u:hunter2/x@h/x", MongoSettings(url=None))
    assert "hunter2" not in f"{redis.value} {mongo.value}"
