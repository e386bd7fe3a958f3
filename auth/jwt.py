"""Signs and reads JSON Web Tokens, strictly: what RFC 8725 warns of is refused.

joserfc checks the signature. Header and claims are read here: the library takes the last of
duplicate members, any type, and numbers that are none.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

VerifyingKey = ECKey | RSAKey | OKPKey

MAX_CHARS = 8192
_MAX_KID_CHARS = 200
_SEGMENTS = 3
_TYPE = "at+jwt"
# They would have us take a key, or a meaning, from whoever sends the token.
_FORBIDDEN = frozenset({"crit", "jku", "jwk", "x5u", "x5c", "b64"})
_LATEST = datetime(9999, 1, 1, tzinfo=UTC).timestamp()
# Another process may have issued it, and its clock be a little ahead.
_LEEWAY = timedelta(seconds=10)


class BadToken(Exception):
    """Not a token of ours that is good now. The reason is for logs, not for who sent it."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a token says of its signature, before anything is believed."""

    algorithm: str
    kid: str


@dataclass(frozen=True, slots=True)
class Expected:
    """Who must have issued a token, for whom, and how it may be signed."""

    issuer: str
    audience: str
    algorithms: tuple[str, ...]


def sign(claims: Mapping[str, object], key: ECKey, kid: str, algorithm: str) -> str:
    """Return a signed access token (RFC 9068)."""
    header = {"alg": algorithm, "kid": kid, "typ": _TYPE}
    return jws.serialize_compact(header, json.dumps(claims), key, algorithms=[algorithm])


def looks_like_jwt(token: str) -> bool:
    """Whether a text has the form of a signed token: three parts between dots."""
    return token.count(".") == _SEGMENTS - 1


def read_header(token: str) -> Header:
    """Return what the token says of its signature.

    Raises:
        BadToken: it is too long or no signed access token, or its header is not to be trusted.
    """
    if len(token) > MAX_CHARS or not token.isascii():
        raise BadToken("length")
    segments = token.split(".")
    if len(segments) != _SEGMENTS or not all(segments):
        raise BadToken("form")
    header = _object(_decoded(segments[0]))
    if _FORBIDDEN & header.keys():
        raise BadToken("header")
    type_, algorithm, kid = (header.get(name) for name in ("typ", "alg", "kid"))
    if not isinstance(type_, str) or type_.lower().removeprefix("application/") != _TYPE:
        raise BadToken("typ")
    if not isinstance(algorithm, str) or not isinstance(kid, str):
        raise BadToken("header")
    if not 0 < len(kid) <= _MAX_KID_CHARS:
        raise BadToken("kid")
    return Header(algorithm, kid)


def read_claims(token: str, key: VerifyingKey, expected: Expected, now: datetime) -> dict[str, Any]:
    """Return the claims of a token whose header was read.

    Signature, issuer, audience and times are as they must be, and the claims that RFC 9068 asks
    for are there, of their types.

    Raises:
        BadToken: they are not.
    """
    try:
        signed = jws.deserialize_compact(token, key, algorithms=list(expected.algorithms))
    except (JoseError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadToken("signature") from error
    _decoded(token.rpartition(".")[2])  # one way to write a signature, not several
    claims = _object(signed.payload)
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if not all(isinstance(one, str) for one in audiences) or expected.audience not in audiences:
        raise BadToken("aud")
    if claims.get("iss") != expected.issuer:
        raise BadToken("iss")
    for name in ("sub", "client_id", "jti"):
        text_claim(claims, name)
    _check_times(claims, now)
    return claims


def text_claim(claims: Mapping[str, Any], name: str) -> str:
    """Return a claim that is a text, and not an empty one.

    Raises:
        BadToken: it is missing, or something else.
    """
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise BadToken(name)
    return value


def time_claim(claims: Mapping[str, Any], name: str) -> datetime:
    """Return a claim that is a moment, in whole seconds.

    Raises:
        BadToken: it is missing, or something else.
    """
    value = claims.get(name)
    if type(value) is not int or not 0 <= value < _LATEST:  # True is an int, too
        raise BadToken(name)
    return datetime.fromtimestamp(value, UTC)


def _check_times(claims: Mapping[str, Any], now: datetime) -> None:
    if time_claim(claims, "exp") <= now:
        raise BadToken("exp")
    if time_claim(claims, "iat") > now + _LEEWAY:
        raise BadToken("iat")
    if "nbf" in claims and time_claim(claims, "nbf") > now + _LEEWAY:
        raise BadToken("nbf")


def _decoded(segment: str) -> bytes:
    """Return the bytes of a segment that is written in the one way there is."""
    try:
        decoded = base64.b64decode(segment + "=" * (-len(segment) % 4), b"-_", validate=True)
    except ValueError as error:
        raise BadToken("base64") from error
    if base64.urlsafe_b64encode(decoded).rstrip(b"=") != segment.encode():
        raise BadToken("base64")
    return decoded


def _object(text: bytes) -> dict[str, Any]:
    try:
        value = _JSON.decode(text.decode())
    except (ValueError, RecursionError) as error:
        raise BadToken("json") from error
    if not isinstance(value, dict):
        raise BadToken("json")
    return value


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("duplicate members")
    return members


def _no_number(text: str) -> NoReturn:
    raise ValueError(text)


_JSON = json.JSONDecoder(object_pairs_hook=_without_duplicates, parse_constant=_no_number)
