"""Pages of accounts elsewhere with which one signs in: link and unlink them."""

from uuid import UUID

from starlette.responses import Response

from datasources.loaders.identities import IdentitiesOfUser
from gateway.pages.endpoint import Page
from gateway.pages.forms import EMPTY, Form
from gateway.pages.providers import IDENTITIES, buttons, keep_attempt
from gateway.pages.visit import Visit
from resolvers.errors import Refusal
from resolvers.identities import name_of, prove_for_link, unlink_identity
from resolvers.passkeys import signed_in_lately
from resolvers.provider_attempts import begin_attempt, provider_of


async def _show(visit: Visit, form: Form = EMPTY) -> Response:
    found = await visit.context.loaders.of(IdentitiesOfUser).load(visit.me) or ()
    return visit.page(
        "identities.html",
        form,
        identities=[(one, name_of(visit.context, one)) for one in found],
        account=await visit.account(),
        providers=buttons(visit),
        empty=EMPTY,
        asks_password=not signed_in_lately(visit.context),
    )


async def _link(visit: Visit) -> Response:
    """Show a page that goes on to the provider: a form of ours leads nowhere else by itself."""
    form = await visit.form()
    provider = provider_of(visit.context, form["provider"])
    try:
        person = await prove_for_link(visit.context, form["password"])
    except Refusal as refusal:
        return await _show(visit, form.refused(refusal, beside="password"))
    begun = await begin_attempt(visit.context, provider, "", linking=person)
    return keep_attempt(visit, visit.page("going.html", to=provider.title, url=begun.url), begun)


async def _unlink(visit: Visit) -> Response:
    form = await visit.form()
    try:
        await unlink_identity(visit.context, _id_in(form), form["password"])
    except Refusal as refusal:
        return await _show(visit, form.refused(refusal, beside="password"))
    return visit.go(IDENTITIES, notice="identity-unlinked")


def _id_in(form: Form) -> UUID | None:
    """Return which identity is meant; None is nobody's."""
    try:
        return UUID(form["id"])
    except ValueError:
        return None


PAGES = (
    Page(IDENTITIES, _show, signed_in=True),
    Page(f"{IDENTITIES}/link", act=_link, signed_in=True, home=IDENTITIES),
    Page(f"{IDENTITIES}/unlink", act=_unlink, signed_in=True, home=IDENTITIES),
)
