"""Measures how long an operation waits for its stores, whichever they are."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from time import perf_counter


@dataclass(slots=True)
class StoreTime:
    """Seconds in which at least one call to a store was under way: calls at once count once."""

    seconds: float = 0.0
    under_way: int = 0
    since: float = 0.0

    def begin(self) -> None:
        """Note that a call begins."""
        if not self.under_way:
            self.since = perf_counter()
        self.under_way += 1

    def end(self) -> None:
        """Note that a call has ended."""
        self.under_way -= 1
        if not self.under_way:
            self.seconds += perf_counter() - self.since


_current: ContextVar[StoreTime | None] = ContextVar("store_time", default=None)


@contextmanager
def measured_stores() -> Iterator[StoreTime]:
    """Yield what the store calls of this task take from now on, and of the tasks it starts."""
    spent = StoreTime()
    token = _current.set(spent)
    try:
        yield spent
    finally:
        _current.reset(token)


@contextmanager
def store_call() -> Iterator[None]:
    """Count the time of this block as a call to a store."""
    spent = _current.get()
    if spent is None:
        yield
        return
    spent.begin()
    try:
        yield
    finally:
        spent.end()
