"""Keys that somebody found where they should not be: whoever shows the text of one ends it.

A publishable key is meant to be found: a report of one is noted for its owner, and ends nothing.
"""

from datetime import timedelta

import structlog

from auth.api_key_text import BadKeyText, KeyText, read_key
from datasources.errors import StoreError
from datasources.ids import new_id
from datasources.postgres import api_keys as stored
from datasources.postgres import audit
from datasources.records.api_keys import ApiKeyKind
from datasources.redis.attempts import Counter, reserve
from resolvers.attempts import network_of
from resolvers.audit import entry
from resolvers.context import RequestContext
from resolvers.credentials import key_changed
from resolvers.errors import InvalidInput, RateLimited
from resolvers.mails import MailTemplate, queue_mail

_PER_HOUR = 60
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)

log = structlog.get_logger(__name__)


async def report_api_key(context: RequestContext, text: str) -> None:
    """End the secret key whose text is shown, and mail its owner; who shows it learns nothing.

    A publishable key goes on, and has an entry for its owner (`securityEvents`), one a day.
    A text that was replaced, and is good for a while still, ends alone: the new one goes on.

    Raises:
        InvalidInput: it is no key, or a mistyped one; no store was asked.
        RateLimited: too many reports came from this network.
        StoreUnavailable, StoreTimeout: PostgreSQL did not answer, and nothing has changed.
    """
    try:
        key = read_key(text.strip())
    except BadKeyText:
        raise InvalidInput(("key",), "This is not the text of a key.") from None
    await _count(context)
    if key.kind is ApiKeyKind.PUBLISHABLE:
        await _note(context, key)
        return
    now = context.clock()
    async with context.stores.postgres.transaction() as connection:
        key_id = await stored.key_with_secret(connection, key.hash)
        found = None if key_id is None else await stored.lock_key(connection, key_id)
        if found is None:
            return
        if await stored.is_replaced(connection, key.hash):
            ended = await stored.end_secret(connection, key.hash, now)
        else:
            ended = await stored.revoke_key(connection, found.id, now)
        if not ended:
            return
        noted = entry(context, "reportApiKey", subject_id=found.user_id, apiKey=str(found.id))
        await audit.record(connection, noted)
        await queue_mail(
            connection, MailTemplate.API_KEY_REPORTED, user_id=found.user_id, change=key.prefix
        )
    await key_changed(context, found.user_id, found.id)


async def _note(context: RequestContext, key: KeyText) -> None:
    """Note for the owner that a publishable key was reported, once a day for each of its texts.

    Fails closed: without Redis nothing is noted, and nobody fills the audit log.
    """
    once = Counter(("key-noted", key.hash.hex()), 1)
    try:
        seen = await reserve(context.stores.redis, [once], _DAY, context.clock(), str(new_id()))
    except StoreError as error:
        log.warning("report not noted", store=error.store)
        return
    if seen.wait is not None:
        return
    async with context.stores.postgres.transaction() as connection:
        key_id = await stored.key_with_secret(connection, key.hash)
        found = None if key_id is None else await stored.lock_key(connection, key_id)
        if found is None or found.revoked_at is not None:
            return
        action, owner = "reportPublishableKey", found.user_id
        noted = entry(context, action, subject_id=owner, apiKey=str(found.id))
        await audit.record(connection, noted)


async def _count(context: RequestContext) -> None:
    """Count a report of the network that it comes from.

    Fails open: a key that leaked is ended, whether or not Redis answers.
    """
    counter = Counter(("key-reports", network_of(context.client.address)), _PER_HOUR)
    try:
        found = await reserve(
            context.stores.redis, [counter], _HOUR, context.clock(), str(new_id())
        )
    except StoreError as error:
        log.warning("report not counted", store=error.store)
        return
    if found.wait is not None:
        seconds = max(1, int(found.wait.total_seconds()))
        raise RateLimited(seconds, f"Too many reports. Try again in {seconds} seconds.")
