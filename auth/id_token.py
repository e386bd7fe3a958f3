"""ID tokens of OpenID providers: checked as OpenID Connect Core 1.0, 3.1.3.7, asks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc.errors import JoseError

from auth import jwt
from auth.jwks import JwksCache
from auth.jwt import BadToken

# A provider says "JWT" or nothing; what says more is an access token, or meant for something else.
_TYPES = (None, "jwt")
_LEEWAY_S = 10
_MAX_SUBJECT_CHARS = 255


@dataclass(frozen=True, slots=True)
class Asked:
    """What an ID token has to answer to: who issues it, for whom, and for which attempt."""

    issuer: str
    client_id: str
    nonce: str = field(repr=False)
    access_token: str | None = field(repr=False)


async def read_id_token(
    token: str, keys: JwksCache, asked: Asked, now: datetime
) -> Mapping[str, Any]:
    """Return the claims of an ID token that a code was exchanged for.

    Raises:
        BadToken: it is not the provider's, not for us, not for this attempt, or not good now.
        OutgoingError: its key is not known, and the provider does not answer.
    """
    header = jwt.read_header(token, _TYPES)
    key = await keys.key(header.kid, header.algorithm)
    if key is None:
        raise BadToken("key")
    claims = jwt.read_signed(token, key, (header.algorithm,))
    if claims.get("iss") != asked.issuer:
        raise BadToken("iss")
    # Others in it could use it here; we trust no other.
    if jwt.audiences_of(claims) != [asked.client_id]:
        raise BadToken("aud")
    subject_of(claims)
    jwt.check_times(claims, now)
    _check_claims(claims, asked, header.algorithm, now)
    return claims


def subject_of(claims: Mapping[str, Any]) -> str:
    """Return the provider's name for a person.

    Raises:
        BadToken: there is none that can be one.
    """
    subject = jwt.text_claim(claims, "sub")
    if len(subject) > _MAX_SUBJECT_CHARS or not subject.isascii() or not subject.isprintable():
        raise BadToken("sub")
    return subject


def _check_claims(claims: Mapping[str, Any], asked: Asked, algorithm: str, now: datetime) -> None:
    params = {
        "nonce": asked.nonce,
        "client_id": asked.client_id,
        "access_token": asked.access_token,
    }
    # The older name of the same algorithm is the one that its hash is known by.
    header = {"alg": "EdDSA" if algorithm == "Ed25519" else algorithm}
    try:
        read = CodeIDToken(dict(claims), header, params=params)
        read.validate(int(now.timestamp()), _LEEWAY_S)
    except JoseError as error:
        raise BadToken(str(getattr(error, "claim", "") or "claims")) from error
    except (ValueError, TypeError, AttributeError) as error:
        raise BadToken("claims") from error
