"""Signs and reads JSON Web Tokens, strictly: what RFC 8725 warns of is refused.

joserfc checks the signature. Header and claims are read here: the library takes the last of
duplicate members, any type, and numbers that are none.
"""

import base64
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from auth.strict_json import read_object

VerifyingKey = ECKey | RSAKey | OKPKey

MAX_CHARS = 8192
_MAX_KID_CHARS = 200
_SEGMENTS = 3
ACCESS_TOKEN = "at+jwt"  # noqa: S105  a type, no secret
"""`typ` of an access token (RFC 9068)."""
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


def sign(
    claims: Mapping[str, object], key: ECKey, kid: str, algorithm: str, type_: str = ACCESS_TOKEN
) -> str:
    """Return a signed token: an access token (RFC 9068), where no other type is named."""
    header = {"alg": algorithm, "kid": kid, "typ": type_}
    return jws.serialize_compact(header, json.dumps(claims), key, algorithms=[algorithm])


def looks_like_jwt(token: str) -> bool:
    """Whether a text has the form of a signed token: three parts between dots."""
    return token.count(".") == _SEGMENTS - 1


class _Registry(JWSRegistry):
    """Algorithms that are allowed, and no others: the library takes its own where none is named.

    Nor does it warn of the name `EdDSA`, which issuers still use for Ed25519. Members of the
    header that nobody knows are left alone (RFC 7515, 4): those that matter were looked at.
    """

    def get_alg(self, name: str) -> Any:
        if name not in (self.allowed or ()) or name not in self.algorithms:
            raise UnsupportedAlgorithmError(name)
        return self.algorithms[name]


def read_header(token: str, types: Collection[str | None] = (ACCESS_TOKEN,)) -> Header:
    """Return what the token says of its signature.

    `types` are those that it may name, in small letters; None stands for naming none. Where its
    `kid` is missing, that of the header is "": no key has that name.

    Raises:
        BadToken: it is too long or no signed token of such a type, or its header is not to be
            trusted.
    """
    if len(token) > MAX_CHARS or not token.isascii():
        raise BadToken("length")
    segments = token.split(".")
    if len(segments) != _SEGMENTS or not all(segments):
        raise BadToken("form")
    header = _object(_decoded(segments[0]))
    if _FORBIDDEN & header.keys():
        raise BadToken("header")
    type_, algorithm, kid = header.get("typ"), header.get("alg"), header.get("kid", "")
    if isinstance(type_, str):
        type_ = type_.lower().removeprefix("application/")
    elif "typ" in header:
        raise BadToken("typ")
    if type_ not in types:
        raise BadToken("typ")
    if not isinstance(algorithm, str) or not isinstance(kid, str):
        raise BadToken("header")
    if len(kid) > _MAX_KID_CHARS:
        raise BadToken("kid")
    return Header(algorithm, kid)


def claimed_issuer(token: str) -> str | None:
    """Return who says to have issued a token: nothing is verified, so only to choose whose keys.

    None where that cannot be read.
    """
    if len(token) > MAX_CHARS or not token.isascii() or not looks_like_jwt(token):
        return None
    try:
        issuer = _object(_decoded(token.split(".")[1])).get("iss")
    except BadToken:
        return None
    return issuer if isinstance(issuer, str) else None


def read_claims(token: str, key: VerifyingKey, expected: Expected, now: datetime) -> dict[str, Any]:
    """Return the claims of an access token whose header was read.

    Signature, issuer, audience and times are as they must be, and the claims that RFC 9068 asks
    for are there, of their types.

    Raises:
        BadToken: they are not.
    """
    claims = read_signed(token, key, expected.algorithms)
    if expected.audience not in audiences_of(claims):
        raise BadToken("aud")
    if claims.get("iss") != expected.issuer:
        raise BadToken("iss")
    for name in ("sub", "client_id", "jti"):
        text_claim(claims, name)
    check_times(claims, now)
    return claims


def read_signed(token: str, key: VerifyingKey, algorithms: Collection[str]) -> dict[str, Any]:
    """Return the claims of a token whose header was read and whose signature fits; no more.

    Raises:
        BadToken: it does not, or they are no JSON object that is read in one way only.
    """
    try:
        registry = _Registry(algorithms=list(algorithms), strict_check_header=False)
        signed = jws.deserialize_compact(token, key, registry=registry)
    except (JoseError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadToken("signature") from error
    _decoded(token.rpartition(".")[2])  # one way to write a signature, not several
    return _object(signed.payload)


def unverified_claims(token: str) -> dict[str, Any]:
    """Return what a token says, to know whose key to look for: nothing of it is to be believed.

    Raises:
        BadToken: it is too long, or no signed token.
    """
    segments = token.split(".")
    if len(token) > MAX_CHARS or not token.isascii() or len(segments) != _SEGMENTS:
        raise BadToken("form")
    return _object(_decoded(segments[1]))


def audiences_of(claims: Mapping[str, Any]) -> list[str]:
    """Return whom a token is for.

    Raises:
        BadToken: it does not say so, or not as it should.
    """
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    named = [one for one in audiences if isinstance(one, str)]
    if len(named) != len(audiences):
        raise BadToken("aud")
    return named


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


def check_times(claims: Mapping[str, Any], now: datetime) -> None:
    """Let a token pass that is good now; clocks may differ by ten seconds.

    Raises:
        BadToken: it is over, not yet good, or does not say until when and since when.
    """
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
        return read_object(text)
    except ValueError as error:
        raise BadToken("json") from error
