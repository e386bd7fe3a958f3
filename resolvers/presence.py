"""Who looks at a playlist: the subscription `presence`. Whoever follows it, looks.

The latest wins: who is slow is told who looks now, and nothing of who came and went.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from time import monotonic
from uuid import UUID, uuid4

from datasources.errors import StoreError, StoreUnavailable
from datasources.loaders.batch import Loaders
from datasources.loaders.playlist_history import StandingOf
from datasources.loaders.users import SeenUserById
from datasources.records.external_ids import EntityKind
from datasources.redis.mailbox import Mailbox
from datasources.redis.presence import (
    BEAT_S,
    Looking,
    look,
    look_away,
    presence_topic,
    read_presence,
)
from resolvers.context import RequestContext
from resolvers.errors import NotFound
from resolvers.ids import parse_id_of
from resolvers.live import Lag, Live, OfEvent, Shared
from resolvers.permission import check_kind, listeners_shown
from resolvers.playlist_access import may_read
from resolvers.playlist_changed import GONE
from resolvers.stream_rights import Access, Rights

_RETRY_S = 0.3
_SEEN_FOR_S = 1.0  # people are shown by what was read of them so long ago at most


@dataclass(frozen=True, slots=True)
class PresenceTold:
    """Who looks at a playlist: those who show themselves to the subscriber, and how many more."""

    playlist_id: UUID
    user_ids: Sequence[UUID]
    others: int


Update = PresenceTold | OfEvent[PresenceTold] | Lag


async def presence(context: RequestContext, playlist_id: str) -> AsyncIterator[Update]:
    """Return who looks at a playlist, now and whenever that changes; the caller looks meanwhile.

    Raises:
        BadUserInput: that is no id of a playlist.
        Unauthenticated, Forbidden: the credential does not cover playlists.
        NotFound: it is not there for the caller.
        Forbidden: it is not any more.
        StoreUnavailable, StoreTimeout: Redis or PostgreSQL did not answer. These may come later,
            too, and end it.
    """
    check_kind(context, EntityKind.PLAYLIST)
    id_ = parse_id_of(EntityKind.PLAYLIST, playlist_id)
    principal = context.principal
    if context.live is None:
        raise TypeError("this context has no live updates")

    async def decide(loaders: Loaders) -> bool:
        return may_read(principal, await loaders.of(StandingOf).load((id_, principal.user_id)))

    if not await decide(context.loaders):
        raise NotFound("There is no such playlist.")
    await context.live.reader.ready()
    rights = Rights(context.live, Access(decide, ("playlist", id_, principal.user_id), GONE))
    await rights.decide(context.loaders, monotonic())
    return _Watch(context, context.live, id_, rights).updates()


class _Watch:
    """One subscription: a pair of eyes on a playlist, and whom it was told of."""

    def __init__(
        self, context: RequestContext, live: Live, playlist_id: UUID, rights: Rights
    ) -> None:
        self._context = context
        self._live = live
        self._playlist_id = playlist_id
        self._rights = rights
        self._topic = presence_topic(playlist_id)
        self._subscription = uuid4().hex
        self._beat_at = 0.0
        self._told: PresenceTold | None = None

    async def updates(self) -> AsyncIterator[Update]:
        """Yield who looks, until an error ends it."""
        await self._live.reader.ready()  # whoever listens earlier may be told of an earlier break
        with self._live.reader.subscribed([self._topic]) as mailbox:
            try:
                while True:
                    if mailbox.lost:
                        raise StoreUnavailable("redis", "the live stream does not answer")
                    if mailbox.missed:
                        mailbox.missed, self._beat_at, self._told = False, 0.0, None
                        yield Lag()
                    told, shared = await self._next(mailbox)
                    if told is None:
                        await mailbox.wait(max(self._beat_at - monotonic(), 0.0))
                    elif told != self._told:
                        self._told = told
                        yield told if shared is None else OfEvent(told, shared)
            finally:
                await self._live.shared(self._leave())

    async def _next(self, mailbox: Mailbox) -> tuple[PresenceTold | None, Shared | None]:
        """Return who looks, where that was heard of or is to be asked; None for nothing new.

        With what the subscribers of the event share, if it was one.
        """
        if not await self._rights.hold():
            self._beat_at = monotonic() + _RETRY_S
            return None, None
        try:
            if monotonic() >= self._beat_at:
                return await self._beat(), None
            for event in mailbox.take([self._topic]):
                shared = self._live.event(event)
                await self._rights.decide_for(shared)
                looking = read_presence(event.body)
                return await self._live.shared(self._shown(looking, shared.loaders)), shared
        except StoreError:  # how long that may last, the reader and the rights say
            self._beat_at = monotonic() + _RETRY_S
        return None, None

    async def _beat(self) -> PresenceTold:
        """Look on, and look around: who shows themselves may have changed, too."""
        user_id = self._context.principal.user_id
        redis = self._context.stores.redis
        looking = await look(redis, self._playlist_id, user_id, self._subscription)
        self._beat_at = monotonic() + BEAT_S
        loaders = self._live.generation_since(monotonic() - _SEEN_FOR_S).loaders
        return await self._live.shared(self._shown(looking, loaders))

    async def _shown(self, looking: Looking, loaders: Loaders) -> PresenceTold:
        """Return what the subscriber is told: of those between whom and them is a block, nothing.

        Who shows nobody what they play is counted, and not named.
        """
        viewer = self._context.principal.user_id
        found = await loaders.of(SeenUserById).load_many(
            [(one, viewer) for one in looking.user_ids]
        )
        people = [one for one in found if one is not None]
        shown = await listeners_shown(replace(self._context, loaders=loaders), people)
        ids = tuple(one.id for one in people if one.id in shown)
        others = looking.nameless + len(people) - len(ids)
        return PresenceTold(self._playlist_id, ids, others)

    async def _leave(self) -> None:
        user_id = self._context.principal.user_id
        with suppress(StoreError):  # it is over soon by itself
            redis = self._context.stores.redis
            await look_away(redis, self._playlist_id, user_id, self._subscription)
