"""Access tokens that are held open by a socket or stream: whether they are good still, for little.

Reading a token checks its signature. That one was read stays true; its end, its revocation and the
end of its key are looked at again, and no store is asked for that.
"""

import base64
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson

from auth.identity import Identity
from auth.jwt import read_header
from auth.tokens import read_claims_of


@dataclass(frozen=True, slots=True)
class HeldToken:
    """What of an access token decides whether it is good still."""

    kid: str
    user_id: UUID | None
    family_id: UUID
    issued_at: datetime
    expires_at: datetime
    app_id: UUID | None


def held_token(token: str) -> HeldToken:
    """Return what is to be looked at of one of our access tokens that was read before.

    Its signature is not checked here: `auth.tokens.principal_of_token` has done so.
    """
    payload = token.split(".")[1]
    kid = read_header(token).kid
    claims = read_claims_of(
        orjson.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    )
    return HeldToken(
        kid, claims.user_id, claims.family_id, claims.issued_at, claims.expires_at, claims.app_id
    )


def still_good(identity: Identity, held: HeldToken, now: datetime) -> bool:
    """Return whether token and key are not over, nor revoked, as far as this process has heard."""
    return (
        now < held.expires_at
        and identity.keys.verifies(held.kid, now)
        and not identity.revocations.void(held.user_id, held.family_id, held.issued_at, held.app_id)
    )
