"""What a socket or stream is held open with: whom it acts for, and whether it may be over."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from auth.credentials import Credential
from auth.held import HeldToken, held_token
from auth.principal import Principal, SessionKind
from resolvers.context import utc_now


@dataclass(slots=True, eq=False)
class Rights:
    """Whom a socket or stream acts for by now; `credential` is None for nobody, whom nothing ends.

    `over` says that it has been ended. While there is a `doubt` it may be over, and is being looked
    at: the doubt is set when that is done.
    """

    principal: Principal
    credential: Credential | None = field(repr=False)
    asked_at: datetime
    token: HeldToken | None = None
    over: bool = False
    doubt: asyncio.Event | None = None

    @property
    def session_hash(self) -> str | None:
        """The name of the browser's session that it is held open with."""
        session = self.principal.session
        cookie = session is not None and session.kind is SessionKind.COOKIE
        return session.id if session is not None and cookie else None

    @property
    def owners(self) -> frozenset[UUID]:
        """Whose end, or that of what they hold, may be its end: people and apps."""
        principal = self.principal
        key_owner = None if principal.key is None else principal.key.owner_id
        ids = (principal.user_id, principal.app_id, key_owner)
        return frozenset(one for one in ids if one is not None)

    def renew(self, renewed: "Rights") -> None:
        """Take over what was resolved just now. A doubt stays, until that was looked at, too."""
        self.principal, self.credential = renewed.principal, renewed.credential
        self.asked_at, self.token = renewed.asked_at, renewed.token

    def raise_doubt(self) -> None:
        """Note that it may be over; a look that is under way does not count any more."""
        before, self.doubt = self.doubt, asyncio.Event()
        if before is not None:
            before.set()

    def settle(self, doubt: asyncio.Event | None) -> None:
        """Note that it was looked at since this doubt was raised."""
        if doubt is not None and self.doubt is doubt:
            self.doubt = None
            doubt.set()


class Holder(Protocol):
    """What is held open: `end_rights` is called once, when it is to be ended."""

    @property
    def rights(self) -> Rights:
        """The same all the time; what it says changes."""

    def end_rights(self, *, known: bool) -> None:
        """End; `known` is False where the store did not tell, so that trying again may help."""


def rights_of(principal: Principal, credential: Credential | None) -> Rights:
    """Return the rights of a credential that was resolved just now."""
    session = principal.session
    ours = session is not None and session.kind is SessionKind.TOKENS and credential is not None
    token = held_token(credential.secret) if ours and credential is not None else None
    return Rights(principal, credential, utc_now(), token)
