"""What sockets and streams are held open with, looked at again while they live.

A token costs no store a question, all sessions of a process cost one each two seconds, and all API
keys one each three. So what is over, or was ended, ends within 5 s; where the store cannot tell for
so long, it ends, too.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import structlog

from auth.api_keys import NotFromHere
from auth.credentials import BadCredential, Credential, principal_of
from auth.held import HeldToken, held_token, still_good
from auth.identity import Identity
from auth.principal import Principal, PrincipalKind, SessionKind
from auth.sessions import ended_among
from datasources.errors import StoreError
from datasources.stores import Stores
from resolvers.context import utc_now

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 1
_ASK_EVERY_S = 2
_BELIEVED_FOR_S = 4
_MAX_ASKED_AT_ONCE = 500


@dataclass(slots=True, eq=False)
class Rights:
    """Whom a socket or stream acts for; `credential` is None for nobody, whom nothing ends."""

    principal: Principal
    credential: Credential | None = field(repr=False)
    asked_at: datetime
    token: HeldToken | None = None

    @property
    def session_hash(self) -> str | None:
        """The name of the browser's session that it is held open with."""
        session = self.principal.session
        cookie = session is not None and session.kind is SessionKind.COOKIE
        return session.id if session is not None and cookie else None


class Holder(Protocol):
    """What is held open: `end_rights` is called once, when it is to be ended."""

    rights: Rights

    def end_rights(self, *, known: bool) -> None:
        """End; `known` is False where the store did not tell, so that trying again may help."""


def rights_of(principal: Principal, credential: Credential | None) -> Rights:
    """Return the rights of a credential that was resolved just now."""
    session = principal.session
    ours = session is not None and session.kind is SessionKind.TOKENS and credential is not None
    token = held_token(credential.secret) if ours and credential is not None else None
    return Rights(principal, credential, utc_now(), token)


class RightsWatch:
    """All that is held open in a process; its task lives while there is something."""

    def __init__(self) -> None:
        self._holders: set[Holder] = set()
        self._task: asyncio.Task[None] | None = None

    def add(self, holder: Holder, identity: Identity, stores: Stores) -> None:
        """Look after a holder from now on; nobody's needs none."""
        if holder.rights.credential is None:
            return
        self._holders.add(holder)
        if self._task is None:
            self._task = asyncio.create_task(self._run(identity, stores))

    def remove(self, holder: Holder) -> None:
        """Look after it no more."""
        self._holders.discard(holder)
        if not self._holders and self._task is not None:
            self._task.cancel()
            self._task = None

    async def look(self, identity: Identity, stores: Stores, now: datetime) -> None:
        """End all whose credential is over, and those of which that cannot be told."""
        sessions: list[Holder] = []
        keys: list[Holder] = []
        others: list[Holder] = []
        for holder in tuple(self._holders):
            rights = holder.rights
            if rights.token is not None:
                if still_good(identity, rights.token, now):
                    rights.asked_at = now
                else:
                    self._end(holder, known=True)
            elif rights.session_hash is not None:
                if (now - rights.asked_at).total_seconds() >= _ASK_EVERY_S:
                    sessions.append(holder)
            elif rights.principal.kind is PrincipalKind.API_KEY:
                keys.append(holder)
            else:
                others.append(holder)
        looks = [
            self._look_at_sessions(
                sessions[start : start + _MAX_ASKED_AT_ONCE], identity, stores, now
            )
            for start in range(0, len(sessions), _MAX_ASKED_AT_ONCE)
        ]
        looks.append(self._look_at_keys(keys, identity, stores, now))
        looks += [self._look_at(holder, identity, stores, now) for holder in others]
        for outcome in await asyncio.gather(*looks, return_exceptions=True):
            if isinstance(outcome, Exception) and not isinstance(outcome, StoreError):
                log.error("rights cannot be looked at", exc_info=outcome)
        self._end_unknown(now)

    async def _run(self, identity: Identity, stores: Stores) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                await self.look(identity, stores, utc_now())
            except Exception:
                log.exception("rights cannot be looked at")
                self._end_unknown(utc_now())

    async def _look_at_sessions(
        self, holders: Sequence[Holder], identity: Identity, stores: Stores, now: datetime
    ) -> None:
        asked = [(holder, holder.rights) for holder in holders]
        hashes = sorted({one for _, rights in asked if (one := rights.session_hash)})
        ended = await ended_among(identity, stores.redis, hashes, now)
        for holder, rights in asked:
            if holder.rights is not rights:
                continue  # renewed meanwhile: the answer is about what it has no more
            if rights.session_hash in ended:
                self._end(holder, known=True)
            else:
                rights.asked_at = now

    async def _look_at_keys(
        self, holders: Sequence[Holder], identity: Identity, stores: Stores, now: datetime
    ) -> None:
        secrets = [one.secret for holder in holders if (one := holder.rights.credential)]
        await identity.api_keys.find_all(stores.postgres, secrets)
        for holder in holders:
            await self._look_at(holder, identity, stores, now)  # what was just found

    async def _look_at(
        self, holder: Holder, identity: Identity, stores: Stores, now: datetime
    ) -> None:
        rights = holder.rights
        if rights.credential is None:
            return
        try:
            principal = await principal_of(identity, stores, rights.credential, now)
        except (BadCredential, NotFromHere):
            if holder.rights is rights:  # not renewed meanwhile
                self._end(holder, known=True)
        else:
            if holder.rights is rights:
                rights.principal, rights.asked_at = principal, now

    def _end_unknown(self, now: datetime) -> None:
        """End those of whom nothing was heard for too long: sessions fail closed."""
        for holder in tuple(self._holders):
            if (now - holder.rights.asked_at).total_seconds() >= _BELIEVED_FOR_S:
                self._end(holder, known=False)

    def _end(self, holder: Holder, *, known: bool) -> None:
        if holder in self._holders:
            # Not `remove`: this may be the task that it would cancel.
            self._holders.discard(holder)
            holder.end_rights(known=known)
