"""What may be shown once only: `used:<kind>:<hash of it>`, for as long as it would be believed."""

import hashlib

from datasources.redis.client import Redis


async def first_use(redis: Redis, kind: str, shown: str, seconds: int) -> bool:
    """Whether this is shown for the first time; of several at once one is the first. Fails closed.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    digest = hashlib.sha256(shown.encode(errors="surrogatepass")).hexdigest()
    async with redis.answering():
        kept = await redis.client.set(
            redis.key("used", kind, digest), "1", nx=True, ex=max(1, seconds)
        )
    return bool(kept)
