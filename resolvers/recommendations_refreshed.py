"""New lists for the caller: the subscription `recommendationsRefreshed`.

The list in MongoDB is what is told, and the version of its model is the cursor; Redis only says
that a training run has ended. The latest wins: of two runs, the last one is told.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from time import monotonic
from uuid import UUID

import structlog

from datasources.errors import StoreError, StoreUnavailable
from datasources.loaders.recommendations import PersonalModelOfUser
from datasources.loaders.users import UserById
from datasources.records.recommendations import ModelRecord
from datasources.redis.event_log import Cursor, parse_cursor
from datasources.redis.live import announce
from datasources.redis.mailbox import Mailbox
from datasources.stores import Stores
from resolvers.context import RequestContext
from resolvers.errors import BadCursor, Forbidden
from resolvers.live import MAX_AGE_S, Live
from resolvers.signed_in import signed_in

log = structlog.get_logger(__name__)

TOPIC = "recommendations"
_RETRY_S = 0.3


@dataclass(frozen=True, slots=True)
class RefreshedTold:
    """A person's list is new: the model that made it, and the place behind this event."""

    user_id: UUID
    model: ModelRecord

    @property
    def seq(self) -> int:
        """The version of the model."""
        return self.model.version

    @property
    def cursor(self) -> str:
        """The place behind it."""
        return str(Cursor(_topic_of(self.user_id), "", self.model.version))


async def tell_refreshed(stores: Stores) -> None:
    """Let those who listen know that lists were written. Fails open: the lists are there."""
    try:
        await announce(stores.redis, TOPIC)
    except StoreError as error:
        log.warning("nobody was told of new recommendations", store=error.store)


async def recommendations_refreshed(
    context: RequestContext, after: str | None = None
) -> AsyncIterator[RefreshedTold]:
    """Return the caller's new lists, behind a cursor or from now on.

    Raises:
        Unauthenticated: nobody is signed in.
        BadCursor: the cursor is none of this person's, or of a version that there was not yet.
        Forbidden: their account is gone; this may end it later, too.
        StoreUnavailable, StoreTimeout: Redis or MongoDB did not answer, now or later.
    """
    user_id = signed_in(context)
    if context.live is None:
        raise TypeError("this context has no live updates")
    await context.live.reader.ready()
    current = await _current(context.live, user_id, monotonic())
    newest = 0 if current is None else current.version
    start = context.resume_from or after
    since = newest if start is None else _version(user_id, start)
    if since > newest:
        raise BadCursor("`after` is a version that there has not been.")
    return _updates(context.live, user_id, since)


async def _updates(live: Live, user_id: UUID, since: int) -> AsyncIterator[RefreshedTold]:
    await live.reader.ready()
    with live.reader.subscribed([TOPIC]) as mailbox:
        unread_since: float | None = monotonic()  # a run may have ended before we listened
        while True:
            if mailbox.lost:
                raise StoreUnavailable("redis", "the live stream does not answer")
            heard = _heard_at(mailbox)
            unread_since = unread_since or heard
            if unread_since is None:
                await mailbox.wait(None)
                continue
            try:
                current = await _current(live, user_id, heard or unread_since)
            except StoreError:
                if monotonic() - unread_since > MAX_AGE_S:
                    raise
                await mailbox.wait(_RETRY_S)
                continue
            unread_since = None
            if current is not None and current.version > since:
                since = current.version
                yield RefreshedTold(user_id, current)


def _heard_at(mailbox: Mailbox) -> float | None:
    """Return when it was heard of new lists, or that this may have been missed."""
    events = mailbox.take([TOPIC])
    if mailbox.missed:
        mailbox.missed = False
        return monotonic()
    return events[-1].received_at if events else None


async def _current(live: Live, user_id: UUID, since: float) -> ModelRecord | None:
    """Return the model of a person's list, as it is after a moment; one read for all of them."""
    loaders = live.generation_since(since).loaders

    async def read() -> ModelRecord | None:
        model = await loaders.of(PersonalModelOfUser).load(user_id)
        person = await loaders.of(UserById).load(user_id)  # after it: who is gone is told nothing
        if person is None:
            raise Forbidden("This account is gone.")
        return model

    return await live.shared(read())


def _topic_of(user_id: UUID) -> str:
    return f"{TOPIC}:{user_id}"


def _version(user_id: UUID, after: str) -> int:
    cursor = parse_cursor(_topic_of(user_id), after)
    if cursor is None:
        raise BadCursor("`after` is not a cursor of your recommendations.")
    return cursor.seq
