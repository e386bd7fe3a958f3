"""Pages of what is held about a person: take it along, or have it deleted."""

from collections.abc import AsyncIterator

from starlette.responses import Response

from gateway.export import Document
from gateway.pages.endpoint import Page
from gateway.pages.forms import EMPTY, Form
from gateway.pages.security import security_headers
from gateway.pages.visit import Visit
from resolvers.account_deletion import delete_account
from resolvers.errors import Refusal
from resolvers.export import count_export, export

_HOME = "/account/data"


async def _show(visit: Visit, form: Form = EMPTY) -> Response:
    return visit.page("data.html", form, account=await visit.account())


async def _export(visit: Visit) -> Response:
    """Send the same file as `/account/export`; what goes wrong is said on the page."""
    try:
        await count_export(visit.context)
    except Refusal as refusal:
        return await _show(visit, EMPTY.refused(refusal))
    pieces = export(visit.context)
    first = await anext(pieces)  # with it every store has answered

    async def whole() -> AsyncIterator[bytes]:
        yield first
        async for piece in pieces:
            yield piece

    headers = {
        **security_headers(visit.context.identity),
        "Content-Disposition": 'attachment; filename="polyphony.json"',
    }
    return Document(whole(), media_type="application/json", headers=headers)


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
