"""API keys as one process knows them: whom a key stands for, looked up once in some seconds."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from uuid import UUID

from auth.api_key_text import BadKeyText, read_key
from auth.key_settings import SCOPES_OF_KIND
from auth.networks import in_networks
from auth.principal import KeyRef, Principal, PrincipalKind
from datasources.postgres.api_keys import find_keys
from datasources.postgres.client import Postgres
from datasources.records.api_keys import ApiKeyKind, FoundApiKey

FRESH_S = 3.0
"""How long a look-up is believed: a revocation holds everywhere within 5 s."""

_MAX_KNOWN = 10_000


class BadKey(Exception):
    """Not a key that is good now. The reason is for logs, not for who sent it."""


class NotFromHere(Exception):
    """A good key, that may not be used from this address or origin."""

    def __init__(self, principal: Principal, what: str) -> None:
        super().__init__(what)
        self.principal = principal
        self.what = what


@dataclass(slots=True)
class _Known:
    """Answers and when they were asked for; the oldest make room."""

    entries: OrderedDict[bytes, tuple[float, FoundApiKey | None]] = field(
        default_factory=OrderedDict
    )

    def get(self, hashed: bytes, since: float) -> tuple[bool, FoundApiKey | None]:
        asked_at, found = self.entries.get(hashed, (float("-inf"), None))
        return asked_at > since, found

    def put(self, hashed: bytes, asked_at: float, found: FoundApiKey | None) -> None:
        self.entries[hashed] = (asked_at, found)
        self.entries.move_to_end(hashed)
        if len(self.entries) > _MAX_KNOWN:
            self.entries.popitem(last=False)

    def drop(self, key_ids: Collection[UUID]) -> None:
        gone = [hashed for hashed, (_, key) in self.entries.items() if key and key.id in key_ids]
        for hashed in gone:
            del self.entries[hashed]


@dataclass(slots=True)
class ApiKeys:
    """Keys that were asked for of late, by the hash of their secret.

    `environment` is what the keys of this installation say: those of another one are refused
    unseen. What was found is good for three seconds, counted from when it was asked for; so is that
    there is no such key. Requests that come meanwhile wait for the same answer.
    """

    environment: str = "dev"
    clock: Callable[[], float] = monotonic
    _good: _Known = field(default_factory=_Known)
    _unknown: _Known = field(default_factory=_Known)
    _asked: dict[bytes, "asyncio.Task[Mapping[bytes, FoundApiKey]]"] = field(default_factory=dict)

    async def find(self, postgres: Postgres, hashed: bytes) -> FoundApiKey | None:
        """Return what is known of a key; one round trip, or none where it was asked for lately.

        Raises:
            StoreUnavailable, StoreTimeout: the store did not answer.
        """
        fresh, found = self._lately(hashed)
        if fresh:
            return found
        task = self._asked.get(hashed)
        if task is None:
            task = asyncio.create_task(self._ask(postgres, [hashed]))
            self._asked[hashed] = task
            task.add_done_callback(lambda done: self._answered(hashed, done))
        # Whoever goes away does not take the others along.
        return (await asyncio.shield(task)).get(hashed)

    async def find_all(self, postgres: Postgres, texts: Collection[str]) -> None:
        """Look up, in one round trip, those of these keys that were not asked for lately.

        What has not the form of a key is passed over.

        Raises:
            StoreUnavailable, StoreTimeout: the store did not answer.
        """
        hashes = set()
        for text in texts:
            with suppress(BadKeyText):
                hashes.add(read_key(text).hash)
        asked = [hashed for hashed in hashes if not self._lately(hashed)[0]]
        if asked:
            await self._ask(postgres, asked)

    def forget(self, *key_ids: UUID) -> None:
        """Ask again for keys that were changed just now."""
        if key_ids:
            self._good.drop(frozenset(key_ids))

    def _lately(self, hashed: bytes) -> tuple[bool, FoundApiKey | None]:
        """Return whether a key was asked for lately, and what was found then."""
        since = self.clock() - FRESH_S
        fresh, found = self._good.get(hashed, since)
        return (fresh, found) if fresh else self._unknown.get(hashed, since)

    async def _ask(
        self, postgres: Postgres, hashes: Sequence[bytes]
    ) -> Mapping[bytes, FoundApiKey]:
        asked_at = self.clock()
        found = await find_keys(postgres, hashes)
        for hashed in hashes:
            key = found.get(hashed)
            # Apart: whoever makes up many keys does not push out those that are there.
            (self._unknown if key is None else self._good).put(hashed, asked_at, key)
        return found

    def _answered(self, hashed: bytes, task: "asyncio.Task[Mapping[bytes, FoundApiKey]]") -> None:
        del self._asked[hashed]
        if not task.cancelled():
            task.exception()  # seen, even where nobody waits for it any more


@dataclass(frozen=True, slots=True)
class Sender:
    """Where a request comes from: its network address, and the page's origin, if a browser."""

    address: str = ""
    origin: str | None = None


async def principal_of_key(
    keys: ApiKeys, postgres: Postgres, text: str, sender: Sender, now: datetime
) -> tuple[Principal, bytes]:
    """Return whom an API key stands for, and the hash of its text.

    A secret key acts for its owner, within its scopes; a publishable one for nobody, since anybody
    can read it. One that is mistyped, or another installation's, costs no round trip.

    Raises:
        BadKey: it is not good now.
        NotFromHere: it is, but not for this sender.
        StoreUnavailable, StoreTimeout: that cannot be told now.
    """
    try:
        read = read_key(text)
    except BadKeyText as error:
        raise BadKey(str(error)) from None
    if read.environment != keys.environment:
        raise BadKey("environment")
    found = await keys.find(postgres, read.hash)
    if found is None:
        raise BadKey("unknown key")
    if found.revoked_at is not None or found.disabled:
        raise BadKey("revoked key")
    if found.expires_at is not None and found.expires_at <= now:
        raise BadKey("expired key")
    principal = _principal(found)
    if found.allowed_addresses and not in_networks(sender.address, found.allowed_addresses):
        raise NotFromHere(principal, "address")
    if not _origin_fits(found, sender.origin):
        raise NotFromHere(principal, "origin")
    return principal, read.hash


def _principal(found: FoundApiKey) -> Principal:
    # What kinds may be used for is asked again: it may have become less since the key was made.
    allowed = SCOPES_OF_KIND[found.kind]
    return Principal(
        PrincipalKind.API_KEY,
        user_id=None if found.kind is ApiKeyKind.PUBLISHABLE else found.user_id,
        scopes=frozenset(scope for scope in allowed if scope in found.scopes),
        key=KeyRef(found.id, found.user_id, found.plan),
    )


def _origin_fits(found: FoundApiKey, origin: str | None) -> bool:
    """Whether the page's origin is one of the key's; a publishable key is bound to some."""
    if found.allowed_origins or found.kind is ApiKeyKind.PUBLISHABLE:
        return origin is not None and origin.lower() in found.allowed_origins
    return True
