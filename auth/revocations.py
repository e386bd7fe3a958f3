"""Which credentials are void before their time. Each process holds the list of late."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from datasources.postgres.client import Postgres
from datasources.postgres.revocations import fetch_revoked

REFRESH_S = 2.0
"""How often the list is read: a revocation holds everywhere within 5 s, whatever the store does."""

_WINDOW = timedelta(minutes=80)  # an access token lives for an hour at most, by its setting


@dataclass(slots=True)
class Revocations:
    """Read again every few seconds, so that a token costs no store a question.

    Where PostgreSQL does not answer, the list stays as it was: tokens live for minutes. But before
    it was read for the first time, nothing is believed.
    """

    families: frozenset[UUID] = frozenset()
    since: Mapping[UUID, datetime] = field(default_factory=dict)
    loaded: bool = False
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def refresh(self, postgres: Postgres, now: datetime) -> None:
        """Read the list again (`token_families`, `accounts`, `apps`).

        Raises:
            StoreUnavailable, StoreTimeout: the store did not answer; the list is that of before.
        """
        revoked = await fetch_revoked(postgres, now - _WINDOW)
        self.families, self.since, self.loaded = revoked.families, revoked.since, True

    async def ready(self, postgres: Postgres, now: datetime) -> None:
        """Read the list where that has never succeeded; otherwise do nothing.

        Raises:
            StoreUnavailable, StoreTimeout: the store did not answer.
        """
        if not self.loaded:
            async with self._lock:
                if not self.loaded:
                    await self.refresh(postgres, now)

    def revoke(self, *families: UUID) -> None:
        """Take in what this process has just revoked itself: families of tokens, or apps."""
        self.families |= frozenset(families)

    def sign_out(self, user_id: UUID, at: datetime) -> None:
        """Take in that this process has just signed a person out everywhere."""
        self.since = {**self.since, user_id: at}

    def void(
        self,
        user_id: UUID | None,
        family_id: UUID | None,
        issued_at: datetime,
        app_id: UUID | None = None,
    ) -> bool:
        """Return whether a token was revoked, alone or with all others of its person or app.

        Tokens name the second that they were issued in. One of the second of the signing out may
        be later than that; those that were earlier are void by their family.
        """
        if family_id in self.families or app_id in self.families:
            return True
        acts_for = user_id or app_id
        since = None if acts_for is None else self.since.get(acts_for)
        return since is not None and issued_at < since.replace(microsecond=0)

    def session_void(self, user_id: UUID, created_at: datetime) -> bool:
        """Return whether a browser's session began before its person was signed out everywhere."""
        since = self.since.get(user_id)
        return since is not None and created_at < since
