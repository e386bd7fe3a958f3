"""Pages of what a person says about themselves: the profile, and the e-mail address."""

from starlette.responses import Response

from datasources.records.users import ListeningVisibility
from gateway.pages.endpoint import Page
from gateway.pages.forms import EMPTY, Form
from gateway.pages.visit import Visit
from resolvers.email_commands import change_email
from resolvers.errors import Refusal
from resolvers.profile_commands import update_profile

_PROFILE = "/account"


async def _show(visit: Visit, form: Form = EMPTY) -> Response:
    return visit.page("profile.html", form)


async def _save(visit: Visit) -> Response:
    form = await visit.form()
    visibility = form["listeningVisibility"]
    if visibility not in set(ListeningVisibility):
        return await _show(visit, form.wrong("listeningVisibility", "Choose one of these."))
    changes: dict[str, object] = {
        "display_name": form["displayName"],
        "avatar_url": form["avatarUrl"].strip() or None,
        "listening_visibility": visibility,
    }
    try:
        await update_profile(visit.context, changes)
    except Refusal as refusal:
        return await _show(visit, form.refused(refusal))
    return visit.go(_PROFILE, notice="profile-saved")


async def _show_email(visit: Visit, form: Form = EMPTY) -> Response:
    return visit.page("email.html", form, account=await visit.account())


async def _change_email(visit: Visit) -> Response:
    form = await visit.form()
    try:
        await change_email(visit.context, form["password"], form["email"])
    except Refusal as refusal:
        return await _show_email(visit, form.refused(refusal, beside="password"))
    return visit.go("/account/check-mail", **{"for": "email"})


PAGES = (
    Page(_PROFILE, _show, _save, signed_in=True),
    Page("/account/email", _show_email, _change_email, signed_in=True),
)
