"""People with a password and an authenticator app."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pyotp
from sqlalchemy import select

from auth.identity import Identity
from auth.principal import ANONYMOUS, Principal, SessionKind, person
from datasources.postgres.account_tables import audit_log, jobs
from datasources.stores import Stores
from resolvers.context import Client, RequestContext
from resolvers.second_factor import SecondFactorRequired, confirm_totp, enrol_totp
from resolvers.sign_in import sign_in
from tests.factories.operations import context_of, identity_of
from tests.factories.people import PHONE, add_account, change_account

PASSWORD = "a garden of brass bees"


@dataclass
class House:
    """Stores, an identity and a clock that a test turns."""

    stores: Stores
    identity: Identity
    now: datetime

    @classmethod
    def of(cls, stores: Stores) -> "House":
        return cls(stores, identity_of(stores), datetime(2026, 1, 1, 12, tzinfo=UTC))

    def later(self, seconds: float = 30) -> None:
        """Turn the clock."""
        self.now += timedelta(seconds=seconds)

    def context(self, principal: Principal = ANONYMOUS, client: Client = PHONE) -> RequestContext:
        """Return the context of one operation, of an app unless said otherwise."""
        made = context_of(self.stores, principal, identity=self.identity, client=client)
        clock: Callable[[], datetime] = lambda: self.now  # noqa: E731  its type has no name
        return replace(made, clock=clock)

    def signed_in(self, who: UUID, seconds_ago: float = 0) -> RequestContext:
        """Return the context of somebody who is signed in."""
        since = self.now - timedelta(seconds=seconds_ago)
        return self.context(person(who, authenticated_at=since))

    async def person(self, number: int = 1, password: str | None = PASSWORD) -> UUID:
        """Write a person with an account."""
        who = await add_account(self.stores, number)
        if password is not None:
            await change_account(
                self.stores,
                who,
                password_hash=await self.identity.passwords.hash(password),
                password_changed_at=self.now,
            )
        return who

    async def enrol(self, who: UUID) -> tuple[pyotp.TOTP, list[str]]:
        """Give a person an authenticator, and return it with the recovery codes."""
        enrolment = await enrol_totp(self.signed_in(who), PASSWORD)
        app = pyotp.parse_uri(enrolment.uri)
        assert isinstance(app, pyotp.TOTP)
        confirmed = await confirm_totp(self.signed_in(who), app.at(self.now))
        self.later()  # that code is used
        return app, confirmed.recovery_codes

    async def challenge(
        self,
        number: int = 1,
        kind: SessionKind = SessionKind.TOKENS,
        client: Client = PHONE,
    ) -> str:
        """Take the first step of signing in, and return the challenge of the second."""
        asked = await sign_in(self.context(client=client), f"user{number}", PASSWORD, kind)
        assert isinstance(asked, SecondFactorRequired)
        return asked.challenge

    async def audited(self) -> list[tuple[str, str, dict[str, object]]]:
        """Return action, result and details of what was written down, in its order."""
        log = audit_log.c
        rows = await self.stores.postgres.read(
            select(log.action, log.result, log.details).order_by(log.id)
        )
        return [(row.action, row.result, row.details) for row in rows]

    async def mails(self) -> list[dict[str, str]]:
        """Return what the mails that wait say, in the order in which they were asked for."""
        rows = await self.stores.postgres.read(select(jobs.c.payload).order_by(jobs.c.id))
        return [row.payload for row in rows]
