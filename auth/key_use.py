"""How API keys are used, as one process has counted since it last wrote it down."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from datasources.errors import StoreError
from datasources.postgres.api_keys import note_uses
from datasources.redis.key_use import OPERATIONS, Count, add_counts
from datasources.stores import Stores

FLUSH_S = 2.0
"""How often it is written down: a process that is killed forgets as much."""

LAST_USE_EVERY = timedelta(seconds=60)
"""When a key was last used is written at most once in this time."""

_MAX_COUNTS = 50_000  # while Redis is away; what is more is not counted


@dataclass(slots=True)
class KeyUse:
    """Counts of use, and when each secret was last used, by its hash."""

    _counts: Counter[Count] = field(default_factory=Counter)
    _used: dict[bytes, datetime] = field(default_factory=dict)
    _written: dict[bytes, datetime] = field(default_factory=dict)

    def note(self, hashed: bytes, now: datetime) -> None:
        """Note that a secret was used."""
        self._used[hashed] = now

    def count(self, key_id: UUID, fields: Iterable[str], now: datetime) -> None:
        """Count an operation of a key, and the root fields that it selects."""
        day = now.astimezone(UTC).date()
        self._add(Count(day, key_id, OPERATIONS), 1)
        for name in fields:
            self._add(Count(day, key_id, name), 1)

    async def flush(self, stores: Stores, now: datetime) -> None:
        """Write it all down: counts to Redis, last uses to PostgreSQL (`api_key_secrets`).

        What a store does not take is kept for the next time.

        Raises:
            StoreUnavailable, StoreTimeout: a store did not answer; the other one has its part.
        """
        away: StoreError | None = None
        for part in (self._flush_counts(stores), self._flush_uses(stores, now)):
            try:
                await part
            except StoreError as error:
                away = error
        if away is not None:
            raise away

    async def _flush_counts(self, stores: Stores) -> None:
        counts, self._counts = self._counts, Counter()
        if not counts:
            return
        try:
            await add_counts(stores.redis, counts)
        except BaseException:
            for count, number in counts.items():
                self._add(count, number)
            raise

    async def _flush_uses(self, stores: Stores, now: datetime) -> None:
        long_ago = now - LAST_USE_EVERY
        self._written = {key: at for key, at in self._written.items() if at > long_ago}
        due = {key: at for key, at in self._used.items() if key not in self._written}
        if not due:
            return
        await note_uses(stores.postgres, due, LAST_USE_EVERY)
        self._written |= due
        # One that was used meanwhile is due again.
        self._used = {key: at for key, at in self._used.items() if due.get(key) != at}

    def _add(self, count: Count, number: int) -> None:
        if count in self._counts or len(self._counts) < _MAX_COUNTS:
            self._counts[count] += number
