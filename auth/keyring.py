"""The keys that sign our tokens, as one process holds them.

They lie in PostgreSQL, their private parts sealed by the vault. A key is published as soon as it
is there, signs once every cache of the published keys must know it, and verifies until the last
token that it may have signed is over.
"""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from time import monotonic

from joserfc.jwk import ECKey

from auth.vault import CannotOpen, Vault
from datasources.errors import StoreError, StoreUnavailable
from datasources.postgres import audit
from datasources.postgres.client import Postgres
from datasources.postgres.signing_keys import (
    delete_ended_keys,
    fetch_signing_keys,
    insert_signing_key,
    key_change,
    keys_within,
    retire_signing_keys,
)
from datasources.records.audit import AuditRecord
from datasources.records.tokens import SigningKeyRecord

ALGORITHM = "ES256"
JWKS_CACHE_S = 600
"""How long others may keep the published keys."""
REFRESH_S = 60
"""How long a process may not know of a new key."""

_PUBLIC = ("kty", "crv", "x", "y")
_OVERLAP = timedelta(seconds=JWKS_CACHE_S + 2 * REFRESH_S)
# The longest life that a setting can give a token, and a process that was late to learn.
_LONGEST_TOKEN = timedelta(hours=1, seconds=2 * REFRESH_S)
_UNKNOWN_PER_MINUTE = 2
_MINUTE_S = 60.0


@dataclass(frozen=True, slots=True)
class Signer:
    """A key that signs now."""

    kid: str
    key: ECKey = field(repr=False)


