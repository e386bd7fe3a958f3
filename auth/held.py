"""Access tokens that are held open by a socket or stream: whether they are good still, for little.

Reading a token checks its signature. That one was read stays true; its end and its revocation are
looked at again, and no store is asked for that.
"""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import orjson

from auth.identity import Identity


@dataclass(frozen=True, slots=True)
class HeldToken:
    """What of an access token decides whether it is good still."""

    user_id: UUID
    family_id: UUID
    issued_at: datetime
    expires_at: datetime


def held_token(token: str) -> HeldToken:
    """Return what is to be looked at of one of our access tokens that was read before.

    Its signature is not checked here: `auth.tokens.principal_of_token` has done so.
    """
    claims = token.split(".")[1]
    read = orjson.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    return HeldToken(
        UUID(read["sub"]),
        UUID(read["sid"]),
        datetime.fromtimestamp(read["iat"], UTC),
        datetime.fromtimestamp(read["exp"], UTC),
    )


def still_good(identity: Identity, held: HeldToken, now: datetime) -> bool:
    """Return whether the token is neither over nor revoked, as far as this process has heard."""
    return now < held.expires_at and not identity.revocations.void(
        held.user_id, held.family_id, held.issued_at
    )
