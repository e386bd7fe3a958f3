"""Apps of third parties, and the steps that their people's browsers go through."""

import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass, replace
from hashlib import sha256
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx2

from auth.identity import Identity
from auth.principal import Principal, person
from datasources.records.apps import AppAuthentication, AppRecord
from datasources.stores import Stores
from gateway.cookies import SESSION_COOKIE
from resolvers.app_commands import register_app
from resolvers.app_input import AppValues
from tests.factories.http import BASE
from tests.factories.operations import context_of
from tests.factories.people import cookie_of

BACK = "https://app.example/back"
VERIFIER = "v" * 43
OURS = {"Sec-Fetch-Site": "same-origin"}
SCOPES = ("openid", "profile", "email", "playlists:read", "catalog:read", "library:read")

VALUES = AppValues(
    name="Mixtape",
    website="https://app.example",
    authentication=AppAuthentication.SECRET,
    grants=["AUTHORIZATION_CODE", "DEVICE_CODE", "CLIENT_CREDENTIALS"],
    redirect_uris=[BACK],
    scopes=SCOPES,
)
PUBLIC = replace(
    VALUES,
    name="Pocket",
    authentication=AppAuthentication.NONE,
    grants=["AUTHORIZATION_CODE", "DEVICE_CODE"],
)


@dataclass(frozen=True, slots=True)
class App:
    """An app and its secret."""

    record: AppRecord
    secret: str

    @property
    def id(self) -> str:
        """Return its client id."""
        return str(self.record.id)

    @property
    def proof(self) -> dict[str, str]:
        """Return what it sends to show who it is."""
        known = {"client_id": self.id}
        return {**known, "client_secret": self.secret} if self.secret else known


async def an_app(
    stores: Stores, identity: Identity, owner: UUID, values: AppValues = VALUES
) -> App:
    """Register an app."""
    context = context_of(stores, person(owner), identity=identity)
    made = await register_app(context, values)
    return App(made.app, made.secret or "")


def challenge(verifier: str = VERIFIER) -> str:
    """Return the challenge of PKCE for a verifier."""
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def request_of(app: App, **changes: str | None) -> dict[str, str]:
    """Return the parameters of an app's request for a code; None leaves one out."""
    usual: dict[str, str | None] = {
        "response_type": "code",
        "client_id": app.id,
        "redirect_uri": BACK,
        "scope": "openid playlists:read",
        "state": "a state",
        "code_challenge": challenge(),
        "code_challenge_method": "S256",
    }
    return {name: one for name, one in {**usual, **changes}.items() if one is not None}


async def sign_in(
    client: httpx2.AsyncClient, stores: Stores, identity: Identity, who: UUID
) -> Principal:
    """Give the client's browser a session of a person."""
    cookie = await cookie_of(stores, identity, who)
    client.cookies.set(SESSION_COOKIE, cookie)
    return person(who)


async def authorize(client: httpx2.AsyncClient, app: App, **changes: str | None) -> httpx2.Response:
    """Open the page that an app leads to."""
    return await client.get("/oauth/authorize", params=request_of(app, **changes))


def ticket_in(page: httpx2.Response) -> str:
    """Return what the form of a page is known by."""
    found = re.search(r'name="ticket" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


def answer_in(page: httpx2.Response) -> dict[str, str]:
    """Return the parameters of the address that a page leads back to, and `to`, the rest of it."""
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page.text)
    assert found, page.text
    parts = urlsplit(unescape(found[1]))
    given = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return {**given, "to": f"{parts.scheme}://{parts.netloc}{parts.path}"}


async def decide(
    client: httpx2.AsyncClient, page: httpx2.Response, decision: str = "allow"
) -> httpx2.Response:
    """Press a button of the page that asks."""
    form = {"ticket": ticket_in(page), "decision": decision}
    return await client.post("/oauth/consent", data=form, headers=OURS)


async def a_code(client: httpx2.AsyncClient, app: App, **changes: str | None) -> str:
    """Return a code, as the app gets it, of a person who agrees to whatever is asked."""
    page = await authorize(client, app, **changes)
    if "http-equiv" not in page.text:
        page = await decide(client, page)
    return answer_in(page)["code"]


async def exchange(
    client: httpx2.AsyncClient, app: App, code: str, **changes: str | None
) -> httpx2.Response:
    """Exchange a code."""
    usual = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": BACK,
        "code_verifier": VERIFIER,
        **app.proof,
    }
    form = {name: one for name, one in {**usual, **changes}.items() if one is not None}
    return await as_app(client, "/oauth/token", form)


async def refresh(
    client: httpx2.AsyncClient, app: App, token: str, **changes: str
) -> httpx2.Response:
    """Exchange a refresh token."""
    form = {"grant_type": "refresh_token", "refresh_token": token, **app.proof, **changes}
    return await as_app(client, "/oauth/token", form)


async def as_app(
    client: httpx2.AsyncClient, path: str, form: dict[str, str], **headers: str
) -> httpx2.Response:
    """Send a form as an app does: without the cookies of anybody's browser."""
    kept, client.cookies = client.cookies, httpx2.Cookies()
    try:
        return await client.post(path, data=form, headers=headers)
    finally:
        client.cookies = kept


async def tokens(client: httpx2.AsyncClient, app: App, **changes: str | None) -> dict[str, Any]:
    """Return the tokens of an app that a person lets in."""
    answer = await exchange(client, app, await a_code(client, app, **changes))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def viewer(client: httpx2.AsyncClient, access_token: str) -> httpx2.Response:
    """Ask the graph who the token's person is."""
    kept, client.cookies = client.cookies, httpx2.Cookies()
    try:
        return await client.post(
            f"{BASE}/graphql",
            json={"query": "{ viewer { handle } }"},
            headers={"Authorization": f"Bearer {access_token}"},
        )
    finally:
        client.cookies = kept
