"""Errors that are part of a mutation's result."""

import strawberry

from resolvers import errors
from schema.errors import ErrorCode, code_of
from schema.views import attribute, computed, view


@strawberry.interface(description="Why a mutation has not done what was asked for.")
class Error:
    """A view over a refusal."""

    code: ErrorCode = computed(code_of, "The same codes that `extensions.code` has.")
    message: str = attribute("A sentence for people.")


@view(errors.InvalidInput, told_apart=True, description="A value that cannot be taken.")
class ValidationError(Error):
    """A view over `InvalidInput`."""

    path: list[str] = attribute('Where the value stands in the arguments: `["input", "handle"]`.')


@view(
    errors.WrongCredentials,
    told_apart=True,
    description=(
        "A password, code, link or passkey that is wrong, expired or used. Nothing tells which."
    ),
)
class WrongCredentials(Error):
    """A view over `WrongCredentials`."""


@view(errors.Forbidden, told_apart=True, description="The caller may not do this.")
class Forbidden(Error):
    """A view over `Forbidden`."""


@view(errors.NotFound, told_apart=True, description="There is no such thing for the caller.")
class NotFound(Error):
    """A view over `NotFound`."""


@view(errors.LimitExceeded, told_apart=True, description="There are as many as there may be.")
class LimitExceeded(Error):
    """A view over `LimitExceeded`."""


@view(errors.RateLimited, told_apart=True, description="Tried too often; it will pass.")
class RateLimited(Error):
    """A view over `RateLimited`."""

    retry_after_s: int = attribute("How long to wait, in seconds.")
