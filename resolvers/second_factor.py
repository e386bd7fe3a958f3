"""The second factor: enrolling an authenticator app, and the second step of signing in."""

from dataclasses import dataclass, field

from auth.principal import SessionKind
from datasources.records.accounts import AccountRecord
from datasources.redis import challenges
from resolvers.context import RequestContext

_KIND = "second-factor"
_TRIES = 5


@dataclass(frozen=True, slots=True)
class SecondFactorRequired:
    """The password was right; `completeSignIn` takes this challenge and a code."""

    challenge: str = field(repr=False)
    expires_in_s: int


async def begin_challenge(
    context: RequestContext, account: AccountRecord, kind: SessionKind
) -> SecondFactorRequired:
    """Return the challenge of one who has shown their password, and has a second factor.

    It is worth nothing once the password or the second factor has changed.

    Raises:
        StoreUnavailable, StoreTimeout: Redis did not answer.
    """
    seconds = context.identity.settings.challenge_s
    value = {
        "user_id": str(account.user_id),
        "kind": kind.value,
        "state": _state(account),
    }
    id_ = await challenges.put(context.stores.redis, _KIND, value, seconds, uses=_TRIES)
    return SecondFactorRequired(id_, seconds)


def _state(account: AccountRecord) -> list[str]:
    """Return what must still be as it was when the second step comes."""
    return [str(account.password_changed_at), str(account.totp_confirmed_at)]
