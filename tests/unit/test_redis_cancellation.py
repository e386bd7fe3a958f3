"""A cancellation that the driver of Redis loses is heeded all the same."""

import asyncio
from contextlib import suppress

import pytest

from datasources.embedded.redis import open_embedded_redis
from datasources.redis.client import Redis
from datasources.redis.settings import RedisSettings


@pytest.fixture
def redis() -> Redis:
    """A client whose breaker knows of no trouble yet."""
    return open_embedded_redis(RedisSettings())


async def _loses(begun: asyncio.Event) -> None:
    begun.set()
    with suppress(asyncio.CancelledError):
        await asyncio.Event().wait()


@pytest.mark.parametrize("error", [None, OSError()])
async def test_who_is_cancelled_ends(redis: Redis, error: OSError | None) -> None:
    begun = asyncio.Event()
    went_on = False

    async def command() -> None:
        nonlocal went_on
        async with redis.answering():
            await _loses(begun)
            if error is not None:
                raise error
        went_on = True

    task = asyncio.create_task(command())
    await begun.wait()
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert not went_on


async def test_what_is_tidied_up_after_a_cancellation_is_done(redis: Redis) -> None:
    begun, tidied = asyncio.Event(), False

    async def command() -> None:
        nonlocal tidied
        try:
            begun.set()
            await asyncio.Event().wait()
        finally:
            async with redis.answering():
                await asyncio.sleep(0)
            tidied = True

    task = asyncio.create_task(command())
    await begun.wait()
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert tidied
