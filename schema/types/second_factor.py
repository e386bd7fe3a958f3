"""The second factor of an account, and the step in which it is asked for."""

from datetime import datetime

from datasources.records.second_factors import SecondFactorRecord
from resolvers import second_factor
from schema.views import attribute, view


@view(
    second_factor.SecondFactorRequired,
    told_apart=True,
    description="The password was right, and the account asks for a code as well.",
)
class SecondFactorRequired:
    """A view over `SecondFactorRequired`."""

    challenge: str = attribute(
        "What `completeSignIn` takes, with a code. Keep it secret, and in memory only."
    )
    expires_in_s: int = attribute("How long the challenge is good for, in seconds.")


@view(SecondFactorRecord, description="Whether signing in with a password asks for a code, too.")
class SecondFactor:
    """A view over what an account has."""

    enabled: bool = attribute("Whether an authenticator app is active.")
    confirmed_at: datetime | None = attribute("When it became active; null where there is none.")
    recovery_codes_left: int = attribute("How many recovery codes are not yet used.")
