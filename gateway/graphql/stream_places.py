"""How many streams of events a process holds open: the bounds of sockets, counted apart."""

from collections import Counter
from dataclasses import dataclass, field
from http import HTTPStatus

from auth.principal import Principal
from gateway.graphql.refusals import HttpRefusal
from gateway.graphql.settings import TransportSettings
from gateway.graphql.sockets import counted_as
from schema.errors import ErrorCode

RETRY_AFTER_S = 10


@dataclass(slots=True)
class StreamPlaces:
    """Counts streams by who they act for, or, while that is nobody, by where they come from."""

    settings: TransportSettings
    _counts: Counter[str] = field(default_factory=Counter)

    def __len__(self) -> int:
        return self._counts.total()

    def take(self, principal: Principal, address: str) -> str:
        """Count one more stream; return its place, to be left at its end.

        Raises:
            HttpRefusal: 503, there are as many as there may be.
        """
        account, settings = counted_as(principal), self.settings
        place = account or address
        limit = (
            settings.max_sockets_per_address
            if account is None
            else settings.max_sockets_per_principal
        )
        if self._counts[place] >= limit or len(self) >= settings.max_sockets:
            raise HttpRefusal(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "Too many streams of events.",
                {"Retry-After": str(RETRY_AFTER_S)},
                ErrorCode.SERVICE_UNAVAILABLE,
            )
        self._counts[place] += 1
        return place

    def leave(self, place: str) -> None:
        """Count one stream less."""
        self._counts[place] -= 1
        if not self._counts[place]:
            del self._counts[place]
