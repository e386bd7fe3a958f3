"""ID tokens and logout tokens as providers, careless ones and attackers write them."""

import base64
import hmac
import json
import warnings
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey

from auth.jwks import JwksCache

ISSUER, CLIENT_ID, NONCE = "https://id.example", "polyphony", "the nonce of this attempt"
ACCESS_TOKEN = "the access token beside it"
EVENT = "http://schemas.openid.net/event/backchannel-logout"
NOW_S = 1_800_000_000

EC = ECKey.generate_key("P-256", private=True)
RSA = RSAKey.generate_key(2048, private=True)
OKP = OKPKey.generate_key("Ed25519", private=True)
with warnings.catch_warnings(action="ignore"):
    WEAK = RSAKey.generate_key(1024, private=True)
KEYS: dict[str, Any] = {"ec": EC, "rsa": RSA, "okp": OKP, "weak": WEAK}

ID_TOKEN: dict[str, Any] = {
    "iss": ISSUER,
    "aud": CLIENT_ID,
    "sub": "ann",
    "nonce": NONCE,
    "iat": NOW_S - 5,
    "exp": NOW_S + 300,
}
LOGOUT_TOKEN: dict[str, Any] = {
    "iss": ISSUER,
    "aud": CLIENT_ID,
    "sub": "ann",
    "sid": "their session",
    "iat": NOW_S - 5,
    "exp": NOW_S + 120,
    "jti": "one of a kind",
    "events": {EVENT: {}},
}


def key_set() -> dict[str, Any]:
    """Return what a provider with these keys publishes."""
    return {"keys": [{**key.as_dict(private=False), "kid": kid} for kid, key in KEYS.items()]}


def keys() -> JwksCache:
    """Return the keys of a provider that always answers."""

    async def fetch() -> object:
        return key_set()

    return JwksCache(fetch)


def signed(
    usual: dict[str, Any],
    claims: dict[str, Any] | None = None,
    header: dict[str, Any] | None = None,
    *,
    key: Any = EC,
) -> str:
    """Return a token with these in place of or beside the usual; a member ... is left out."""
    head = _changed({"alg": "ES256", "kid": "ec", "typ": "JWT"}, header)
    return signed_text(json.dumps(head), json.dumps(_changed(usual, claims)), head["alg"], key)


def signed_text(header: str, claims: str, algorithm: str = "ES256", key: Any = EC) -> str:
    """Return a token with a good signature over any texts."""
    signing_input = f"{_b64(header.encode())}.{_b64(claims.encode())}"
    signer = jws.JWSRegistry.algorithms[algorithm]
    return f"{signing_input}.{_b64(signer.sign(signing_input.encode(), key))}"


def hmac_with(secret: bytes, claims: dict[str, Any], kid: str = "ec") -> str:
    """Return a token whose HMAC has something public as its secret."""
    header = json.dumps({"alg": "HS256", "kid": kid, "typ": "JWT"})
    signing_input = f"{_b64(header.encode())}.{_b64(json.dumps(claims).encode())}"
    return f"{signing_input}.{_b64(hmac.digest(secret, signing_input.encode(), 'sha256'))}"


def unsigned(claims: dict[str, Any], algorithm: str = "none") -> str:
    """Return a token without a signature."""
    header = json.dumps({"alg": algorithm, "kid": "ec", "typ": "JWT"})
    return f"{_b64(header.encode())}.{_b64(json.dumps(claims).encode())}."


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _changed(usual: dict[str, Any], changes: dict[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in {**usual, **(changes or {})}.items() if value is not ...}
