"""Pages of somebody new: sign-up, and the links in mails that confirm an address."""

from starlette.responses import Response

from gateway.pages.endpoint import Page
from gateway.pages.forms import EMPTY, Form
from gateway.pages.providers import buttons
from gateway.pages.visit import SIGN_IN, Visit
from resolvers.errors import Refusal
from resolvers.sign_up import sign_up, sign_up_of_link, verify_email

_AGAIN = {
    "sign-up": "/account/sign-up",
    "reset": "/account/forgot",
    "email": "/account/email",
}


async def _show_sign_up(visit: Visit, form: Form = EMPTY) -> Response:
    return visit.page("sign_up.html", form, providers=buttons(visit), next="")


async def _sign_up(visit: Visit) -> Response:
    form = await visit.form()
    try:
        await sign_up(
            visit.context,
            form["email"],
            form["handle"],
            form["displayName"],
            form["password"],
        )
    except Refusal as refusal:
        return await _show_sign_up(visit, form.refused(refusal))
    return visit.go("/account/check-mail", **{"for": "sign-up"})


async def _show_check_mail(visit: Visit) -> Response:
    """Say the same, whoever has an account: the mail itself tells the difference."""
    asked = visit.query("for")
    purpose = asked if asked in _AGAIN else "sign-up"
    return visit.page(
        "check_mail.html",
        purpose=purpose,
        again=_AGAIN[purpose],
        demo=visit.context.identity.demo,
    )


async def _show_confirm(visit: Visit, form: Form = EMPTY) -> Response:
    """Show a button: programs that look into mails follow links, but press nothing."""
    token = form["token"] or visit.query("token")
    awaited = await sign_up_of_link(visit.context, token) if token else None
    return visit.page("confirm.html", form, token=token, awaited=awaited)


async def _confirm(visit: Visit) -> Response:
    form = await visit.form()
    try:
        confirmed = await verify_email(visit.context, form["token"], form["password"])
    except Refusal as refusal:
        awaited = await sign_up_of_link(visit.context, form["token"])
        beside = None if awaited is None else "password"  # else it is the link that is wrong
        return await _show_confirm(visit, form.refused(refusal, beside=beside))
    if visit.person is not None and visit.person.id == confirmed.user.id:
        return visit.go("/account/email", notice="email-changed")
    return visit.go(SIGN_IN, notice="address-confirmed")


PAGES = (
    Page("/account/sign-up", _show_sign_up, _sign_up),
    Page("/account/check-mail", _show_check_mail),
    Page("/account/confirm", _show_confirm, _confirm),
)
