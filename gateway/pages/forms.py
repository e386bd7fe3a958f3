"""Forms: what was sent, and what is said beside each field when it cannot be taken."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

from resolvers.errors import (
    Forbidden,
    InvalidInput,
    NotFound,
    Overloaded,
    RateLimited,
    Refusal,
    Unauthenticated,
    WrongCredentials,
)

_MAX_BYTES = 64 * 1024  # a passkey's answer has a few thousand
_MAX_FIELDS = 20
_MINUTE_S = 60
_UNSEEN = ((), ("token",), ("credential",), ("id",))  # what is wrong with these is said on top
_FORM_TYPE = "application/x-www-form-urlencoded"

_STATUS: Mapping[type[Refusal], int] = {
    Forbidden: 403,
    NotFound: 404,
    RateLimited: 429,
    Overloaded: 503,
}


class BadForm(Exception):
    """A body that no form of ours sends. `status` is what HTTP calls it."""

    def __init__(self, status: int) -> None:
        super().__init__()
        self.status = status


@dataclass(frozen=True, slots=True)
class Form:
    """Values by field, and why they were not taken: by field, or `problem` for the whole.

    Values may be secrets, so they have no repr; templates never write a password back.
    """

    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    errors: Mapping[str, str] = field(default_factory=dict)
    problem: str | None = None
    status: int = 200
    retry_after_s: int | None = None

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")

    @property
    def failed(self) -> bool:
        """Whether anything was not taken."""
        return bool(self.errors or self.problem)

    def refused(self, refusal: Refusal, *, beside: str | None = None) -> "Form":
        """Return the form with what a use case says about it.

        A wrong password or code is said beside the field named, where one is.

        Raises:
            Unauthenticated: nobody is signed in, or not well enough: no field's fault.
        """
        if isinstance(refusal, Unauthenticated) and not isinstance(refusal, WrongCredentials):
            raise refusal
        if isinstance(refusal, InvalidInput) and refusal.path[-1:] not in _UNSEEN:
            return self.wrong(refusal.path[-1], refusal.message)
        if beside is not None and isinstance(refusal, WrongCredentials):
            return self.wrong(beside, refusal.message)
        status = next((_STATUS[kind] for kind in type(refusal).__mro__ if kind in _STATUS), 422)
        if isinstance(refusal, RateLimited):
            wait = refusal.retry_after_s
            problem = f"That was often. Try again in {waiting_time(wait)}."
            return replace(self, problem=problem, status=status, retry_after_s=wait)
        return replace(self, problem=refusal.message, status=status)

    def wrong(self, name: str, message: str) -> "Form":
        """Return the form with a message beside a field."""
        return replace(self, errors={**self.errors, name: message}, status=422)


EMPTY = Form()


async def read_form(request: Request) -> Form:
    """Return what a form sent.

    Raises:
        BadForm: it is too large, no form, or has a field twice.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _FORM_TYPE:
        raise BadForm(415)
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > _MAX_BYTES:
                raise BadForm(413)
    except ClientDisconnect:
        raise BadForm(400) from None
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MAX_FIELDS,
        )
    except ValueError:
        raise BadForm(400) from None
    values = dict(pairs)
    if len(values) != len(pairs):
        raise BadForm(400)
    return Form(values)


def waiting_time(seconds: int) -> str:
    """Return a time to wait, in words, never shorter than it is."""
    if seconds > _MINUTE_S:
        return f"{-(-seconds // _MINUTE_S)} minutes"
    if seconds == _MINUTE_S:
        return "a minute"
    return "1 second" if seconds <= 1 else f"{seconds} seconds"
