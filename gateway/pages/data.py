"""Pages of what is held about a person: take it along, or have it deleted."""

from starlette.responses import Response

from gateway.export import document
from gateway.pages.endpoint import Page
from gateway.pages.forms import EMPTY, Form
from gateway.pages.security import security_headers
from gateway.pages.visit import Visit
from resolvers.account_deletion import delete_account
from resolvers.errors import RateLimited, Refusal

_HOME = "/account/data"


async def _show(visit: Visit, form: Form = EMPTY) -> Response:
    return visit.page("data.html", form, account=await visit.account())


async def _export(visit: Visit) -> Response:
    """Send the same file as `/account/export`; what goes wrong is said on the page."""
    try:
        return await document(visit.context, security_headers(visit.context.identity))
    except RateLimited as limited:
        return await _show(visit, EMPTY.refused(limited))


async def _delete(visit: Visit) -> Response:
    form = await visit.form()
    if form["sure"] != "yes":
        return await _show(visit, form.wrong("sure", "Say that you are sure."))
    try:
        await delete_account(visit.context, form["password"])
    except Refusal as refusal:
        return await _show(visit, form.refused(refusal, beside="password"))
    return visit.go("/account/goodbye")


async def _goodbye(visit: Visit) -> Response:
    return visit.page("goodbye.html")


PAGES = (
    Page(_HOME, _show, signed_in=True),
    Page(f"{_HOME}/export", act=_export, signed_in=True, home=_HOME),
    Page(f"{_HOME}/delete", act=_delete, signed_in=True, home=_HOME),
    Page("/account/goodbye", _goodbye),
)
