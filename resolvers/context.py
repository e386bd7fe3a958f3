"""What a use case knows of its operation."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from auth.principal import Principal
from datasources.loaders.batch import Loaders
from datasources.stores import Stores


def utc_now() -> datetime:
    """Return the time of day, with its zone."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class RequestContext:
    """One operation: who asks, its loaders, the stores, the clock, and its name in the log."""

    principal: Principal
    loaders: Loaders
    stores: Stores
    request_id: str
    clock: Callable[[], datetime] = utc_now
