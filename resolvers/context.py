"""What a use case knows of its operation."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from auth.identity import Identity
from auth.principal import Principal
from datasources.loaders.batch import Loaders
from datasources.stores import Stores
from resolvers.live import Ahead, Live
from resolvers.seen import Seen
from resolvers.settings import PlaylistSettings


def utc_now() -> datetime:
    """Return the time of day, with its zone."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Client:
    """Where an operation comes from.

    `preflight` says that it carries a header which no page of another site can send unasked.
    `idempotency_key` is as it was sent, and looked at by `resolvers.idempotency`.
    `browser_mark` is what a browser kept of an earlier sign-in: see `auth/browsers.py`.
    """

    address: str = ""
    user_agent: str = ""
    preflight: bool = False
    idempotency_key: str | None = None
    browser_mark: str = ""


@dataclass(slots=True)
class Reply:
    """What goes back beside the answer: the transport reads it when the operation has ended.

    `session_id` is the session that the browser is to keep from now on, "" for none at all, and
    `browser_mark` what it is to keep beyond that.
    `denied` names what the caller was refused, for the audit log: see `resolvers.audit`.
    """

    session_id: str | None = None
    browser_mark: str | None = None
    denied: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class RequestContext:
    """One operation: who asks and from where, its loaders, the stores, the clock.

    `live` is what subscriptions of this process share; None where there are none. `ahead` makes
    what the client of a subscription gets of an event. `resume_from` is the cursor that a client
    came back with, apart from its operation. `seen` remembers what depends on the caller, where
    others may get the same result.
    """

    principal: Principal
    loaders: Loaders
    stores: Stores
    identity: Identity
    request_id: str
    client: Client = Client()
    reply: Reply = field(default_factory=Reply)
    clock: Callable[[], datetime] = utc_now
    live: Live | None = None
    ahead: Ahead | None = None
    resume_from: str | None = None
    seen: Seen | None = None
    playlists: PlaylistSettings = field(default_factory=PlaylistSettings)
