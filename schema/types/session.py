"""The sessions of the viewer."""

from datetime import datetime

import strawberry
from strawberry.types import Info

from auth.principal import SessionKind
from datasources.records.sessions import ListedSession
from resolvers.context import RequestContext
from resolvers.sessions import is_current
from schema.views import attribute, computed, view


def _kind(session: ListedSession) -> SessionKind:
    return SessionKind.TOKENS if session.tokens else SessionKind.COOKIE


@view(ListedSession, description="A browser or app in which the viewer is signed in.")
class Session:
    """A session."""

    id: strawberry.ID = attribute("Names the session in `signOut`; it opens nothing.")
    kind: SessionKind = computed(_kind, "How the client keeps it.")
    device: str = attribute("Browser or app, and the system that it runs on, as far as it says so.")
    address: str = attribute("The network address that it was begun or last renewed from.")
    created_at: datetime = attribute("When it began.")
    last_used_at: datetime = attribute(
        "When it was last used; of a session in tokens, when they were last refreshed."
    )

    @strawberry.field(description="Whether this request came with it.")
    def current(self, info: Info[RequestContext, None]) -> bool:
        """Return whether it is the caller's own."""
        return is_current(info.context, self)  # type: ignore[arg-type]  # a view stands for its record