class KeyRing:
    """Signing keys, read from PostgreSQL and opened."""

    def __init__(
        self, postgres: Postgres, vault: Vault, clock: Callable[[], float] = monotonic
    ) -> None:
        self._postgres = postgres
        self._vault = vault
        self._clock = clock
        self._lock = asyncio.Lock()
        self._records: Sequence[SigningKeyRecord] = ()
        self._verifying: Mapping[str, ECKey] = {}
        self._signers: dict[str, Signer] = {}
        self._loaded = False
        self._failed: StoreError | None = None
        self._unknown_at: list[float] = []

    async def refresh(self) -> None:
        """Read the keys again (`signing_keys`).

        Raises:
            StoreUnavailable, StoreTimeout: the store did not answer; the keys are those of before.
        """
        try:
            self._take(await fetch_signing_keys(self._postgres))
        except StoreError as error:
            self._failed = error
            raise

    async def signer(self, now: datetime) -> Signer:
        """Return the key that signs now; the first one is made on first need.

        Raises:
            StoreUnavailable, StoreTimeout: it is not known yet, and the store did not answer.
            CannotOpen: the key encryption key is not the one that sealed it.
        """
        if self._signing(now) is None:
            async with self._lock:
                if self._signing(now) is None:
                    await self._make_first(now)
        record = self._signing(now)
        if record is None:
            raise StoreUnavailable("postgres", "no key signs")  # removed by hand, just now
        signer = self._signers.get(record.kid)
        if signer is None:
            signer = self._signers[record.kid] = Signer(record.kid, self._opened(record))
        return signer

    async def verifying(self, kid: str, now: datetime) -> ECKey | None:
        """Return the public key that tokens name; None where there is none, or it has ended.

        Known keys cost no store a question. For unknown ones it is asked at most twice a minute.

        Raises:
            StoreUnavailable, StoreTimeout: the key is not known, and the store did not answer.
        """
        if kid not in self._verifying:
            async with self._lock:
                if kid not in self._verifying and self._may_look_up():
                    await self.refresh()
                elif kid not in self._verifying and self._failed is not None:
                    raise StoreUnavailable(self._failed.store, self._failed.detail)
        return self._verifying.get(kid) if self.verifies(kid, now) else None

    def verifies(self, kid: str, now: datetime) -> bool:
        """Return whether a key is good now, as far as this process has heard."""
        return any(
            one.kid == kid and (one.expires_at is None or one.expires_at > now)
            for one in self._records
        )

    async def published(self, now: datetime) -> list[dict[str, str]]:
        """Return the public keys as a JSON Web Key Set lists them: what verifies now or soon.

        Raises:
            StoreUnavailable, StoreTimeout: none are known yet, and the store did not answer.
        """
        if not self._loaded:
            await self.refresh()
        return [
            {
                **{name: one.public_jwk[name] for name in _PUBLIC},
                "kid": one.kid,
                "alg": one.algorithm,
                "use": "sig",
            }
            for one in self._records
            if one.expires_at is None or one.expires_at > now
        ]

    async def rotate(
        self, now: datetime, noted: AuditRecord, *, at_once: bool = False
    ) -> SigningKeyRecord:
        """Publish a new key and return it; it signs once all caches must have it.

        Those before it end when the last token that they sign until then is over. `at_once` is for
        keys that have leaked: the new one signs from now on, and all others end, with every token
        that they signed. `noted` is written to the audit log, with the name of the key.

        Raises:
            StoreUnavailable, StoreTimeout: the store did not answer.
        """
        async with key_change(self._postgres) as connection:
            await delete_ended_keys(connection, now)
            first = not await keys_within(connection)
            made = self._made(now, now if first or at_once else now + _OVERLAP)
            await insert_signing_key(connection, made)
            ends = now if at_once else made.active_from + _LONGEST_TOKEN
            await retire_signing_keys(connection, made.kid, ends)
            await audit.record(connection, replace(noted, details={"kid": made.kid}))
        await self.refresh()
        return made

    async def _make_first(self, now: datetime) -> None:
        await self.refresh()
        if self._signing(now) is not None:
            return
        async with key_change(self._postgres) as connection:
            known = await keys_within(connection)
            if _signing(known, now) is None:
                await insert_signing_key(connection, self._made(now, now))
        await self.refresh()

    def _made(self, now: datetime, active_from: datetime) -> SigningKeyRecord:
        key = ECKey.generate_key("P-256", private=True)
        kid = key.thumbprint()
        private = json.dumps(key.as_dict(private=True)).encode()
        return SigningKeyRecord(
            kid=kid,
            algorithm=ALGORITHM,
            public_jwk={name: str(key.as_dict(private=False)[name]) for name in _PUBLIC},
            private_sealed=self._vault.seal(private, _purpose(kid)),
            created_at=now,
            active_from=active_from,
            expires_at=None,
        )

    def _opened(self, record: SigningKeyRecord) -> ECKey:
        opened = self._vault.open(record.private_sealed, _purpose(record.kid))
        key = ECKey.import_key(json.loads(opened))
        if key.thumbprint() != record.kid:
            raise CannotOpen(_purpose(record.kid))
        return key

    def _take(self, records: Sequence[SigningKeyRecord]) -> None:
        self._verifying = {
            one.kid: self._verifying.get(one.kid) or ECKey.import_key(dict(one.public_jwk))
            for one in records
        }
        self._signers = {kid: one for kid, one in self._signers.items() if kid in self._verifying}
        self._records = records
        self._loaded = True
        self._failed = None

    def _signing(self, now: datetime) -> SigningKeyRecord | None:
        return _signing(self._records, now)

    def _may_look_up(self) -> bool:
        now = self._clock()
        self._unknown_at = [at for at in self._unknown_at if at > now - _MINUTE_S]
        if len(self._unknown_at) >= _UNKNOWN_PER_MINUTE:
            return False
        self._unknown_at.append(now)
        return True


def _signing(records: Sequence[SigningKeyRecord], now: datetime) -> SigningKeyRecord | None:
    """Return the newest key that signs; one that does not yet only where there is no other."""
    alive = [one for one in records if one.expires_at is None or one.expires_at > now]
    active = [one for one in alive if one.active_from <= now]
    return active[-1] if active else next(iter(alive), None)


def _purpose(kid: str) -> str:
    return f"signing-key:{kid}"
