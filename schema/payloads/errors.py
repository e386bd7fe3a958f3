"""Errors that are part of a mutation's result."""

import strawberry

from resolvers import errors
from schema.errors import ErrorCode, code_of
from schema.refusals import read, refusal_view
from schema.views import computed


@strawberry.interface(description="Why a mutation has not done what was asked for.")
class Error:
    """A view over a refusal."""

    code: ErrorCode = computed(
        lambda refused: code_of(refused.refusal), "The same codes that `extensions.code` has."
    )
    message: str = computed(read("message"), "A sentence for people.")


@refusal_view(errors.InvalidInput, description="A value that cannot be taken.")
class ValidationError(Error):
    """A view over `InvalidInput`."""

    path: list[str] = computed(
        read("path"), 'Where the value stands in the arguments: `["input", "handle"]`.'
    )


@refusal_view(
    errors.WrongCredentials,
    description=(
        "A password, code, link or passkey that is wrong, expired or used. Nothing tells which."
    ),
)
class WrongCredentials(Error):
    """A view over `WrongCredentials`."""


@refusal_view(errors.Forbidden, description="The caller may not do this.")
class Forbidden(Error):
    """A view over `Forbidden`."""


@refusal_view(errors.NotFound, description="There is no such thing for the caller.")
class NotFound(Error):
    """A view over `NotFound`."""


@refusal_view(errors.LimitExceeded, description="There are as many as there may be.")
class LimitExceeded(Error):
    """A view over `LimitExceeded`."""


@refusal_view(errors.RateLimited, description="Tried too often; it will pass.")
class RateLimited(Error):
    """A view over `RateLimited`."""

    retry_after_s: int = computed(read("retry_after_s"), "How long to wait, in seconds.")
