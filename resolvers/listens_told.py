"""Plays as events of a topic: what one that was stored tells to those who follow its person."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import orjson
import structlog

from datasources.errors import StoreError
from datasources.mongo.untold import mark_told, take_untold
from datasources.records.listening import ListenRecord
from datasources.redis.event_log import append
from datasources.redis.listens import listens_topic
from datasources.stores import Stores

log = structlog.get_logger(__name__)

WAITING = timedelta(seconds=15)
"""What was not told for so long has nobody who is about to: the worker tells it."""

_AT_ONCE = 200


async def tell_listens(stores: Stores, user_id: UUID, listens: Sequence[ListenRecord]) -> None:
    """Tell those who follow a person of plays that are stored; whatever goes wrong, quietly.

    What is not told now, the worker tells later. Waits for Redis once, and not at all where others
    have just waited in vain.
    """
    told: list[ListenRecord] = []
    try:
        for one in listens:
            await append(stores.redis, listens_topic(user_id), written(one))
            told.append(one)
    except StoreError as error:
        log.debug("listens are told later", store=error.store)
    try:
        if told:
            await mark_told(stores.mongo, user_id, told)
    except StoreError as error:
        log.warning("listens may be told twice", store=error.store)


async def tell_untold(stores: Stores, now: datetime) -> int:
    """Tell of the plays that have waited for long, the oldest play first; return how many.

    One may be told twice, where somebody told it and died before they noted that.

    Raises:
        StoreUnavailable, StoreTimeout: a store did not answer; what was taken is taken again.
    """
    done = 0
    while taken := await take_untold(stores.mongo, now - WAITING, now, _AT_ONCE):
        for user_id, listen in taken:
            await append(stores.redis, listens_topic(user_id), written(listen))
            await mark_told(stores.mongo, user_id, [listen])
            done += 1
    return done


def written(listen: ListenRecord) -> str:
    """Return a play as an event holds it."""
    parts = {
        "track": str(listen.track_id),
        "at": int(listen.listened_at.timestamp()),
        "ms": listen.ms_played,
        "client": listen.client,
    }
    return orjson.dumps(parts).decode()


def read_listen(payload: str) -> ListenRecord | None:
    """Return the play that an event holds; None for rubbish."""
    try:
        parts = orjson.loads(payload)
        at = datetime.fromtimestamp(parts["at"], UTC)
        return ListenRecord(UUID(parts["track"]), at, int(parts["ms"]), parts["client"])
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        return None
