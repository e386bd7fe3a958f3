"""The keys that sign our tokens, as one process holds them."""

from auth.vault import Vault
from datasources.postgres.client import Postgres


class KeyRing:
    """Signing keys, read from PostgreSQL and opened."""

    def __init__(self, postgres: Postgres, vault: Vault) -> None:
        self._postgres = postgres
        self._vault = vault
