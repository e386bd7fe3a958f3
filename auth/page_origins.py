"""The origins of pages that may use the graph with a key of theirs, as one process knows them."""

from collections.abc import Collection
from dataclasses import dataclass

from datasources.postgres.api_keys import fetch_page_origins
from datasources.postgres.client import Postgres

REFRESH_S = 15.0
"""How long a process may not know of a new origin."""


@dataclass(slots=True)
class PageOrigins:
    """Read again and again, so that nobody who sends an origin causes a look-up.

    It decides what browsers tell a page, and nothing else: each request is bound by its own key.
    """

    origins: Collection[str] = frozenset()

    async def refresh(self, postgres: Postgres) -> None:
        """Read the origins of all good keys (`api_keys`).

        Raises:
            StoreUnavailable, StoreTimeout: the store did not answer; they are those of before.
        """
        self.origins = await fetch_page_origins(postgres)

    def __contains__(self, origin: str) -> bool:
        return origin.lower() in self.origins
