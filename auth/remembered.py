"""What another service published, kept for a while, and asked for seldom."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Generic, TypeVar

from auth.outgoing import OutgoingError

T = TypeVar("T")

_FETCHES_PER_MINUTE = 2
_MINUTE_S = 60.0


class Remembered(Generic[T]):
    """What `fetch` returned last. It is called at most twice a minute, whoever asks how often.

    It is called when nothing is known yet, when what is known is older than `lifetime_s`, and by
    `renew`; once for all who wait for it at the same time. Where it fails, what was known goes on
    being believed until it is older than `stale_s`.
    """

    def __init__(
        self,
        fetch: Callable[[], Awaitable[T]],
        *,
        lifetime_s: float,
        stale_s: float,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._fetch = fetch
        self._lifetime_s = lifetime_s
        self._stale_s = stale_s
        self._clock = clock
        self._lock = asyncio.Lock()
        self._value: T | None = None
        self._at = float("-inf")
        self._tries: list[float] = []
        self._round = 0
        self.failed: OutgoingError | None = None

    async def current(self) -> T:
        """Return it.

        Raises:
            OutgoingError: it is not known, or too old, and cannot be had now.
        """
        known = self.known()
        # While one asks anew, the others go on with what is known.
        if known is None or not (self._age() < self._lifetime_s or self._lock.locked()):
            await self.renew()
            known = self.known()
        if known is None:
            raise OutgoingError(str(self.failed or "asked too often"))
        return known

    def known(self) -> T | None:
        """Return what is known and not too old; nobody is asked."""
        return self._value if self._age() < self._stale_s else None

    async def renew(self) -> None:
        """Ask again, unless that was done twice in this minute, or while this call waited."""
        before = self._round
        async with self._lock:
            if self._round != before or not self._may_try():
                return
            try:
                self._value = await self._fetch()
            except OutgoingError as error:
                self.failed = error
            else:
                self._at = self._clock()
                self.failed = None
            finally:
                self._round += 1

    def _may_try(self) -> bool:
        now = self._clock()
        self._tries = [at for at in self._tries if at > now - _MINUTE_S]
        if len(self._tries) >= _FETCHES_PER_MINUTE:
            return False
        self._tries.append(now)
        return True

    def _age(self) -> float:
        return self._clock() - self._at
