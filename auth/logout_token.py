"""Logout tokens: a provider says that somebody signed out there (Back-Channel Logout 1.0, 2.6)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from auth import jwt
from auth.id_token import subject_of
from auth.jwks import JwksCache
from auth.jwt import BadToken

# Providers from before the type was named send "JWT" or nothing; what the token says tells it
# from an ID token: it has an event, and no nonce.
_TYPES = ("logout+jwt", "jwt", None)
_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_MAX_CHARS = 255


@dataclass(frozen=True, slots=True)
class Logout:
    """Whose sessions end: all of `subject`, or the ones that the provider knows as `sid`.

    `id` is good once until `expires_at`.
    """

    subject: str | None
    sid: str | None
    id: str
    expires_at: datetime


async def read_logout_token(
    token: str, keys: JwksCache, issuer: str, client_id: str, now: datetime
) -> Logout:
    """Return what a provider says.

    Raises:
        BadToken: it is not the provider's, not for us, not good now, or says something else.
        OutgoingError: its key is not known, and the provider does not answer.
    """
    header = jwt.read_header(token, _TYPES)
    key = await keys.key(header.kid, header.algorithm)
    if key is None:
        raise BadToken("key")
    claims = jwt.read_signed(token, key, (header.algorithm,))
    if claims.get("iss") != issuer:
        raise BadToken("iss")
    if client_id not in jwt.audiences_of(claims):
        raise BadToken("aud")
    jwt.check_times(claims, now)
    if "nonce" in claims:
        raise BadToken("nonce")
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(_EVENT), dict):
        raise BadToken("events")
    subject = subject_of(claims) if "sub" in claims else None
    sid = _text(claims, "sid") if "sid" in claims else None
    if subject is None and sid is None:
        raise BadToken("sub")
    return Logout(subject, sid, _text(claims, "jti"), jwt.time_claim(claims, "exp"))


def _text(claims: Mapping[str, Any], name: str) -> str:
    text = jwt.text_claim(claims, name)
    if len(text) > _MAX_CHARS:
        raise BadToken(name)
    return text
