"""Results of changes to the second factor."""

from typing import Annotated

import strawberry

from resolvers import second_factor
from schema.payloads.errors import Forbidden, NotFound, RateLimited, WrongCredentials
from schema.payloads.sessions import SignedIn
from schema.types.second_factor import SecondFactor
from schema.views import attribute, view

_ONCE = "Shown here and never again"


@view(
    second_factor.TotpEnrolment,
    told_apart=True,
    description="An authenticator app to set up. It is active after `confirmTotp`.",
)
class TotpEnrolment:
    """A view over `TotpEnrolment`."""

    secret: str = attribute(f"For an app that cannot scan, in base32. {_ONCE}.")
    uri: str = attribute(f"The `otpauth` address that an app on the same device opens. {_ONCE}.")
    qr_svg: str = attribute(f"The same as a QR code: an SVG element without styles. {_ONCE}.")


@view(
    second_factor.TotpConfirmed, told_apart=True, description="The authenticator app is active now."
)
class TotpConfirmed:
    """A view over `TotpConfirmed`."""

    recovery_codes: list[str] = attribute(
        f"Ten codes, each of which signs in once when the app is gone. {_ONCE}."
    )
    second_factor: SecondFactor = attribute("The second factor after the change.")


@view(second_factor.TotpDisabled, told_apart=True, description="There is no second factor now.")
class TotpDisabled:
    """A view over `TotpDisabled`."""

    second_factor: SecondFactor = attribute("The second factor after the change.")


@view(
    second_factor.RecoveryCodesReplaced,
    told_apart=True,
    description="There are new recovery codes, and the former ones are void.",
)
class RecoveryCodesReplaced:
    """A view over `RecoveryCodesReplaced`."""

    recovery_codes: list[str] = attribute(f"Ten new codes. {_ONCE}.")
    second_factor: SecondFactor = attribute("The second factor after the change.")


CompleteSignInResult = Annotated[
    SignedIn | WrongCredentials | RateLimited | Forbidden,
    strawberry.union("CompleteSignInResult", description="What `completeSignIn` answers."),
]
EnrolTotpResult = Annotated[
    TotpEnrolment | WrongCredentials | RateLimited | Forbidden,
    strawberry.union("EnrolTotpResult", description="What `enrolTotp` answers."),
]
ConfirmTotpResult = Annotated[
    TotpConfirmed | WrongCredentials | RateLimited | NotFound,
    strawberry.union("ConfirmTotpResult", description="What `confirmTotp` answers."),
]
DisableTotpResult = Annotated[
    TotpDisabled | WrongCredentials | RateLimited,
    strawberry.union("DisableTotpResult", description="What `disableTotp` answers."),
]
ReplaceRecoveryCodesResult = Annotated[
    RecoveryCodesReplaced | WrongCredentials | RateLimited | NotFound,
    strawberry.union(
        "ReplaceRecoveryCodesResult", description="What `replaceRecoveryCodes` answers."
    ),
]
