"""Who comes from an OpenID provider and is nobody here yet: kept, sealed, by their browser."""

import base64
import json
from dataclasses import asdict, dataclass
from datetime import timedelta

from auth.emails import normalised_email
from auth.oidc import Person
from auth.vault import CannotOpen
from resolvers.context import RequestContext
from resolvers.errors import WrongCredentials

WAITS = timedelta(minutes=10)
"""How long somebody whom nobody here is may take to say who they want to be."""

_SEAL = "newcomer"
_GONE = "That took too long. Sign in again."


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody whom a provider vouches for, and who is nobody here yet."""

    provider: str
    issuer: str
    subject: str
    email: str | None
    name: str
    sid: str | None
    expires_at: float


def newcomer(context: RequestContext, provider: str, person: Person) -> Newcomer:
    """Return whom a provider vouches for as a newcomer; an address that is none is left out."""
    return Newcomer(
        provider=provider,
        issuer=person.issuer,
        subject=person.subject,
        email=person.email and normalised_email(person.email),
        name=person.name,
        sid=person.sid,
        expires_at=(context.clock() + WAITS).timestamp(),
    )


def sealed(context: RequestContext, newcomer: Newcomer) -> str:
    """Return what a browser keeps of a newcomer: nobody can read or change it."""
    text = json.dumps(asdict(newcomer)).encode()
    return base64.urlsafe_b64encode(context.identity.vault.seal(text, _SEAL)).decode()


def newcomer_of(context: RequestContext, sealed: str) -> Newcomer:
    """Return who waits in a browser.

    Raises:
        WrongCredentials: nobody does, or not any more.
    """
    try:
        text = base64.urlsafe_b64decode(sealed.encode())
        newcomer = Newcomer(**json.loads(context.identity.vault.open(text, _SEAL)))
    except (CannotOpen, ValueError, TypeError):
        raise WrongCredentials(_GONE) from None
    if newcomer.expires_at <= context.clock().timestamp():
        raise WrongCredentials(_GONE)
    return newcomer
