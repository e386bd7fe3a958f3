"""The pages between an app and its code: who asks for what, and whether the person agrees."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from authlib.common.urls import add_params_to_uri
from authlib.oauth2 import OAuth2Error
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from datasources.records.apps import AppRecord
from datasources.redis import challenges
from gateway.oauth.bridge import run_sync
from gateway.oauth.client import AppClient
from gateway.oauth.code_grant import CodeGrant
from gateway.oauth.requests import OAuthRequest, posted, queried
from gateway.oauth.server import Server
from gateway.oauth.words import asked_for
from gateway.pages.endpoint import Page
from gateway.pages.errors import problem_page
from gateway.pages.forms import BadForm
from gateway.pages.security import local_path
from gateway.pages.visit import SIGN_IN, Visit
from resolvers.app_consents import consented

AUTHORIZE, CONSENT = "/oauth/authorize", "/oauth/consent"
_TICKET, _TICKET_S = "consent", 600
# With `frame-ancestors 'none'` of all pages, for browsers that do not know it.
NO_FRAMES = {"X-Frame-Options": "DENY"}


async def _authorize(visit: Visit) -> Response:
    request = queried(visit.request.url.query)
    server = Server(visit.context)
    try:
        grant: CodeGrant = await run_sync(server.get_consent_grant, request, visit.person)
    except OAuth2Error as error:
        return _refused(visit, request, error)
    app = _app_of(grant)
    prompts = frozenset(request.parameters.get("prompt", "").split())
    if visit.person is None:
        if "none" in prompts:
            return _error_back(visit, app, grant, "login_required")
        return _to_sign_in(visit, request.parameters, "")
    if "login" in prompts or _too_long_ago(visit, request.parameters):
        if "none" in prompts:
            return _error_back(visit, app, grant, "login_required")
        return _to_sign_in(visit, request.parameters, "sign-in-again")
    scopes = grant.request.scope.split()
    known = set(scopes) <= await consented(visit.context, app)
    if known and _identified(app, request.parameters) and prompts <= {"none", "login"}:
        return await _answer(visit, server, grant, agreed=True)
    if "none" in prompts:
        return _error_back(visit, app, grant, "consent_required")
    return await _ask(visit, app, request.parameters, scopes)


def _identified(app: AppRecord, parameters: Mapping[str, str]) -> bool:
    """Whether an answer surely reaches the app: any other may take a scheme or a port here."""
    return not app.public or parameters["redirect_uri"].startswith("https://")


def _too_long_ago(visit: Visit, parameters: Mapping[str, str]) -> bool:
    since = visit.context.principal.authenticated_at
    if since is None:
        return True
    limit = parameters.get("max_age")
    return limit is not None and visit.context.clock() - since > timedelta(seconds=int(limit))


def _to_sign_in(visit: Visit, parameters: Mapping[str, str], notice: str) -> Response:
    """Return the way to sign in, and from there back, where it is not asked for again."""
    prompts = [one for one in parameters.get("prompt", "").split() if one != "login"]
    again = {**parameters, "prompt": " ".join(prompts)}
    if notice:
        again.pop("max_age", None)
    here = f"{AUTHORIZE}?{urlencode({name: one for name, one in again.items() if one})}"
    back = local_path(here, "")
    if not back:
        return _page_of_problem(visit, "The app's request is too long.")
    return visit.go(SIGN_IN, next=back, notice=notice)


async def _ask(
    visit: Visit, app: AppRecord, parameters: Mapping[str, str], scopes: Collection[str]
) -> Response:
    value = {"parameters": dict(parameters), "who": _who(visit)}
    ticket = await challenges.put(visit.context.stores.redis, _TICKET, value, _TICKET_S)
    goes_to, website = _place_of(parameters["redirect_uri"]), urlsplit(app.website).hostname
    response = visit.page(
        "oauth_consent.html",
        app=app,
        asked=asked_for(scopes),
        goes_to=goes_to,
        website=website,
        # Anybody may name any website: only who gets the answer there has shown that it is theirs.
        is_theirs=goes_to is not None and goes_to == website,
        ticket=ticket,
    )
    response.headers.update(NO_FRAMES)
    return response


async def _decide(visit: Visit) -> Response:
    """Take what the person decided, about the very request that the page showed them."""
    form = await visit.form()
    value: dict[str, Any] | None = None
    if form["ticket"]:
        value = await challenges.take(visit.context.stores.redis, _TICKET, form["ticket"])
    if value is None or value["who"] != _who(visit):
        return _page_of_problem(visit, _TOO_LATE)
    request = OAuthRequest("GET", value["parameters"])
    server = Server(visit.context)
    try:
        grant: CodeGrant = await run_sync(server.get_consent_grant, request, visit.person)
    except OAuth2Error as error:
        return _refused(visit, request, error)
    return await _answer(visit, server, grant, agreed=form["decision"] == "allow")


async def _answer(visit: Visit, server: Server, grant: CodeGrant, *, agreed: bool) -> Response:
    user = visit.person if agreed else None
    answer = await run_sync(server.answer_to_person, grant, user)
    if answer.location is None:
        return _page_of_problem(visit, "Something about this request is wrong.")
    return _back(visit, _app_of(grant).name, answer.location)


def _refused(visit: Visit, request: OAuthRequest, error: OAuth2Error) -> Response:
    """Return why a request cannot be granted: to the app, once it is known that it is there.

    Until then nobody is sent anywhere: an address that is not registered may be anybody's.
    """
    if not error.redirect_uri:
        return _page_of_problem(visit, _NOBODY)
    error.state = request.parameters.get("state")
    location = dict(error()[2])["Location"]
    issuer = visit.context.identity.issuer
    return _back(visit, "the app", add_params_to_uri(location, {"iss": issuer}))


def _error_back(visit: Visit, app: AppRecord, grant: CodeGrant, code: str) -> Response:
    parameters = grant.request.payload.data
    said = {"error": code, "state": parameters.get("state"), "iss": visit.context.identity.issuer}
    given = {name: one for name, one in said.items() if one}
    return _back(visit, app.name, add_params_to_uri(parameters["redirect_uri"], given))


def _back(visit: Visit, name: str, location: str) -> Response:
    """Return a page that leads to an app.

    No redirect: a form's answer may lead nowhere but to us, by the policy of the page it is on.
    """
    response = visit.page("oauth_back.html", name=name, location=location)
    response.headers.update({**NO_FRAMES, "Referrer-Policy": "no-referrer"})
    return response


def _page_of_problem(visit: Visit, text: str) -> Response:
    title = "This app cannot be let in"
    return problem_page(visit.renderer, visit.request, 400, title=title, text=text)


_NOBODY = (
    "Its request names no app that is known here, or an address that is not one of the app's. You"
    " were not sent on: who made the link may have been somebody else. Tell the makers of the app."
)
_TOO_LATE = (
    "This question was answered before, or is too old, or was put to somebody else. Go back to the"
    " app and begin again."
)


def _app_of(grant: CodeGrant) -> AppRecord:
    client: AppClient = grant.request.client
    return client.app


def _who(visit: Visit) -> list[str]:
    session = visit.context.principal.session
    return [str(visit.context.principal.user_id), session.id if session is not None else ""]


def _place_of(redirect_uri: str) -> str | None:
    """Return the host that the answer goes to; None for an app on the person's own device."""
    parts = urlsplit(redirect_uri)
    return parts.hostname if parts.scheme == "https" else None


async def _from_a_form(request: Request) -> Response:
    """Take a request that an app's page sent as a form (OpenID Connect Core, 3.1.2.1)."""
    try:
        sent = await posted(request)
    except BadForm as error:
        return Response(status_code=error.status)
    query = urlencode(dict(sent.parameters))
    headers = {"Cache-Control": "no-store", **NO_FRAMES}
    return RedirectResponse(f"{AUTHORIZE}?{query}", status_code=303, headers=headers)


PAGES = (
    Page(AUTHORIZE, _authorize),
    Page(CONSENT, act=_decide, signed_in=True, home="/account"),
)
ROUTES = [Route(AUTHORIZE, _from_a_form, methods=["POST"])]
