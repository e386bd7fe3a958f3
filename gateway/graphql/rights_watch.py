"""What sockets and streams are held open with, looked at again while they live.

Whoever ends credentials tells so in the live stream (`datasources/redis/credentials.py`). From then
on nothing is told to those whose credential may be meant, until it was looked at: what the stream
tells after the end of a credential is not told to who holds it.

That is not relied on. A token costs no store a question, all sessions of a process cost one each
two seconds, and all API keys one each three. So what is over, or was ended, ends within 5 s; where
the store cannot tell for so long, it ends, too.
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from uuid import UUID

import structlog

from auth.api_keys import NotFromHere
from auth.credentials import BadCredential, Credential, principal_of
from auth.held import still_good
from auth.identity import Identity
from auth.principal import PrincipalKind
from auth.sessions import ended_among
from datasources.errors import StoreError
from datasources.redis.credentials import CREDENTIALS
from datasources.redis.live import LiveEvent
from datasources.redis.live_reader import LiveReader
from datasources.stores import Stores
from gateway.graphql.rights import Holder, Rights
from resolvers.context import utc_now

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 1
_ASK_EVERY_S = 2
_BELIEVED_FOR_S = 4
_HEARD_FOR_S = 5
"""Who resolved a credential before its end may hold something open with it so much later."""
_MAX_ASKED_AT_ONCE = 500


@dataclass(slots=True, eq=False)
class _Asked:
    """A holder whose rights are looked at, and what was known of them before."""

    holder: Holder
    credential: Credential | None
    doubt: asyncio.Event | None

    @classmethod
    def of(cls, holder: Holder) -> "_Asked":
        return cls(holder, holder.rights.credential, holder.rights.doubt)

    @property
    def rights(self) -> Rights:
        """As they are by now."""
        return self.holder.rights

    @property
    def renewed(self) -> bool:
        """Whether it has another credential by now: the answer is about the one before."""
        return self.rights.credential is not self.credential

    def is_good(self, now: datetime) -> None:
        self.rights.asked_at = now
        self.rights.settle(self.doubt)


class RightsWatch:
    """All that is held open in a process; its task lives while there is something."""

    topics = frozenset({CREDENTIALS})

    def __init__(self) -> None:
        self._holders: set[Holder] = set()
        self._of_owner: defaultdict[UUID, set[Holder]] = defaultdict(set)
        self._doubted: set[Holder] = set()
        self._heard_at: dict[UUID, float] = {}
        self._missed_at = float("-inf")
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def listen(self, reader: LiveReader) -> None:
        """Hear of the end of credentials, while somebody of this process listens to events."""
        reader.tell_beside(self)

    def add(self, holder: Holder, identity: Identity, stores: Stores) -> None:
        """Look after a holder from now on; nobody's needs none.

        Where it is added again its rights were renewed, which are the same caller's.
        """
        if holder.rights.credential is None:
            return
        self._holders.add(holder)
        for owner in holder.rights.owners:
            self._of_owner[owner].add(holder)
        if self._heard_lately(holder.rights):
            self._doubt([holder])
        if self._task is None:
            self._task = asyncio.create_task(self._run(identity, stores))

    def remove(self, holder: Holder) -> None:
        """Look after it no more."""
        self._discard(holder)
        if not self._holders and self._task is not None:
            self._task.cancel()
            self._task = None

    # --- what the live stream tells ---------------------------------------------------------------

    def put(self, event: LiveEvent) -> None:
        """Doubt all that this person or app holds open, and look at it."""
        try:
            owner, now = UUID(event.body), monotonic()
        except ValueError:
            log.exception("whose credential has ended cannot be read")
            self.miss()
            return
        since = now - _HEARD_FOR_S
        self._heard_at = {one: at for one, at in self._heard_at.items() if at >= since}
        self._heard_at[owner] = now
        self._doubt(self._of_owner.get(owner, ()))

    def miss(self) -> None:
        """Doubt what ends with a session or key: nobody may have heard of the end of one.

        The list of revoked tokens is read all the time, and tokens live on without PostgreSQL.
        """
        self._missed_at = monotonic()
        self._doubt([one for one in self._holders if one.rights.token is None])

    def _heard_lately(self, rights: Rights) -> bool:
        """Whether it may have ended between when it was resolved and now."""
        since = monotonic() - _HEARD_FOR_S
        if rights.token is None and self._missed_at >= since:
            return True
        never = float("-inf")
        return any(self._heard_at.get(owner, never) >= since for owner in rights.owners)

    def _doubt(self, holders: Collection[Holder]) -> None:
        for holder in holders:
            holder.rights.raise_doubt()
            self._doubted.add(holder)
        if holders:
            self._woken.set()

    # --- looking ----------------------------------------------------------------------------------

    async def look(self, identity: Identity, stores: Stores, now: datetime) -> None:
        """End all whose credential is over, and those of which that cannot be told."""
        await self._look(tuple(self._holders), identity, stores, now)

    async def _run(self, identity: Identity, stores: Stores) -> None:
        """Look at all again and again, and in between at those who are in doubt, at once."""
        loop = asyncio.get_running_loop()
        due = loop.time() + LOOK_EVERY_S
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(due):
                    await self._woken.wait()
            all_are_due = loop.time() >= due
            if all_are_due:
                due = loop.time() + LOOK_EVERY_S
            holders = tuple(self._holders if all_are_due else self._doubted)
            self._woken.clear()
            self._doubted.clear()
            try:
                await self._look(holders, identity, stores, utc_now())
            except Exception:
                log.exception("rights cannot be looked at")
                self._end_unknown(holders, utc_now())

    async def _look(
        self, holders: Collection[Holder], identity: Identity, stores: Stores, now: datetime
    ) -> None:
        looked_at = [_Asked.of(holder) for holder in holders]
        tokens: list[_Asked] = []
        sessions: list[_Asked] = []
        keys: list[_Asked] = []
        others: list[_Asked] = []
        for asked in looked_at:
            rights = asked.rights
            if rights.token is not None:
                tokens.append(asked)
            elif rights.session_hash is not None:
                since_s = (now - rights.asked_at).total_seconds()
                if asked.doubt is not None or since_s >= _ASK_EVERY_S:
                    sessions.append(asked)
            elif rights.principal.kind is PrincipalKind.API_KEY:
                keys.append(asked)
            else:
                others.append(asked)
        looks = [
            self._look_at_sessions(
                sessions[start : start + _MAX_ASKED_AT_ONCE], identity, stores, now
            )
            for start in range(0, len(sessions), _MAX_ASKED_AT_ONCE)
        ]
        looks.append(self._look_at_tokens(tokens, identity, stores, now))
        looks.append(self._look_at_keys(keys, identity, stores, now))
        looks += [self._look_at(asked, identity, stores, now) for asked in others]
        for outcome in await asyncio.gather(*looks, return_exceptions=True):
            if isinstance(outcome, Exception) and not isinstance(outcome, StoreError):
                log.error("rights cannot be looked at", exc_info=outcome)
        renewed = [one.holder for one in looked_at if one.renewed and one.rights.doubt is not None]
        self._doubt([one for one in renewed if one in self._holders])
        self._end_unknown(holders, now)

    async def _look_at_tokens(
        self, tokens: Sequence[_Asked], identity: Identity, stores: Stores, now: datetime
    ) -> None:
        """Compare them with what this process has heard; it asks where one of them is in doubt."""
        sure = [asked for asked in tokens if asked.doubt is None]
        self._compare_tokens(sure, identity, now)
        if len(sure) < len(tokens):
            await identity.revocations.refresh(stores.postgres, now)
            self._compare_tokens([one for one in tokens if one.doubt is not None], identity, now)

    def _compare_tokens(self, tokens: Sequence[_Asked], identity: Identity, now: datetime) -> None:
        for asked in tokens:
            token = asked.rights.token
            if token is None:
                continue
            if still_good(identity, token, now):
                asked.is_good(now)
            else:
                self._end(asked.holder, known=True)

    async def _look_at_sessions(
        self, sessions: Sequence[_Asked], identity: Identity, stores: Stores, now: datetime
    ) -> None:
        hashes = sorted({one for asked in sessions if (one := asked.rights.session_hash)})
        ended = await ended_among(identity, stores.redis, hashes, now)
        for asked in sessions:
            if asked.renewed:
                continue
            if asked.rights.session_hash in ended:
                self._end(asked.holder, known=True)
            else:
                asked.is_good(now)

    async def _look_at_keys(
        self, keys: Sequence[_Asked], identity: Identity, stores: Stores, now: datetime
    ) -> None:
        doubted = {asked.rights.principal.key for asked in keys if asked.doubt is not None}
        identity.api_keys.forget(*(key.id for key in doubted if key is not None))
        secrets = [one.secret for asked in keys if (one := asked.rights.credential)]
        await identity.api_keys.find_all(stores.postgres, secrets)
        for asked in keys:
            await self._look_at(asked, identity, stores, now)  # what was just found

    async def _look_at(
        self, asked: _Asked, identity: Identity, stores: Stores, now: datetime
    ) -> None:
        if asked.rights.credential is None:
            return
        try:
            principal = await principal_of(identity, stores, asked.rights.credential, now)
        except (BadCredential, NotFromHere):
            if not asked.renewed:
                self._end(asked.holder, known=True)
        else:
            if not asked.renewed:
                asked.rights.principal = principal
                asked.is_good(now)

    def _end_unknown(self, holders: Collection[Holder], now: datetime) -> None:
        """End those of whom nothing was heard for too long: sessions fail closed."""
        for holder in holders:
            if (now - holder.rights.asked_at).total_seconds() >= _BELIEVED_FOR_S:
                self._end(holder, known=False)

    def _end(self, holder: Holder, *, known: bool) -> None:
        if holder in self._holders:
            # Not `remove`: this may be the task that it would cancel.
            self._discard(holder)
            rights = holder.rights
            rights.over = True
            try:
                holder.end_rights(known=known)
            except Exception:
                log.exception("what is held open cannot be ended")
            rights.settle(rights.doubt)

    def _discard(self, holder: Holder) -> None:
        self._holders.discard(holder)
        self._doubted.discard(holder)
        for owner in holder.rights.owners:
            self._of_owner[owner].discard(holder)
            if not self._of_owner[owner]:
                del self._of_owner[owner]
