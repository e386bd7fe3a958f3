"""The public keys of one issuer, by name, as one process holds them."""

import base64
from collections.abc import Awaitable, Callable, Mapping, Sequence
from time import monotonic
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from auth.jwt import VerifyingKey
from auth.outgoing import OutgoingError
from auth.remembered import Remembered

LIFETIME_S: Final = 600.0
"""After this long keys are fetched again, so that one that was withdrawn is not believed."""
STALE_S: Final = 3600.0
"""So long keys are believed while their issuer does not answer."""
MAX_BYTES: Final = 64 * 1024
"""Longest set of keys: reading a longer one would hold up everybody else for milliseconds."""

ALGORITHMS: Final = ("RS256", "PS256", "ES256", "EdDSA", "Ed25519")
"""How others may sign (RFC 8725, 3.1): never with a shared secret, never not at all."""

_MIN_RSA_BITS, _MAX_RSA_BITS = 2048, 8192
_PUBLIC: Mapping[str, tuple[str, ...]] = {
    "RSA": ("kty", "n", "e"),
    "EC": ("kty", "crv", "x", "y"),
    "OKP": ("kty", "crv", "x"),
}
_KIND_OF = {
    "RS256": ("RSA", None),
    "PS256": ("RSA", None),
    "ES256": ("EC", "P-256"),
    "EdDSA": ("OKP", "Ed25519"),
    "Ed25519": ("OKP", "Ed25519"),
}
_SAME = {"EdDSA": ("EdDSA", "Ed25519"), "Ed25519": ("EdDSA", "Ed25519")}


class JwksCache:
    """Keys that `fetch` returns as a JSON Web Key Set: fetched at most twice a minute.

    They are fetched when none are known, when they are old, and when one is asked for that is not
    among them.
    """

    def __init__(
        self,
        fetch: Callable[[], Awaitable[object]],
        *,
        lifetime_s: float = LIFETIME_S,
        stale_s: float = STALE_S,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        async def entries() -> Sequence[Mapping[str, Any]]:
            return _entries(await fetch())

        self._set = Remembered(entries, lifetime_s=lifetime_s, stale_s=stale_s, clock=clock)
        self._entries: Sequence[Mapping[str, Any]] = ()
        self._imported: dict[int, VerifyingKey | None] = {}

    async def key(self, kid: str, algorithm: str) -> VerifyingKey | None:
        """Return the key of this name for this algorithm; None where the issuer has none such.

        Without a name ("") it is the only key for the algorithm, if there is one only. A key that
        is too weak, or for something else, is none.

        Raises:
            OutgoingError: it is not known, and the issuer does not answer as it should.
        """
        if algorithm not in ALGORITHMS:
            return None
        self._take(await self._set.current())
        found = self._find(kid, algorithm)
        if found is None:
            await self._set.renew()
            self._take(self._set.known() or ())
            found = self._find(kid, algorithm)
        if found is None and self._set.failed is not None:
            raise OutgoingError(str(self._set.failed))
        return found

    def _take(self, entries: Sequence[Mapping[str, Any]]) -> None:
        if entries is not self._entries:
            self._entries, self._imported = entries, {}

    def _find(self, kid: str, algorithm: str) -> VerifyingKey | None:
        kind, curve = _KIND_OF[algorithm]
        fitting = [
            index
            for index, entry in enumerate(self._entries)
            if entry["kty"] == kind
            and (curve is None or entry.get("crv") == curve)
            and entry.get("alg", algorithm) in _SAME.get(algorithm, (algorithm,))
            and kid in ("", entry.get("kid"))
        ]
        return self._key_at(fitting[0]) if len(fitting) == 1 else None

    def _key_at(self, index: int) -> VerifyingKey | None:
        """Return a key, made of its numbers when it is first needed: that takes 50 µs each."""
        if index not in self._imported:
            self._imported[index] = _imported(self._entries[index])
        return self._imported[index]


def _entries(jwks: object) -> Sequence[Mapping[str, Any]]:
    """Return those members of a key set that can be a key that verifies.

    Raises:
        OutgoingError: it is no key set.
    """
    keys = jwks.get("keys") if isinstance(jwks, dict) else None
    if not isinstance(keys, list):
        raise OutgoingError("no key set")
    objects = [key for key in keys if isinstance(key, dict)]
    return [
        key
        for key in objects
        if key.get("kty") in tuple(_PUBLIC) and key.get("use", "sig") == "sig"
    ]


def _imported(entry: Mapping[str, Any]) -> VerifyingKey | None:
    public = {name: entry.get(name) for name in _PUBLIC[entry["kty"]]}
    if not all(isinstance(value, str) for value in public.values()):
        return None
    numbers: dict[str, str | list[str]] = {name: str(value) for name, value in public.items()}
    try:
        match entry["kty"]:
            case "RSA":
                return RSAKey.import_key(numbers) if _good_size(public["n"]) else None
            case "EC":
                return ECKey.import_key(numbers)
            case _:
                return OKPKey.import_key(numbers)
    except (JoseError, ValueError, TypeError, KeyError):
        return None


def _good_size(modulus: Any) -> bool:
    """Whether an RSA key is neither weak nor so long that checking a signature takes too long."""
    bits = int.from_bytes(base64.urlsafe_b64decode(modulus + "==")).bit_length()
    return _MIN_RSA_BITS <= bits <= _MAX_RSA_BITS
