"""What follows when credentials end: this process knows at once, the others before they go on.

For after the commit that ended them. Where Redis does not answer, what is held open is looked at
every few seconds anyway (`gateway/graphql/rights_watch.py`). Sessions in cookies lie in Redis: what
ends them there tells of it.
"""

from uuid import UUID

import structlog

from datasources.errors import StoreError
from datasources.redis.credentials import announce_ending
from datasources.stores import Stores
from resolvers.context import RequestContext

log = structlog.get_logger(__name__)


async def tokens_ended(context: RequestContext, owner_id: UUID, *families: UUID) -> None:
    """Take in that families of tokens have ended, or, by its id, all that an app has.

    `owner_id` is the person they are of, or that app.
    """
    context.identity.revocations.revoke(*families)
    await look_again(context.stores, owner_id)


async def key_changed(context: RequestContext, owner_id: UUID, key_id: UUID) -> None:
    """Take in that an API key may have ended, or one of its texts."""
    context.identity.api_keys.forget(key_id)
    await look_again(context.stores, owner_id)


async def look_again(stores: Stores, owner_id: UUID) -> None:
    """Let all processes look at what a person or app holds open, before they tell them more."""
    try:
        await announce_ending(stores.redis, owner_id)
    except StoreError as error:
        log.warning("credentials are looked at later", store=error.store)
