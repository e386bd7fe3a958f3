"""What people play, as it changes: the subscription `nowPlaying`.

First comes what each of them plays now, then each change. Latest wins: who is slow gets the newest
state of each person, and never what was before it. Whose listening the caller may not see looks
like somebody who plays nothing.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from time import monotonic
from uuid import UUID

from datasources.errors import StoreError, StoreUnavailable
from datasources.loaders.batch import Loaders
from datasources.loaders.users import SeenUserById
from datasources.records.external_ids import EntityKind
from datasources.records.listening import NowPlayingChange, NowPlayingRecord
from datasources.redis.mailbox import Mailbox
from datasources.redis.now_playing import (
    fetch_now_playing_snapshot,
    read_now_playing,
    topic_of,
)
from resolvers.context import RequestContext
from resolvers.errors import BadUserInput, Forbidden
from resolvers.ids import at_most_max_ids, parse_id_of
from resolvers.live import MAX_AGE_S, Lag, Live, OfEvent, Shared, rights_topic
from resolvers.permission import listeners_shown

_RETRY_S = 0.3


Update = NowPlayingChange | OfEvent[NowPlayingChange] | Lag


async def now_playing_updates(
    context: RequestContext, user_ids: Sequence[str]
) -> AsyncIterator[Update]:
    """Return the updates of what these people play, once it is sure that they can be had.

    Raises:
        BadUserInput: no ids, more than 100, or one that is no person's.
        Forbidden: none of them shows the caller any more what the caller saw.
        StoreUnavailable, StoreTimeout: Redis or PostgreSQL did not answer. All of these may come
            later, too, and end the updates.
    """
    if not user_ids:
        raise BadUserInput("`userIds` names one person at least.")
    at_most_max_ids(user_ids, "userIds")
    listeners = list(dict.fromkeys(parse_id_of(EntityKind.USER, one) for one in user_ids))
    if context.live is None:
        raise TypeError("this context has no live updates")
    await context.live.reader.ready()
    watch = _Watch(context, context.live, listeners)
    await watch.decide(context.loaders)
    return watch.updates()


class _Watch:
    """One subscription: what it was told, what waits to be told, and whose listening it may see."""

    def __init__(self, context: RequestContext, live: Live, listeners: Sequence[UUID]) -> None:
        self._context = context
        self._live = live
        self._listeners = listeners
        self._topics = {topic_of(one): one for one in listeners}
        self._visible: frozenset[UUID] = frozenset()
        self._decided_at = 0.0
        self._undecided_since: float | None = None  # a change that no decision knows of yet
        self._unread: set[UUID] = set()  # whose state must be read first
        self._unread_since = 0.0
        self._retry_at: float | None = None
        self._pending: dict[UUID, tuple[NowPlayingRecord | None, Shared | None]] = {}
        self._withdrawn: list[UUID] = []
        self._shown: dict[UUID, NowPlayingRecord] = {}
        self._lagged = False

    async def updates(self) -> AsyncIterator[Update]:
        """Yield what changes, until an error ends it."""
        topics = [*self._topics, *self._rights_topics()]
        await self._live.reader.ready()  # whoever listens earlier may be told of an earlier break
        with self._live.reader.subscribed(topics) as mailbox:
            self._must_read(self._visible)
            await self._read(mailbox)
            while True:
                await self._heed(mailbox)
                update = self._next()
                if update is None:
                    await mailbox.wait(self._pause())
                else:
                    yield update

    def _rights_topics(self) -> list[str]:
        viewer = self._context.principal.user_id
        return [rights_topic(one) for one in (*self._listeners, viewer) if one is not None]

    # --- rights ---------------------------------------------------------------------------------

    async def decide(self, loaders: Loaders) -> None:
        """Decide whose listening may be seen, with these loaders."""
        asked_at = monotonic()
        before = self._visible
        self._visible = await self._live.shared(self._seen_by(loaders))
        self._decided_at = asked_at
        if self._undecided_since is not None and self._undecided_since <= asked_at:
            self._undecided_since = None
        if before and not self._visible:
            raise Forbidden("The listening of these people is not shown to you any more.")
        self._withdrawn += before - self._visible
        self._must_read(self._visible - before)

    async def _seen_by(self, loaders: Loaders) -> frozenset[UUID]:
        context = replace(self._context, loaders=loaders)
        viewer = context.principal.user_id
        people = await loaders.of(SeenUserById).load_many(
            [(one, viewer) for one in self._listeners]
        )
        return await listeners_shown(context, [one for one in people if one is not None])

    async def _decide_again(self) -> None:
        """Keep the decision where a store does not answer, as long as it is not too old."""
        generation = self._live.generation_since(self._undecided_since or 0.0)
        if self._undecided_since is None and generation.began_at <= self._decided_at:
            return
        try:
            await self.decide(generation.loaders)
        except StoreError:
            if monotonic() - self._decided_at > MAX_AGE_S:
                raise
            self._retry_at = monotonic() + _RETRY_S

    # --- state ----------------------------------------------------------------------------------

    async def _heed(self, mailbox: Mailbox) -> None:
        """Take in what happened, in the order in which it matters."""
        if mailbox.lost:
            raise StoreUnavailable("redis", "the live stream does not answer")
        now = monotonic()
        if mailbox.take(self._rights_topics()):
            self._undecided_since = now
        await self._decide_again()
        if mailbox.missed:
            mailbox.missed, self._lagged = False, True
            self._must_read(self._visible)
        if self._unread:
            try:
                await self._read(mailbox)
            except StoreError:
                if monotonic() - self._unread_since > MAX_AGE_S:
                    raise
                self._retry_at = monotonic() + _RETRY_S
        for event in mailbox.take(self._topics):
            record = read_now_playing(event.body)
            self._pending[self._topics[event.topic]] = record, self._live.event(event)

    def _must_read(self, users: Iterable[UUID]) -> None:
        if not self._unread:
            self._unread_since = monotonic()
        self._unread.update(users)

    async def _read(self, mailbox: Mailbox) -> None:
        """Read the state of all who need it; events that it holds already are dropped."""
        users = list(self._unread)
        if users:
            found = await fetch_now_playing_snapshot(self._context.stores.redis, users)
            mailbox.drop_through([topic_of(one) for one in users], found.epoch, found.seq)
            self._pending.update({one: (found.playing.get(one), None) for one in users})
        self._unread.difference_update(users)

    def _next(self) -> Update | None:
        """Return what is to be told next, None for nothing yet."""
        if self._lagged:
            self._lagged = False
            return Lag()
        while self._withdrawn:
            user = self._withdrawn.pop()
            if self._shown.pop(user, None) is not None:
                return NowPlayingChange(user, None)
        if self._undecided_since is not None or monotonic() - self._decided_at > MAX_AGE_S:
            return None
        now = self._context.clock()
        over = {one: (None, None) for one, record in self._shown.items() if record.ends_at <= now}
        for user, (record, shared) in (over | self._pending).items():
            self._pending.pop(user, None)
            told = record if record is not None and record.ends_at > now else None
            if user in self._visible and self._shown.get(user) != told:
                change = self._tell(user, told)
                return change if shared is None else OfEvent(change, shared)
        return None

    def _tell(self, user: UUID, record: NowPlayingRecord | None) -> NowPlayingChange:
        if record is None:
            self._shown.pop(user, None)
        else:
            self._shown[user] = record
        return NowPlayingChange(user, record)

    def _pause(self) -> float | None:
        """Return for how long there is nothing to do but to wait for the mailbox."""
        now = self._context.clock()
        ends = min((one.ends_at for one in self._shown.values()), default=None)
        pauses = [] if ends is None else [max((ends - now) / timedelta(seconds=1), 0.0)]
        if self._retry_at is not None:
            pauses.append(max(self._retry_at - monotonic(), 0.0))
            self._retry_at = None
        return min(pauses, default=None)
