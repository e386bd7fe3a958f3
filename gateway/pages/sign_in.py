"""Signing in by password and second factor or by passkey, and signing out."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

import orjson
from starlette.responses import Response

from auth.principal import SessionKind
from gateway.pages.endpoint import Page
from gateway.pages.forms import EMPTY, BadForm, Form
from gateway.pages.providers import CHALLENGE, CODE, buttons, to_second_step
from gateway.pages.security import local_path
from gateway.pages.visit import SIGN_IN, Visit
from resolvers.errors import NotFound, RateLimited, Refusal, WrongCredentials
from resolvers.passkey_sign_in import sign_in_with_passkey, start_passkey_sign_in
from resolvers.provider_logout import sign_out_there
from resolvers.second_factor import SecondFactorRequired, complete_sign_in
from resolvers.session_commands import sign_out
from resolvers.sign_in import sign_in

_HOME = "/account"
_WRONG_CODE = "This code is wrong, or was used. After five wrong ones you have to start again."


async def _show_sign_in(visit: Visit, form: Form = EMPTY) -> Response:
    if visit.person is not None and not form.failed and not visit.query("notice"):
        return visit.go(local_path(visit.query("next"), _HOME))
    return visit.page("sign_in.html", form, next=_next(visit, form), providers=buttons(visit))


def _next(visit: Visit, form: Form) -> str:
    """Return the path to go to afterwards, or ""; never another host."""
    return local_path(form["next"] or visit.query("next"), "")


async def _sign_in(visit: Visit) -> Response:
    form = await visit.form()
    try:
        found = await sign_in(visit.context, form["login"], form["password"], SessionKind.COOKIE)
    except Refusal as refusal:
        return await _show_sign_in(visit, form.refused(refusal))
    if not isinstance(found, SecondFactorRequired):
        return _in(visit, form)
    return to_second_step(visit, found, _next(visit, form))


def _in(visit: Visit, form: Form) -> Response:
    response = visit.go(_next(visit, form) or _HOME)
    return _without_challenge(response)


def _without_challenge(response: Response) -> Response:
    response.delete_cookie(CHALLENGE, secure=True, httponly=True, samesite="strict")
    return response


async def _show_code(visit: Visit, form: Form = EMPTY) -> Response:
    if CHALLENGE not in visit.request.cookies:
        return visit.go(SIGN_IN, next=_next(visit, form), notice="took-too-long")
    return visit.page("sign_in_code.html", form, next=_next(visit, form))


async def _complete(visit: Visit) -> Response:
    form = await visit.form()
    challenge = visit.request.cookies.get(CHALLENGE, "")
    field = "recovery" if form["recovery"] else "code"
    try:
        await complete_sign_in(visit.context, challenge, form[field])
    except WrongCredentials:
        return await _show_code(visit, form.wrong(field, _WRONG_CODE))
    except Refusal as refusal:
        return await _show_code(visit, form.refused(refusal))
    return _in(visit, form)


async def _passkey_options(visit: Visit) -> Response:
    try:
        begun = await start_passkey_sign_in(visit.context)
    except RateLimited as refusal:
        return visit.json({"message": refusal.message}, status=429)
    return visit.json(begun.options)


async def _sign_in_with_passkey(visit: Visit) -> Response:
    form = await visit.form()
    try:
        await sign_in_with_passkey(visit.context, credential_of(form), SessionKind.COOKIE)
    except Refusal as refusal:
        return await _show_sign_in(visit, form.refused(refusal))
    return _in(visit, form)


def credential_of(form: Form) -> dict[str, Any]:
    """Return what the browser's passkey answered.

    Raises:
        BadForm: it is no JSON object.
    """
    try:
        credential = orjson.loads(form["credential"])
    except orjson.JSONDecodeError:
        raise BadForm(400) from None
    if not isinstance(credential, dict):
        raise BadForm(400)
    return credential


async def _sign_out(visit: Visit) -> Response:
    there = None
    if visit.person is not None:
        there = await sign_out_there(visit.context)
        with suppress(NotFound):  # it has ended meanwhile
            await sign_out(visit.context)
        visit.context.reply.session_id = ""
    if there is not None:
        return replace(visit, person=None).page("signed_out.html", there=there)
    return visit.go(SIGN_IN, notice="signed-out")


PAGES = (
    Page(SIGN_IN, _show_sign_in, _sign_in),
    Page(CODE, _show_code, _complete),
    Page("/account/sign-in/passkey", act=_sign_in_with_passkey),
    Page("/account/sign-in/passkey/options", act=_passkey_options),
    Page("/account/sign-out", act=_sign_out),
)
