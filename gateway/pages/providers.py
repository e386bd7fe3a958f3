"""Signing in at an OpenID provider: the way there, the way back, and who is new here."""

from collections.abc import Collection

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from auth.oidc import Provider
from gateway.pages.endpoint import Page
from gateway.pages.forms import EMPTY, BadForm, Form
from gateway.pages.security import local_path, security_headers
from gateway.pages.visit import SIGN_IN, Visit
from resolvers.errors import Refusal
from resolvers.identities import link_newcomer, link_person
from resolvers.newcomers import WAITS, newcomer_of
from resolvers.passkeys import signed_in_lately
from resolvers.provider_attempts import (
    Begun,
    Cancelled,
    Returned,
    begin_attempt,
    end_attempt,
    mark_of,
    provider_of,
)
from resolvers.provider_sign_in import Unknown, has_account, sign_in_with, sign_up_with
from resolvers.second_factor import SecondFactorRequired

CODE = "/account/sign-in/code"
CHALLENGE = "__Host-challenge"
WELCOME = "/account/welcome"
IDENTITIES = "/account/identities"

_HOME = "/account"
_NEWCOMER = "__Host-newcomer"
_ATTEMPT = "__Host-login_"
_MAX_ATTEMPTS = 8
_PARAMETERS = ("state", "code", "iss", "error")


def buttons(visit: Visit) -> Collection[Provider]:
    """Return the providers that a page shows a button of: those that are configured, up or down."""
    return visit.context.identity.providers.values()


async def _begin(visit: Visit) -> Response:
    provider = provider_of(visit.context, visit.request.path_params["provider"])
    begun = await begin_attempt(visit.context, provider, local_path(visit.query("next"), ""))
    headers = dict(security_headers(visit.context.identity))
    return keep_attempt(visit, RedirectResponse(begun.url, status_code=303, headers=headers), begun)


def keep_attempt(visit: Visit, response: Response, begun: Begun) -> Response:
    """Have the browser keep its part of an attempt, beside those of other tabs, but not of many."""
    kept = [name for name in visit.request.cookies if name.startswith(_ATTEMPT)]
    for name in kept[: len(kept) + 1 - _MAX_ATTEMPTS]:
        _forget(response, name)
    _keep(response, _ATTEMPT + mark_of(begun.state), begun.mark, begun.expires_in_s)
    return response


async def _return(visit: Visit) -> Response:
    returned = _returned(visit.request)
    name = _ATTEMPT + mark_of(returned.state)
    try:
        response = await _ended(visit, returned)
    except Cancelled:
        response = visit.go(SIGN_IN, notice="not-signed-in")
    _forget(response, name)
    return response


async def _ended(visit: Visit, returned: Returned) -> Response:
    provider = provider_of(visit.context, visit.request.path_params["provider"])
    ended = await end_attempt(visit.context, provider, returned)
    if ended.linking is not None:
        await link_person(visit.context, provider.name, ended.person, ended.linking)
        return visit.go(IDENTITIES, notice="identity-linked")
    found = await sign_in_with(visit.context, provider.name, ended.person)
    if isinstance(found, Unknown):
        response = visit.go(WELCOME)
        _keep(response, _NEWCOMER, found.sealed, int(WAITS.total_seconds()))
        return response
    if isinstance(found, SecondFactorRequired):
        return to_second_step(visit, found, ended.next)
    return visit.go(ended.next or _HOME)


def to_second_step(visit: Visit, found: SecondFactorRequired, next_path: str) -> Response:
    """Return the way to the page that asks for a code."""
    response = visit.go(CODE, next=next_path)
    # Not in the address, which is kept; the browser alone sends it, and no script reads it.
    response.set_cookie(
        CHALLENGE,
        found.challenge,
        max_age=found.expires_in_s,
        secure=True,
        httponly=True,
        samesite="strict",
    )
    return response


def _returned(request: Request) -> Returned:
    """Return what came back.

    Raises:
        BadForm: a parameter is there twice: no provider sends that.
    """
    query = request.query_params
    if any(len(query.getlist(name)) > 1 for name in _PARAMETERS):
        raise BadForm(400)
    state = query.get("state", "")
    return Returned(
        state=state,
        code=query.get("code", ""),
        iss=query.get("iss"),
        error=query.get("error", ""),
        mark=request.cookies.get(_ATTEMPT + mark_of(state), ""),
    )


async def _show_welcome(visit: Visit, form: Form = EMPTY) -> Response:
    sealed = visit.request.cookies.get(_NEWCOMER, "")
    try:
        newcomer = newcomer_of(visit.context, sealed)
        provider = provider_of(visit.context, newcomer.provider)
    except Refusal:
        return visit.go(SIGN_IN if visit.person is None else _HOME, notice="took-too-long")
    account = None if visit.person is None else await visit.account()
    return visit.page(
        "welcome.html",
        form,
        newcomer=newcomer,
        provider=provider.title,
        account=account,
        known=await has_account(visit.context, newcomer),
        asks_password=not signed_in_lately(visit.context),
    )


async def _welcome(visit: Visit) -> Response:
    form, sealed = await visit.form(), visit.request.cookies.get(_NEWCOMER, "")
    try:
        if form["do"] == "link":
            await link_newcomer(visit.context, sealed, form["password"])
            response = visit.go(IDENTITIES, notice="identity-linked")
        else:
            await sign_up_with(visit.context, sealed, form["handle"], form["displayName"])
            response = visit.go(_HOME)
    except Refusal as refusal:
        return await _show_welcome(visit, form.refused(refusal, beside="password"))
    _forget(response, _NEWCOMER)
    return response


async def _signed_out(visit: Visit) -> Response:
    """Receive browsers that come back from signing out at a provider."""
    return visit.go(SIGN_IN, notice="signed-out")


def _keep(response: Response, name: str, value: str, seconds: int) -> None:
    # Lax: the way back from the provider is one from another site.
    response.set_cookie(name, value, max_age=seconds, secure=True, httponly=True, samesite="lax")


def _forget(response: Response, name: str) -> None:
    response.delete_cookie(name, secure=True, httponly=True, samesite="lax")


PAGES = (
    Page("/auth/login/{provider}", _begin),
    Page("/auth/callback/{provider}", _return),
    Page("/auth/logout", _signed_out),
    Page(WELCOME, _show_welcome, _welcome),
)
