"""Second factors of accounts."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class TotpRecord:
    """What `accounts` holds of an authenticator; it is active once it was confirmed.

    `last_step` is the latest step of which a code was used.
    """

    sealed: bytes = field(repr=False)
    confirmed_at: datetime | None
    last_step: int


@dataclass(frozen=True, slots=True)
class SecondFactorRecord:
    """What a person may know of their own second factor."""

    confirmed_at: datetime | None
    recovery_codes_left: int

    @property
    def enabled(self) -> bool:
        """Whether signing in with a password asks for a code, too."""
        return self.confirmed_at is not None


NO_SECOND_FACTOR = SecondFactorRecord(None, 0)
