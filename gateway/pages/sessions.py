"""Pages of sessions: where one is signed in, and ending that."""

from contextlib import suppress

from starlette.responses import Response

from datasources.loaders.sessions import SessionsOfPerson
from gateway.pages.endpoint import Page
from gateway.pages.visit import SIGN_IN, Visit
from resolvers.errors import NotFound
from resolvers.session_commands import sign_out, sign_out_everywhere
from resolvers.sessions import sessions_key

_HOME = "/account/sessions"


async def _show(visit: Visit) -> Response:
    key = sessions_key(await visit.account(), visit.context)
    found = await visit.context.loaders.of(SessionsOfPerson).load(key) or ()
    current = visit.context.principal.session
    return visit.page("sessions.html", sessions=found, current=current and current.id)


async def _end(visit: Visit) -> Response:
    """End the session of the form; one that is gone already is as good."""
    form = await visit.form()
    with suppress(NotFound):
        await sign_out(visit.context, form["id"])
    if visit.context.reply.session_id == "":
        return visit.go(SIGN_IN, notice="signed-out")
    return visit.go(_HOME, notice="session-gone")


async def _end_all(visit: Visit) -> Response:
    await sign_out_everywhere(visit.context)
    return visit.go(SIGN_IN, notice="signed-out-everywhere")


PAGES = (
    Page(_HOME, _show, signed_in=True),
    Page(f"{_HOME}/end", act=_end, signed_in=True, home=_HOME),
    Page(f"{_HOME}/end-all", act=_end_all, signed_in=True, home=_HOME),
)
