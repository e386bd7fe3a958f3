"""How an app shows that it is the one it says: by a secret, or by a token that it signed."""

import hmac
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from auth import jwt
from auth.jwks import ALGORITHMS, MAX_BYTES, JwksCache
from auth.jwt import BadToken, VerifyingKey
from auth.opaque import hash_of
from auth.outgoing import Outgoing, OutgoingError
from datasources.records.apps import AppRecord

_TYPES = (None, "jwt", "client-authentication+jwt")
_LONGEST = timedelta(minutes=10)
_MAX_ID_CHARS = 200
_MAX_CACHES = 500


@dataclass(frozen=True, slots=True)
class Assertion:
    """A token that an app signed, and until when its id must not come again."""

    id: str
    expires_at: datetime


@dataclass(slots=True)
class AppKeys:
    """Public keys of apps, as one process knows them; those used longest ago make room.

    A cache is for one app and one address: another app's keys, or those of an address that was
    given up, are never taken for it.
    """

    caches: OrderedDict[tuple[UUID, object], JwksCache] = field(default_factory=OrderedDict)

    async def key(
        self, outgoing: Outgoing, app: AppRecord, kid: str, algorithm: str
    ) -> VerifyingKey | None:
        """Return a key of an app; None where it has none of this name for this algorithm.

        Raises:
            OutgoingError: it keeps them at an address that does not answer, or is not asked.
        """
        name = (app.id, app.jwks_uri or app.updated_at)
        cache = self.caches.get(name)
        if cache is None:
            cache = self.caches[name] = _cache(outgoing, app)
        self.caches.move_to_end(name)
        if len(self.caches) > _MAX_CACHES:
            self.caches.popitem(last=False)
        return await cache.key(kid, algorithm)


def _cache(outgoing: Outgoing, app: AppRecord) -> JwksCache:
    async def fetch() -> object:
        if app.jwks_uri is None:
            return app.jwks
        return await outgoing.fetch_json(app.jwks_uri, max_bytes=MAX_BYTES)

    return JwksCache(fetch)


def knows_secret(app: AppRecord, secret: str, now: datetime) -> bool:
    """Whether a text is the secret of an app, or the one before, as long as that is good."""
    shown = hash_of(secret)
    known = [app.secret_hash]
    if app.old_secret_until is not None and app.old_secret_until > now:
        known.append(app.old_secret_hash)
    found = [one is not None and hmac.compare_digest(one, shown) for one in known]
    return any(found)


async def read_assertion(
    keys: AppKeys,
    outgoing: Outgoing,
    app: AppRecord,
    text: str,
    audiences: Collection[str],
    now: datetime,
) -> Assertion:
    """Return what an app has signed to show who it is (RFC 7523), where it is good now.

    Whether its id came before is left to the caller.

    Raises:
        BadToken: it is not, or the app's keys cannot be had.
    """
    header = jwt.read_header(text, types=_TYPES)
    if header.algorithm not in ALGORITHMS:
        raise BadToken("alg")
    try:
        key = await keys.key(outgoing, app, header.kid, header.algorithm)
    except OutgoingError as error:
        raise BadToken(f"keys: {error}") from None
    if key is None:
        raise BadToken("kid")
    claims = jwt.read_signed(text, key, (header.algorithm,))
    for name in ("iss", "sub"):
        if claims.get(name) != str(app.id):
            raise BadToken(name)
    if not set(jwt.audiences_of(claims)) & set(audiences):
        raise BadToken("aud")
    jwt.check_times(claims, now)
    expires_at, id_ = jwt.time_claim(claims, "exp"), jwt.text_claim(claims, "jti")
    if expires_at > now + _LONGEST or len(id_) > _MAX_ID_CHARS:
        raise BadToken("exp")
    return Assertion(id_, expires_at)
