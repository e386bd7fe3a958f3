"""The developer portal's pages of one's own apps: registered, changed, given secrets, deleted."""

from typing import Any

from starlette.responses import Response

from datasources.records.apps import AppAuthentication, AppGrant, AppRecord
from gateway.oauth.words import meanings
from gateway.pages.developer_forms import (
    OVERLAPS,
    PORTAL,
    chosen,
    id_in,
    lines,
    overlap_in,
    ticked,
)
from gateway.pages.endpoint import Page
from gateway.pages.forms import Form
from gateway.pages.visit import Visit
from resolvers.app_commands import delete_app, register_app, rotate_app_secret, update_app
from resolvers.app_input import AppValues
from resolvers.apps import own_apps
from resolvers.errors import NotFound, Refusal

_HOME, _APP = f"{PORTAL}/apps", f"{PORTAL}/app"
_GRANT = "grant:"
_WAYS = {
    AppAuthentication.SECRET: "A server of mine, with a secret",
    AppAuthentication.NONE: "Phones, desktops, browsers, TVs: no secret stays one there",
    AppAuthentication.PRIVATE_KEY_JWT: "A server of mine, that signs with a key of its own",
}
_GRANTS = {
    AppGrant.AUTHORIZATION_CODE: "People let it in in their browser",
    AppGrant.DEVICE_CODE: "People type a code that it shows: for TVs and terminals",
    AppGrant.CLIENT_CREDENTIALS: "It acts for nobody, and reads what is public",
}
_FIRST = Form({f"{_GRANT}{AppGrant.AUTHORIZATION_CODE}": "yes", "scope:openid": "yes"})


async def _show(visit: Visit, form: Form = _FIRST) -> Response:
    apps = await own_apps(visit.context)
    return visit.page("developer_apps.html", form, apps=apps, ways=_WAYS, **_choices())


async def _register(visit: Visit) -> Response:
    form = await visit.form()
    if form["authentication"] not in AppAuthentication.__members__:
        return await _show(visit, form.wrong("authentication", "Choose where the app runs."))
    said = _said(form)
    values = AppValues(
        authentication=AppAuthentication[form["authentication"]],
        jwks_uri=said.pop("jwks_uri", None),
        **said,
    )
    try:
        made = await register_app(visit.context, values)
    except Refusal as refusal:
        return await _show(visit, _refused(form, refusal))
    return _secret_page(visit, made.app, made.secret, f"“{made.app.name}” is registered.")


async def _look(visit: Visit, form: Form | None = None) -> Response:
    app = await _app(visit, form["id"] if form else visit.query("id"))
    return visit.page(
        "developer_app.html",
        form or _form_of(app),
        app=app,
        way=_WAYS[app.authentication],
        overlaps=OVERLAPS,
        now=visit.context.clock(),
        **_choices(),
    )


async def _update(visit: Visit) -> Response:
    form = await visit.form()
    try:
        await update_app(visit.context, id_in(form["id"]), _said(form))
    except NotFound:
        raise
    except Refusal as refusal:
        return await _look(visit, _refused(form, refusal))
    return visit.go(_APP, id=form["id"], notice="app-saved")


async def _rotate(visit: Visit) -> Response:
    form = await visit.form()
    done = await rotate_app_secret(visit.context, id_in(form["id"]), overlap_in(form))
    return _secret_page(visit, done.app, done.secret, f"“{done.app.name}” has another secret.")


async def _delete(visit: Visit) -> Response:
    form = await visit.form()
    await delete_app(visit.context, id_in(form["id"]))
    return visit.go(_HOME, notice="app-deleted")


async def _app(visit: Visit, text: str) -> AppRecord:
    """Return an app of one's own.

    Raises:
        NotFound: it is none.
    """
    found = [app for app in await own_apps(visit.context) if str(app.id) == text]
    if not found:
        raise NotFound("There is no such app.")
    return found[0]


def _said(form: Form) -> dict[str, Any]:
    """Return what a form says of an app, by the names of the use cases."""
    said: dict[str, Any] = {
        "name": form["name"],
        "website": form["website"].strip(),
        "grants": chosen(form, _GRANT),
        "redirect_uris": lines(form["redirectUris"]),
        "scopes": chosen(form),
    }
    keys = form["jwksUri"].strip()
    return said | ({"jwks_uri": keys} if keys else {})


def _form_of(app: AppRecord) -> Form:
    return Form(
        {
            "name": app.name,
            "website": app.website,
            "redirectUris": "\n".join(app.redirect_uris),
            "jwksUri": app.jwks_uri or "",
            **ticked(app.scopes),
            **ticked(app.grants, _GRANT),
        }
    )


def _refused(form: Form, refusal: Refusal) -> Form:
    """Return the form with why not; the portal takes keys by their address alone."""
    refused = form.refused(refusal)
    if "jwks" in refused.errors:
        return form.wrong("jwksUri", "Only an app that signs has keys, and needs their address.")
    return refused


def _secret_page(visit: Visit, app: AppRecord, secret: str | None, done: str) -> Response:
    issuer = visit.context.identity.issuer
    return visit.page("developer_app_secret.html", app=app, secret=secret, done=done, issuer=issuer)


def _choices() -> dict[str, Any]:
    grants = [{"name": name, "words": words, "changes": False} for name, words in _GRANTS.items()]
    return {"grants": grants, "scopes": meanings()}


PAGES = (
    Page(_HOME, _show, signed_in=True),
    Page(f"{_HOME}/register", act=_register, signed_in=True, home=_HOME),
    Page(_APP, _look, signed_in=True, home=_HOME),
    Page(f"{_APP}/update", act=_update, signed_in=True, home=_HOME),
    Page(f"{_APP}/rotate", act=_rotate, signed_in=True, home=_HOME),
    Page(f"{_APP}/delete", act=_delete, signed_in=True, home=_HOME),
)
