"""The pages on which people let in a device that has no browser: a TV, a program in a terminal.

Somebody may send them a code of their own device and hope that they type it. So the page says which
app asks, from where and since when, and never lets anybody in without that being read.
"""

from typing import Any

from starlette.responses import Response

from datasources.records.apps import AppRecord
from datasources.redis import challenges
from gateway.oauth.client import find_app
from gateway.oauth.consent import NO_FRAMES
from gateway.oauth.words import asked_for
from gateway.pages.endpoint import Page
from gateway.pages.forms import EMPTY, Form
from gateway.pages.visit import Visit
from resolvers.app_devices import AskingDevice, decide_device, find_device, tidy_code
from resolvers.attempts import network_of
from resolvers.errors import Refusal, WrongCredentials

DEVICE = "/device"
_TICKET, _TICKET_S = "device-consent", 600
_TOO_LATE = "This code has expired, or was answered before. Let the device show another one."


async def _show(visit: Visit, form: Form = EMPTY) -> Response:
    typed = visit.query("user_code")
    return _framed(visit.page("device.html", form, code=tidy_code(typed) if typed else ""))


async def _find(visit: Visit) -> Response:
    form = await visit.form()
    try:
        asking = await find_device(visit.context, form["code"])
    except Refusal as refusal:
        return await _show(visit, form.refused(refusal, beside="code"))
    return await _confirm(visit, asking)


async def _confirm(visit: Visit, asking: AskingDevice) -> Response:
    device = asking.device
    value = {"hash": device.hash.hex(), "app": str(asking.app.id), "who": str(visit.me)}
    ticket = await challenges.put(visit.context.stores.redis, _TICKET, value, _TICKET_S)
    here = network_of(visit.context.client.address)
    return _framed(
        visit.page(
            "device_confirm.html",
            app=asking.app,
            device=device,
            elsewhere=network_of(device.address) != here,
            asked=asked_for(device.scopes),
            ticket=ticket,
        )
    )


async def _decide(visit: Visit) -> Response:
    form = await visit.form()
    value: dict[str, Any] | None = None
    if form["ticket"]:
        value = await challenges.take(visit.context.stores.redis, _TICKET, form["ticket"])
    app: AppRecord | None = None
    if value is not None and value["who"] == str(visit.me):
        app = await find_app(visit.context, value["app"])
    if value is None or app is None:
        return await _show(visit, form.wrong("code", _TOO_LATE))
    approved = form["decision"] == "allow"
    try:
        code_hash = bytes.fromhex(value["hash"])
        await decide_device(visit.context, code_hash, app, approved=approved)
    except WrongCredentials:
        return await _show(visit, form.wrong("code", _TOO_LATE))
    return _framed(visit.page("device_done.html", app=app, approved=approved))


def _framed(response: Response) -> Response:
    response.headers.update(NO_FRAMES)
    return response


PAGES = (
    Page(DEVICE, _show, _find, signed_in=True),
    Page(f"{DEVICE}/decide", act=_decide, signed_in=True, home=DEVICE),
)
