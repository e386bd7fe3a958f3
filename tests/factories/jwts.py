"""Access tokens as attackers, and careless issuers, write them."""

import base64
import hmac
import json
from typing import Any
from uuid import UUID

from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

ISSUER = "https://music.example"
AUDIENCE = "https://music.example/graphql"
KID = "test-key"
NOW_S = 1_800_000_000
KEY = ECKey.generate_key("P-256", private=True)

USER = UUID(int=0x1001)
FAMILY = UUID(int=0x9001)

HEADER: dict[str, Any] = {"alg": "ES256", "kid": KID, "typ": "at+jwt"}
CLAIMS: dict[str, Any] = {
    "iss": ISSUER,
    "aud": AUDIENCE,
    "sub": str(USER),
    "client_id": "polyphony",
    "iat": NOW_S - 10,
    "nbf": NOW_S - 10,
    "exp": NOW_S + 890,
    "jti": "0199",
    "sid": str(FAMILY),
    "roles": ["LISTENER"],
    "scope": "account:manage catalog:read",
    "auth_time": NOW_S - 10,
}


def b64(raw: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def signed(
    header: dict[str, Any] | None = None,
    claims: dict[str, Any] | None = None,
    *,
    key: ECKey = KEY,
) -> str:
    """Return a token with a good signature over these members, in place of or beside the usual.

    A member that is ... is left out.
    """
    return signed_text(
        json.dumps(_changed(HEADER, header)), json.dumps(_changed(CLAIMS, claims)), key=key
    )


def signed_text(header: str, claims: str, *, key: ECKey = KEY) -> str:
    """Return a token with a good signature over any texts."""
    signing_input = f"{b64(header.encode())}.{b64(claims.encode())}"
    algorithm = jws.JWSRegistry(algorithms=["ES256"]).get_alg("ES256")
    signature = algorithm.sign(signing_input.encode(), key)
    return f"{signing_input}.{b64(signature)}"


def hmac_with_public_key() -> str:
    """Return a token whose HMAC has the published key as its secret."""
    header = json.dumps({**HEADER, "alg": "HS256"}).encode()
    signing_input = f"{b64(header)}.{b64(json.dumps(CLAIMS).encode())}"
    secret = KEY.as_pem(private=False)
    return f"{signing_input}.{b64(hmac.digest(secret, signing_input.encode(), 'sha256'))}"


def unsigned(algorithm: str = "none") -> str:
    """Return a token without a signature."""
    header = json.dumps({**HEADER, "alg": algorithm}).encode()
    return f"{b64(header)}.{b64(json.dumps(CLAIMS).encode())}."


def rsa_signed() -> str:
    """Return a token that is signed with an algorithm that we do not use."""
    key = RSAKey.generate_key(2048, private=True)
    header = {**HEADER, "alg": "RS256"}
    return jws.serialize_compact(header, json.dumps(CLAIMS), key, algorithms=["RS256"])


def _changed(usual: dict[str, Any], changes: dict[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in {**usual, **(changes or {})}.items() if value is not ...}
