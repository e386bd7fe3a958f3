"""A circuit breaker: who has just waited in vain for a store does not wait for it again."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import monotonic

from datasources.errors import StoreError, StoreUnavailable

PAUSE_S = 1.0
"""How long a store is left alone after it failed; then one call finds out how it is."""


class Breaker:
    """Closed while a store answers. Open, it refuses calls at once, but for one each `PAUSE_S`.

    A request may ask a store at several levels, one after the other. Without this each level of
    each request would wait for a store that hangs, and their time-outs would add up.
    """

    def __init__(self, store: str, clock: Callable[[], float] = monotonic) -> None:
        self._store = store
        self._clock = clock
        self._retry_at: float | None = None

    @asynccontextmanager
    async def guard(self) -> AsyncIterator[None]:
        """Run a call to the store; its failure to answer opens the circuit, an answer closes it.

        Raises:
            StoreUnavailable: the circuit is open.
        """
        if self._retry_at is not None:
            if self._clock() < self._retry_at:
                raise StoreUnavailable(self._store, "it did not answer a moment ago")
            self._leave_alone()  # others wait for what this call finds out
        try:
            yield
        except StoreError as error:
            if error.store == self._store:
                self._leave_alone()
            raise
        except Exception:
            self._retry_at = None  # it answered, though with an error
            raise
        self._retry_at = None

    def _leave_alone(self) -> None:
        self._retry_at = self._clock() + PAUSE_S
