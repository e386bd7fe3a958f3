"""Issuers of tokens for services, as tests play them: keys, what is fetched, and the tokens."""

import hmac
import json
import warnings
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey

from auth.outgoing import OutgoingError
from auth.service_settings import ServiceIssuer
from auth.services import Services
from tests.factories.jwts import b64

ISSUER = "https://id.services.example"
AUDIENCE = "https://music.example/graphql"
FIRST, SECOND = f"{ISSUER}/first.json", f"{ISSUER}/second.json"
SETTINGS = {
    "issuer": ISSUER,
    "jwks": [FIRST, SECOND],
    "services": {
        "billing-1": {"name": "billing", "scopes": ["catalog:read", "admin"]},
        "mobile-1": {"name": "mobile", "scopes": ["catalog:read"]},
    },
}

Key = ECKey | RSAKey | OKPKey
EC = ECKey.generate_key("P-256", private=True)
RSA = RSAKey.generate_key(2048, private=True)
OKP = OKPKey.generate_key("Ed25519", private=True)
with warnings.catch_warnings(action="ignore"):
    WEAK = RSAKey.generate_key(1024, private=True)

KEYS: Mapping[str, tuple[str, Key]] = {
    "rsa": ("RS256", RSA),
    "ec": ("ES256", EC),
    "okp": ("Ed25519", OKP),
    "weak": ("RS256", WEAK),
}


def public(kid: str) -> dict[str, Any]:
    """Return a public key as its issuer publishes it."""
    return {**KEYS[kid][1].as_dict(private=False), "kid": kid, "use": "sig"}


@dataclass
class Wire:
    """Answers in place of the network, and counts what is fetched."""

    answers: dict[str, object] = field(
        default_factory=lambda: {
            FIRST: {"keys": [public("rsa"), public("weak")]},
            SECOND: {"keys": [public("ec"), public("okp")]},
        }
    )
    fetched: Counter[str] = field(default_factory=Counter)

    async def fetch_json(self, url: str, **_: object) -> object:
        """Answer a request, or fail where there is no answer."""
        self.fetched[url] += 1
        if url not in self.answers:
            raise OutgoingError("down")
        return self.answers[url]


def services(wire: Wire, monkeypatch: Any, **changes: object) -> Services:
    """Return the services of one issuer whose keys come over this wire."""
    monkeypatch.setattr("auth.services.Outgoing", lambda **_: wire)
    return Services({"house": ServiceIssuer.model_validate(SETTINGS | changes)})


def claims_at(now: datetime, **changes: object) -> dict[str, Any]:
    """Return the claims of a good token; a claim that is ... is left out."""
    second = int(now.timestamp())
    claims: dict[str, Any] = {
        "iss": ISSUER, "aud": AUDIENCE, "sub": "billing-1", "client_id": "billing-1", "jti": "1",
        "iat": second, "exp": second + 300, "scope": "catalog:read playlists:read",
    }  # fmt: skip
    return {name: one for name, one in (claims | changes).items() if one is not ...}


def token_of(
    kid: str, claims: Mapping[str, Any] | str, header: Mapping[str, Any] | None = None
) -> str:
    """Return a token that a key of this name has signed; a member that is ... is left out."""
    algorithm, key = KEYS[kid]
    members = {"alg": algorithm, "kid": kid, "typ": "at+jwt"} | dict(header or {})
    shown = {name: one for name, one in members.items() if one is not ...}
    text = claims if isinstance(claims, str) else json.dumps(claims)
    with warnings.catch_warnings(action="ignore"):  # the old name of Ed25519, and weak keys
        return jws.serialize_compact(shown, text, key, algorithms=[shown["alg"]])


def with_hmac(claims: Mapping[str, Any]) -> str:
    """Return a token that is "signed" with the public key as a shared secret."""
    header = {"alg": "HS256", "kid": "rsa", "typ": "at+jwt"}
    body = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims).encode())}"
    secret = RSA.as_pem(private=False)
    return f"{body}.{b64(hmac.digest(secret, body.encode(), 'sha256'))}"


def unsigned(claims: Mapping[str, Any]) -> str:
    """Return a token that says it needs no signature."""
    header = {"alg": "none", "kid": "rsa", "typ": "at+jwt"}
    return f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims).encode())}."
