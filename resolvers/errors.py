"""What a use case refuses, in words that the client may read.

ExpectedError
├── BadUserInput            an argument that no request can be made of
│   └── BadCursor           a cursor that was not made by this list
└── Refusal                 a mutation's expected failure: a member of its result, or an error
    ├── InvalidInput        a value that cannot be taken, and which one
    ├── Unauthenticated     nobody is signed in, or not well enough
    │   └── WrongCredentials   the password, code or passkey is not the right one
    ├── Forbidden           somebody is, but may not do this
    ├── NotFound            there is no such thing for this caller
    ├── LimitExceeded       there may not be more of these
    ├── RateLimited         too often; come back later
    ├── PlaylistConflict    others changed the items meanwhile, and what was named is gone
    ├── ProviderDown        an OpenID provider does not answer as it should
    ├── IdempotencyKeyReused   the key of this request was used for something else
    ├── IdempotencyInProgress  the first request with this key still runs
    └── Overloaded          too much at this moment
"""

from uuid import UUID

from datasources.records.playlists import PlaylistItemRecord


class ExpectedError(Exception):
    """A refusal; its message is for the client."""


class BadUserInput(ExpectedError):
    """An argument that is out of its range or makes no sense."""


class BadCursor(BadUserInput):
    """A cursor that was not made by this list."""


class Refusal(ExpectedError):
    """What a mutation does not do. Nothing has changed, but what the use case says."""

    @property
    def message(self) -> str:
        """What the client reads."""
        return str(self)


class InvalidInput(Refusal):
    """A value that cannot be taken. `path` leads to it in the arguments: ("input", "handle")."""

    def __init__(self, path: tuple[str, ...], message: str) -> None:
        super().__init__(message)
        self.path = path


class Unauthenticated(Refusal):
    """Nobody is signed in, or not in the way that this needs."""


class WrongCredentials(Unauthenticated):
    """What was shown is wrong, expired or used: the same words, whichever part it was."""


class Forbidden(Refusal):
    """The caller may not do this."""


class NotFound(Refusal):
    """There is no such thing, or none that the caller may see."""


class LimitExceeded(Refusal):
    """There are as many as there may be."""


class RateLimited(Refusal):
    """Too many attempts; the next one is possible after `retry_after_s` seconds."""

    def __init__(self, retry_after_s: int, message: str) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class PlaylistConflict(Refusal):
    """Items that a change names are not where they would have to be. Nothing has changed.

    `current_version` is that of the list without the change, `items` are those in question as they
    were last, None for one of which nothing is known any more.
    """

    def __init__(
        self,
        message: str,
        current_version: int,
        item_ids: tuple[UUID, ...],
        items: tuple[PlaylistItemRecord | None, ...] = (),
    ) -> None:
        super().__init__(message)
        self.current_version = current_version
        self.item_ids = item_ids
        self.items = items


class IdempotencyKeyReused(Refusal):
    """The request's key was used for another field, or for other arguments."""


class IdempotencyInProgress(Refusal):
    """Another request with the same key has not ended; what it does is not known yet."""


class ProviderDown(Refusal):
    """An OpenID provider does not answer, or not as it should."""


class Overloaded(Refusal):
    """Too many wait for the same work already."""
