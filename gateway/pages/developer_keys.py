"""The developer portal's pages of one's own API keys: made, looked at, rotated, revoked."""

from datetime import timedelta

from starlette.responses import Response

from datasources.records.api_keys import ApiKeyKind, ApiKeyRecord
from gateway.oauth.words import meanings
from gateway.pages.developer_forms import OVERLAPS, PORTAL, chosen, id_in, lines, overlap_in
from gateway.pages.developers import example_query
from gateway.pages.endpoint import Page
from gateway.pages.forms import EMPTY, Form
from gateway.pages.use_chart import UseChart, use_chart
from gateway.pages.visit import Visit
from resolvers.api_keys import (
    NewApiKey,
    api_keys,
    create_api_key,
    key_use,
    revoke_api_key,
    rotate_api_key,
)
from resolvers.errors import NotFound, Refusal

_HOME, _KEY = f"{PORTAL}/keys", f"{PORTAL}/key"
_LIFETIMES = {"30": "After 30 days", "90": "After 90 days", "365": "After a year", "": "Never"}
_SHOWN_DAYS = (7, 30, 90)
_USUAL_DAYS = 30


async def _show(visit: Visit, form: Form = EMPTY) -> Response:
    now = visit.context.clock()
    return visit.page(
        "developer_keys.html",
        form,
        keys=[(key, _good(visit, key)) for key in await api_keys(visit.context)],
        scopes=[one for one in meanings() if one.secret],
        lifetimes=_LIFETIMES,
        now=now,
    )


async def _create(visit: Visit) -> Response:
    form = await visit.form()
    days, wanted = form["lifetime"], form["kind"]
    if days not in _LIFETIMES or wanted not in ApiKeyKind.__members__:
        return await _show(visit, form.wrong("kind", "Choose what kind of key it is to be."))
    kind, now = ApiKeyKind[wanted], visit.context.clock()
    new = NewApiKey(
        form["name"],
        chosen(form),
        kind,
        now + timedelta(days=int(days)) if days else None,
        lines(form["allowedAddresses"]),
        lines(form["allowedOrigins"]),
    )
    try:
        made = await create_api_key(visit.context, new)
    except Refusal as refusal:
        return await _show(visit, form.refused(refusal))
    return _secret_page(visit, made.api_key, made.secret, f"The key “{made.api_key.name}” is made.")


async def _look(visit: Visit, form: Form = EMPTY) -> Response:
    key = await _key(visit, form["id"] or visit.query("id"))
    asked = visit.query("days")
    days = next((one for one in _SHOWN_DAYS if str(one) == asked), _USUAL_DAYS)
    return visit.page(
        "developer_key.html",
        form,
        key=key,
        good=_good(visit, key),
        asked=[one for one in meanings() if one.name in key.scopes],
        overlaps=OVERLAPS,
        chart=await _chart(visit, key, days),
        days=days,
        spans=_SHOWN_DAYS,
        now=visit.context.clock(),
    )


async def _chart(visit: Visit, key: ApiKeyRecord, days: int) -> UseChart:
    last = visit.context.clock().date()
    first = last - timedelta(days=days - 1)
    return use_chart(await key_use(visit.context, key, first, last), first, last)


async def _rotate(visit: Visit) -> Response:
    form = await visit.form()
    try:
        done = await rotate_api_key(visit.context, id_in(form["id"]), overlap_in(form))
    except NotFound:
        raise
    except Refusal as refusal:
        return await _look(visit, form.refused(refusal))
    said = f"The key “{done.api_key.name}” has another text."
    return _secret_page(visit, done.api_key, done.secret, said)


async def _revoke(visit: Visit) -> Response:
    form = await visit.form()
    done = await revoke_api_key(visit.context, id_in(form["id"]))
    return visit.go(_KEY, id=str(done.api_key.id), notice="key-revoked")


async def _key(visit: Visit, text: str) -> ApiKeyRecord:
    """Return a key of one's own.

    Raises:
        NotFound: it is none.
    """
    found = [key for key in await api_keys(visit.context) if str(key.id) == text]
    if not found:
        raise NotFound("There is no such key.")
    return found[0]


def _good(visit: Visit, key: ApiKeyRecord) -> bool:
    over = key.expires_at is not None and key.expires_at <= visit.context.clock()
    return key.revoked_at is None and not over


def _secret_page(visit: Visit, key: ApiKeyRecord, secret: str, done: str) -> Response:
    """Show the text of a key, this one time, in all that one needs to begin with it."""
    return visit.page(
        "developer_key_secret.html",
        key=key,
        secret=secret,
        done=done,
        url=visit.context.identity.public_url,
        query=example_query(key.kind, key.scopes),
    )


PAGES = (
    Page(_HOME, _show, signed_in=True),
    Page(f"{_HOME}/create", act=_create, signed_in=True, home=_HOME),
    Page(_KEY, _look, signed_in=True, home=_HOME),
    Page(f"{_KEY}/rotate", act=_rotate, signed_in=True, home=_HOME),
    Page(f"{_KEY}/revoke", act=_revoke, signed_in=True, home=_HOME),
)
