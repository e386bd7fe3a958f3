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
    """Take in that families of tokens have ended, of a person or of an app."""
    context.identity.revocations.revoke(*families)
    await look_again(context.stores, owner_id)


async def apps_ended(context: RequestContext, *apps: UUID) -> None:
    """Take in that these apps have ended, and all tokens with them."""
    if apps:
        context.identity.revocations.revoke(*apps)
        await look_again(context.stores, *apps)


async def key_changed(context: RequestContext, owner_id: UUID, key_id: UUID) -> None:
    """Take in that an API key may have ended, or one of its texts."""
    context.identity.api_keys.forget(key_id)
    await look_again(context.stores, owner_id)


async def look_again(stores: Stores, *owners: UUID) -> None:
    """Let all processes look at what these people or apps hold open, before they tell them more."""
    try:
        await announce_ending(stores.redis, *owners)
    except StoreError as error:
        log.warning("credentials are looked at later", store=error.store)
