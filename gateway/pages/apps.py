"""The page of apps that act for a person, and taking that back."""

from contextlib import suppress
from uuid import UUID

from starlette.responses import Response

from datasources.loaders.apps import AuthorizedAppsOfUser
from gateway.oauth.words import asked_for
from gateway.pages.endpoint import Page
from gateway.pages.visit import Visit
from resolvers.app_consents import withdraw_consent
from resolvers.errors import NotFound

_HOME = "/account/apps"


async def _show(visit: Visit) -> Response:
    found = await visit.context.loaders.of(AuthorizedAppsOfUser).load(visit.me) or ()
    return visit.page("apps.html", apps=[(one, asked_for(one.scopes)) for one in found])


async def _withdraw(visit: Visit) -> Response:
    """Take back what the form's app may do; one that may do nothing any more is as good."""
    form = await visit.form()
    with suppress(NotFound):
        await withdraw_consent(visit.context, _uuid(form["id"]))
    return visit.go(_HOME, notice="consent-withdrawn")


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


PAGES = (
    Page(_HOME, _show, signed_in=True),
    Page(f"{_HOME}/withdraw", act=_withdraw, signed_in=True, home=_HOME),
)
