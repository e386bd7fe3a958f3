"""Pages of the second factor: set it up, turn it off, and make new recovery codes."""

from collections.abc import Sequence

from starlette.responses import Response

from datasources.loaders.passkeys import SecondFactorOfUser
from datasources.records.second_factors import NO_SECOND_FACTOR
from gateway.pages.endpoint import Page
from gateway.pages.forms import EMPTY, Form
from gateway.pages.visit import Visit
from resolvers.errors import Refusal
from resolvers.second_factor import (
    confirm_totp,
    disable_totp,
    enrol_totp,
    replace_recovery_codes,
)

_HOME = "/account/second-factor"


async def _show(visit: Visit, form: Form = EMPTY, about: str = "") -> Response:
    """Show whether it is on; `about` names which of the page's forms was not taken."""
    factor = await visit.context.loaders.of(SecondFactorOfUser).load(visit.me)
    return visit.page(
        "second_factor.html",
        form,
        about=about,
        empty=EMPTY,
        account=await visit.account(),
        factor=factor or NO_SECOND_FACTOR,
    )


async def _enrol(visit: Visit) -> Response:
    """Answer with the key itself: it has no address, and is shown this once."""
    form = await visit.form()
    try:
        enrolment = await enrol_totp(visit.context, form["password"])
    except Refusal as refusal:
        return await _show(visit, form.refused(refusal, beside="password"))
    return visit.page("second_factor_enrol.html", enrolment=enrolment)


async def _confirm(visit: Visit) -> Response:
    form = await visit.form()
    try:
        confirmed = await confirm_totp(visit.context, form["code"])
    except Refusal as refusal:
        again = form.refused(refusal, beside="code")
        return visit.page("second_factor_enrol.html", again, enrolment=None)
    return _codes(visit, "The second factor is on.", confirmed.recovery_codes)


async def _replace(visit: Visit) -> Response:
    form = await visit.form()
    try:
        replaced = await replace_recovery_codes(visit.context, form["password"])
    except Refusal as refusal:
        return await _show(visit, form.refused(refusal, beside="password"), "codes")
    return _codes(visit, "You have new recovery codes.", replaced.recovery_codes)


def _codes(visit: Visit, done: str, codes: Sequence[str]) -> Response:
    return visit.page("recovery_codes.html", done=done, codes=codes)


async def _disable(visit: Visit) -> Response:
    form = await visit.form()
    try:
        await disable_totp(visit.context, form["password"])
    except Refusal as refusal:
        return await _show(visit, form.refused(refusal, beside="password"), "disable")
    return visit.go(_HOME, notice="second-factor-off")


PAGES = (
    Page(_HOME, _show, signed_in=True),
    Page(f"{_HOME}/enrol", act=_enrol, signed_in=True, home=_HOME),
    Page(f"{_HOME}/confirm", act=_confirm, signed_in=True, home=_HOME),
    Page(f"{_HOME}/codes", act=_replace, signed_in=True, home=_HOME),
    Page(f"{_HOME}/disable", act=_disable, signed_in=True, home=_HOME),
)
