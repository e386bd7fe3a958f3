"""Counts round trips at the drivers, whichever stores are in use."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import mongomock.collection
import pytest
from fakeredis import FakeAsyncRedis
from pymongo import monitoring
from redis.asyncio import Redis
from sqlalchemy import event
from sqlalchemy.engine import Engine


class RoundTrips(Counter[str]):
    """How often each store was asked."""

    def since(self, before: "Counter[str]") -> dict[str, int]:
        """Return what was added after a copy was taken."""
        return {store: self[store] - before[store] for store in self if self[store] - before[store]}


_trips = RoundTrips()


class _Commands(monitoring.CommandListener):
    """The driver of MongoDB tells of each command that it sends."""

    def started(self, _event: monitoring.CommandStartedEvent) -> None:
        _trips["mongo"] += 1

    def succeeded(self, _event: monitoring.CommandSucceededEvent) -> None: ...

    def failed(self, _event: monitoring.CommandFailedEvent) -> None: ...


monitoring.register(_Commands())


@pytest.fixture
def round_trips(monkeypatch: pytest.MonkeyPatch) -> Iterator[RoundTrips]:
    """Count the round trips of this test."""
    _trips.clear()

    def statement(*_: object) -> None:
        _trips["postgres"] += 1

    event.listen(Engine, "before_cursor_execute", statement)

    mock: Any = mongomock.collection.Collection
    for name in ("find", "aggregate", "bulk_write", "insert_many", "delete_many"):
        _count(monkeypatch, mock, name, "mongo")
    for client in (Redis, FakeAsyncRedis):
        if "execute_command" in vars(client):
            _count(monkeypatch, client, "execute_command", "redis")
    yield _trips
    event.remove(Engine, "before_cursor_execute", statement)


def _count(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, store: str) -> None:
    original = getattr(owner, name)

    def counted(*args: Any, **options: Any) -> Any:
        _trips[store] += 1
        return original(*args, **options)

    monkeypatch.setattr(owner, name, counted)
