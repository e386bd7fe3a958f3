"""Pages of passwords: forgotten, set anew by a link, and changed."""

from starlette.responses import Response

from gateway.pages.endpoint import Page
from gateway.pages.forms import EMPTY, Form
from gateway.pages.visit import SIGN_IN, Visit
from resolvers.errors import Refusal
from resolvers.password_commands import change_password, request_password_reset, reset_password

_PASSWORD = "/account/password"  # noqa: S105  an address


async def _show_forgot(visit: Visit, form: Form = EMPTY) -> Response:
    return visit.page("forgot.html", form)


async def _request_reset(visit: Visit) -> Response:
    form = await visit.form()
    try:
        await request_password_reset(visit.context, form["email"])
    except Refusal as refusal:
        return await _show_forgot(visit, form.refused(refusal))
    return visit.go("/account/check-mail", **{"for": "reset"})


async def _show_reset(visit: Visit, form: Form = EMPTY) -> Response:
    return visit.page("reset.html", form, token=form["token"] or visit.query("token"))


async def _reset(visit: Visit) -> Response:
    form = await visit.form()
    try:
        await reset_password(visit.context, form["token"], form["password"])
    except Refusal as refusal:
        return await _show_reset(visit, form.refused(refusal))
    return visit.go(SIGN_IN, notice="password-reset")


async def _show_change(visit: Visit, form: Form = EMPTY) -> Response:
    return visit.page("password.html", form, account=await visit.account())


async def _change(visit: Visit) -> Response:
    form = await visit.form()
    try:
        await change_password(visit.context, form["currentPassword"], form["newPassword"])
    except Refusal as refusal:
        return await _show_change(visit, form.refused(refusal, beside="currentPassword"))
    return visit.go(_PASSWORD, notice="password-changed")


PAGES = (
    Page("/account/forgot", _show_forgot, _request_reset),
    Page("/account/reset", _show_reset, _reset),
    Page(_PASSWORD, _show_change, _change, signed_in=True),
)
