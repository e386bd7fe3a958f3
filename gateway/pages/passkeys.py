"""Pages of passkeys: add, rename and remove them."""

from uuid import UUID

from starlette.responses import Response

from datasources.loaders.passkeys import PasskeysOfUser
from gateway.pages.endpoint import Page
from gateway.pages.forms import EMPTY, Form
from gateway.pages.sign_in import credential_of
from gateway.pages.visit import Visit
from resolvers.errors import LimitExceeded, RateLimited, Refusal, WrongCredentials
from resolvers.passkeys import (
    add_passkey,
    remove_passkey,
    rename_passkey,
    signed_in_lately,
    start_passkey_registration,
)

_HOME = "/account/passkeys"


async def _show(visit: Visit, form: Form = EMPTY) -> Response:
    found = await visit.context.loaders.of(PasskeysOfUser).load(visit.me)
    account = await visit.account()
    return visit.page(
        "passkeys.html",
        form,
        passkeys=found or (),
        account=account,
        empty=EMPTY,
        asks_password=not signed_in_lately(visit.context),
    )


async def _options(visit: Visit) -> Response:
    form = await visit.form()
    try:
        begun = await start_passkey_registration(visit.context, form["password"] or None)
    except (WrongCredentials, RateLimited, LimitExceeded) as refusal:
        return visit.json({"message": refusal.message}, status=422)
    return visit.json(begun.options)


async def _add(visit: Visit) -> Response:
    form = await visit.form()
    try:
        await add_passkey(visit.context, credential_of(form), form["name"])
    except Refusal as refusal:
        return await _show(visit, form.refused(refusal))
    return visit.go(_HOME, notice="passkey-added")


async def _rename(visit: Visit) -> Response:
    form = await visit.form()
    try:
        await rename_passkey(visit.context, _id_in(form), form["name"])
    except Refusal as refusal:
        return await _show(visit, form.refused(refusal))
    return visit.go(_HOME, notice="passkey-renamed")


async def _remove(visit: Visit) -> Response:
    form = await visit.form()
    try:
        await remove_passkey(visit.context, _id_in(form), form["password"])
    except Refusal as refusal:
        return await _show(visit, form.refused(refusal, beside="password"))
    return visit.go(_HOME, notice="passkey-removed")


def _id_in(form: Form) -> UUID | None:
    """Return which passkey is meant; None is nobody's."""
    try:
        return UUID(form["id"])
    except ValueError:
        return None


PAGES = (
    Page(_HOME, _show, signed_in=True),
    Page(f"{_HOME}/options", act=_options, signed_in=True, home=_HOME),
    Page(f"{_HOME}/add", act=_add, signed_in=True, home=_HOME),
    Page(f"{_HOME}/rename", act=_rename, signed_in=True, home=_HOME),
    Page(f"{_HOME}/remove", act=_remove, signed_in=True, home=_HOME),
)
