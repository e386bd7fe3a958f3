"""The second factor of an account, and the step in which it is asked for."""

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
