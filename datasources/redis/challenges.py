"""Challenges: what was begun and waits for its second half, `challenge:<kind>:<hash of its id>`.

A challenge is a list with one equal item for each use that is left, and one that is never used:
it lets exactly one of the uses end the challenge. What is unknown makes no key.
"""

import hashlib
import secrets
from collections.abc import Mapping
from typing import Any, Final

import orjson

from datasources.redis.client import Redis

_ID_BYTES: Final = 32


async def put(
    redis: Redis, kind: str, value: Mapping[str, object], seconds: int, uses: int = 1
) -> str:
    """Keep what JSON holds for a time, and return the random id that leads to it.

    The id (256 bits, base64url) is a secret of whom it is given to; only its hash is kept.
    Fails closed.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    id_ = secrets.token_urlsafe(_ID_BYTES)
    name = _name(redis, kind, id_)
    item = orjson.dumps(value).decode()
    async with redis.answering(), redis.client.pipeline(transaction=True) as together:
        together.rpush(name, *[item] * (uses + 1))
        together.expire(name, seconds)
        await together.execute()
    return id_


async def use(redis: Redis, kind: str, id_: str) -> dict[str, Any] | None:
    """Spend one use of a challenge and return its value; None where there is none left.

    None also for one that has expired, has ended, or is of another kind. Fails closed.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    name = _name(redis, kind, id_)
    async with redis.answering(), redis.client.pipeline(transaction=True) as together:
        together.lpop(name)
        together.exists(name)
        item, uses_were_left = await together.execute()
    return orjson.loads(item) if item is not None and uses_were_left else None


async def end(redis: Redis, kind: str, id_: str) -> bool:
    """End a challenge, whatever was left of it; False where it had ended already.

    Of several that use one challenge at the same time, one gets True. Fails closed.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    async with redis.answering():
        return bool(await redis.client.delete(_name(redis, kind, id_)))


async def take(redis: Redis, kind: str, id_: str) -> dict[str, Any] | None:
    """Return the value of a challenge and end it: the first to ask gets it, others get None.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    name = _name(redis, kind, id_)
    async with redis.answering(), redis.client.pipeline(transaction=True) as together:
        together.lindex(name, 0)
        together.delete(name)
        item, _ = await together.execute()
    return orjson.loads(item) if item is not None else None


def _name(redis: Redis, kind: str, id_: str) -> str:
    digest = hashlib.sha256(id_.encode(errors="surrogatepass")).hexdigest()
    return redis.key("challenge", kind, digest)
