"""The routes of all pages: below `/account`, `/auth`, `/developers`, and where apps send people."""

from functools import partial

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Mount, Route

from gateway.oauth import consent, devices
from gateway.pages import (
    activity,
    apps,
    data,
    developer_apps,
    developer_keys,
    developers,
    identities,
    notifications,
    passkeys,
    passwords,
    profile,
    providers,
    second_factor,
    sessions,
    sign_in,
    sign_up,
)
from gateway.pages.errors import http_error
from gateway.pages.rendering import Renderer
from gateway.pages.static_files import StaticFile
from gateway.settings import Settings

PAGES = (
    *sign_up.PAGES,
    *sign_in.PAGES,
    *providers.PAGES,
    *passwords.PAGES,
    *profile.PAGES,
    *second_factor.PAGES,
    *passkeys.PAGES,
    *identities.PAGES,
    *sessions.PAGES,
    *apps.PAGES,
    *activity.PAGES,
    *notifications.PAGES,
    *data.PAGES,
    *consent.PAGES,
    *devices.PAGES,
    *developers.PAGES,
    *developer_keys.PAGES,
    *developer_apps.PAGES,
)

_DEVELOPERS = ("/developers", "/developers/{page:path}")


def page_routes(settings: Settings) -> list[BaseRoute]:
    """Return the routes of the pages, and of their style sheet and script.

    They are an application of their own, so that what goes wrong there is shown as a page.
    """
    renderer = Renderer(graphiql=settings.graphiql_on)
    answer = partial(http_error, renderer)
    pages = Starlette(
        routes=[Mount("/account/static", StaticFile()), *(page.route(renderer) for page in PAGES)],
        exception_handlers={HTTPException: answer, Exception: answer},
    )
    apart = (page.path for page in (*consent.PAGES, *devices.PAGES))
    paths = ("/account", "/account/{page:path}", "/auth/{page:path}", *_DEVELOPERS, *apart)
    return [Route(path, pages) for path in paths]
