"""Signing in at an OpenID provider that others made: the `oidc-provider` of npm."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pyotp
import pytest
from sqlalchemy import func, select, update

from auth.identity import Identity
from auth.jwt import read_header
from datasources.postgres.account_tables import accounts
from datasources.postgres.identity_tables import identities
from datasources.stores import Stores
from gateway.cookies import SESSION_COOKIE
from tests.factories.accounts import PASSWORD, an_account, audited, queued
from tests.factories.elsewhere import begin, come_from, path_of, sign_in_there, with_providers
from tests.factories.http import PREFLIGHT, client_of, post
from tests.factories.operations import identity_of
from tests.plugins.oidc import CLIENT_SECRET, Acme

OURS = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def identity(empty_stores: Stores, acme: Acme) -> Identity:
    plain = {"issuer": acme.issuer, "client_id": "polyphony", "client_secret": CLIENT_SECRET}
    return with_providers(identity_of(empty_stores), acme={**plain, "name": "Acme"})


@pytest.fixture
async def client(empty_stores: Stores, identity: Identity) -> AsyncIterator[httpx2.AsyncClient]:
    async with client_of(empty_stores, identity) as client:
        yield client


async def submit(client: httpx2.AsyncClient, path: str, **fields: str) -> httpx2.Response:
    return await client.post(path, data=fields, headers=OURS)


async def sign_in(client: httpx2.AsyncClient, login: str = "ann") -> httpx2.Response:
    return await submit(client, "/account/sign-in", login=login, password=PASSWORD)


async def viewer(client: httpx2.AsyncClient) -> Any:
    query = "{ viewer { handle account { email linkedIdentities { id provider email issuer } } } }"
    return (await post(client, query, headers=PREFLIGHT)).json()["data"]["viewer"]


async def newcomer(client: httpx2.AsyncClient, login: str = "zoe", handle: str = "zoe_q") -> None:
    assert path_of(await come_from(client, login)) == "/account/welcome"
    made = await submit(
        client, "/account/welcome", do="sign-up", handle=handle, displayName="Zoe Q"
    )
    assert path_of(made) == "/account"


async def link(client: httpx2.AsyncClient, login: str, password: str = "") -> httpx2.Response:
    page = await submit(client, "/account/identities/link", provider="acme", password=password)
    assert page.status_code == 200, page.text
    url = page.text.partition("url=")[2].partition('"')[0].replace("&amp;", "&")
    return await client.get(await sign_in_there(url, login))


async def test_who_is_new_gets_an_account_without_a_password(
    client: httpx2.AsyncClient, empty_stores: Stores
) -> None:
    page = await client.get("/account/sign-in", params={"next": "/graphql"})
    assert 'href="/auth/login/acme?next=/graphql"' in page.text
    assert "Continue with Acme" in page.text

    await newcomer(client)
    found = await viewer(client)
    assert (found["handle"], found["account"]["email"]) == ("zoe_q", "zoe@example.org")
    assert [one["provider"] for one in found["account"]["linkedIdentities"]] == ["Acme"]
    [row] = await empty_stores.postgres.read(select(accounts.c.password_hash))
    assert row[0] is None
    assert [one[0] for one in await audited(empty_stores, "linkIdentity")] == ["DONE"]
    assert [one["template"] for one in await queued(empty_stores)] == ["IDENTITY_LINKED"]


async def test_who_was_here_before_is_signed_in_and_sent_on(client: httpx2.AsyncClient) -> None:
    await newcomer(client)
    first = client.cookies.get(SESSION_COOKIE)
    await submit(client, "/account/sign-out")
    answer = await come_from(client, "zoe", next_="/account/sessions?a=b")
    assert answer.headers["location"] == "/account/sessions?a=b"
    assert client.cookies.get(SESSION_COOKIE) not in {None, first}
    assert not [name for name in client.cookies if name.startswith("__Host-login_")]
    assert (await viewer(client))["handle"] == "zoe_q"


@pytest.mark.parametrize("next_", ["//evil.example", "https://evil.example", "/\\evil.example"])
async def test_nobody_is_sent_to_another_host(client: httpx2.AsyncClient, next_: str) -> None:
    await newcomer(client)
    answer = await come_from(client, "zoe", next_=next_)
    assert answer.headers["location"] == "/account"


async def test_two_tabs_sign_in_at_once(client: httpx2.AsyncClient) -> None:
    first, second = [await begin(client, next_=f"/{tab}") for tab in "ab"]
    back = [await sign_in_there(url, "zoe") for url in (first, second)]
    assert [path_of(await client.get(url)) for url in back] == ["/account/welcome"] * 2


async def test_an_address_that_has_an_account_is_linked_after_signing_in_to_it(
    client: httpx2.AsyncClient, empty_stores: Stores
) -> None:
    await an_account(empty_stores, "ann")
    assert path_of(await come_from(client, "ann")) == "/account/welcome"
    page = await client.get("/account/welcome")
    assert "has an account here already" in page.text
    assert client.cookies.get(SESSION_COOKIE) is None
    # Not even by asking for it.
    refused = await submit(
        client, "/account/welcome", do="sign-up", handle="ann2", displayName="Ann"
    )
    assert "has an account already" in refused.text
    assert (await submit(client, "/account/welcome", do="link")).status_code == 303
    assert await empty_stores.postgres.read(select(identities.c.id)) == []

    await sign_in(client)
    assert "@ann" in (await client.get("/account/welcome")).text
    assert path_of(await submit(client, "/account/welcome", do="link")) == "/account/identities"
    await submit(client, "/account/sign-out")
    assert path_of(await come_from(client, "ann")) == "/account"
    assert (await viewer(client))["handle"] == "ann"
    assert path_of(await client.get("/account/welcome")) == "/account"  # once


async def test_an_account_is_linked_from_its_own_page(
    client: httpx2.AsyncClient, empty_stores: Stores
) -> None:
    await an_account(empty_stores, "ann")
    await sign_in(client)
    assert path_of(await link(client, "ann-elsewhere")) == "/account/identities"
    assert "ann-elsewhere@example.org" in (await client.get("/account/identities")).text
    await submit(client, "/account/sign-out")
    await come_from(client, "ann-elsewhere")
    assert (await viewer(client))["handle"] == "ann"


async def test_what_is_linked_elsewhere_is_not_linked_again(
    client: httpx2.AsyncClient, empty_stores: Stores
) -> None:
    await newcomer(client)
    await submit(client, "/account/sign-out")
    await an_account(empty_stores, "ann")
    await sign_in(client)
    answer = await link(client, "zoe")
    assert answer.status_code == 400
    assert "linked to this already" in answer.text


async def test_a_link_is_for_who_asked_for_it(
    client: httpx2.AsyncClient, empty_stores: Stores
) -> None:
    """Somebody signs in as another person meanwhile, in the same browser."""
    await an_account(empty_stores, "ann")
    await an_account(empty_stores, "bob")
    await sign_in(client)
    page = await submit(client, "/account/identities/link", provider="acme")
    url = page.text.partition("url=")[2].partition('"')[0].replace("&amp;", "&")
    await sign_in(client, "bob")
    answer = await client.get(await sign_in_there(url, "mallory"))
    assert path_of(answer) == "/account/sign-in"
    assert await empty_stores.postgres.read(select(identities.c.id)) == []


async def test_a_link_from_another_site_is_not_begun(
    client: httpx2.AsyncClient, empty_stores: Stores
) -> None:
    await an_account(empty_stores, "ann")
    await sign_in(client)
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {}):
        for path in ("/account/identities/link", "/account/welcome", "/account/identities/unlink"):
            answer = await client.post(path, data={"provider": "acme"}, headers=headers)
            assert answer.status_code == 403


async def test_without_a_confirmed_address_there_is_no_account(client: httpx2.AsyncClient) -> None:
    for login in ("unconfirmed-max", "mailless-max"):
        assert path_of(await come_from(client, login)) == "/account/welcome"
        page = await client.get("/account/welcome")
        assert "no e-mail address of yours that it has confirmed" in page.text
        answer = await submit(
            client, "/account/welcome", do="sign-up", handle="max", displayName="Max"
        )
        assert answer.status_code == 403


async def test_a_handle_that_is_taken_can_be_chosen_again(
    client: httpx2.AsyncClient, empty_stores: Stores
) -> None:
    await an_account(empty_stores, "ann")
    await come_from(client, "zoe")
    for handle in ("ann", "a b"):
        answer = await submit(
            client, "/account/welcome", do="sign-up", handle=handle, displayName="Z"
        )
        assert answer.status_code == 422
        assert 'id="handle-error"' in answer.text
    answer = await submit(client, "/account/welcome", do="sign-up", handle="zoe", displayName="Z")
    assert path_of(answer) == "/account"


async def test_the_second_factor_is_asked_for_here_too(
    client: httpx2.AsyncClient, empty_stores: Stores
) -> None:
    await an_account(empty_stores, "ann")
    await sign_in(client)
    await link(client, "ann")
    enrolled = await post(
        client,
        f'mutation {{ enrolTotp(password: "{PASSWORD}") {{ ... on TotpEnrolment {{ secret }} }} }}',
        headers=PREFLIGHT,
    )
    totp = pyotp.TOTP(enrolled.json()["data"]["enrolTotp"]["secret"])
    await post(
        client,
        f'mutation {{ confirmTotp(code: "{totp.now()}") {{ __typename }} }}',
        headers=PREFLIGHT,
    )
    await submit(client, "/account/sign-out")
    answer = await come_from(client, "ann", next_="/graphql")
    assert path_of(answer) == "/account/sign-in/code"
    assert client.cookies.get(SESSION_COOKIE) is None


async def test_a_closed_account_stays_closed(
    client: httpx2.AsyncClient, empty_stores: Stores
) -> None:
    await newcomer(client)
    await submit(client, "/account/sign-out")
    async with empty_stores.postgres.transaction() as connection:
        await connection.execute(update(accounts).values(disabled_at=func.now()))
    answer = await come_from(client, "zoe")
    assert answer.status_code == 400
    assert client.cookies.get(SESSION_COOKIE) is None


async def test_another_key_of_the_provider_is_found(
    client: httpx2.AsyncClient, identity: Identity, acme: Acme
) -> None:
    await newcomer(client)
    async with httpx2.AsyncClient() as control:
        await control.post(f"{acme.issuer}/control/rotate")
    await submit(client, "/account/sign-out")
    assert path_of(await come_from(client, "zoe")) == "/account"
    assert identity.providers["acme"]._keys._set._round == 2


async def test_a_client_may_show_who_it_is_by_a_key(empty_stores: Stores, acme: Acme) -> None:
    settings = {
        "issuer": acme.issuer,
        "client_id": "polyphony-signed",
        "private_key": json.dumps(acme.client_key.as_dict(private=True)),
        "private_key_id": "tests",
    }
    identity = with_providers(identity_of(empty_stores), signed=settings)
    async with client_of(empty_stores, identity) as client:
        assert path_of(await come_from(client, "zoe", "signed")) == "/account/welcome"


async def test_who_does_not_want_to_go_on_comes_back(client: httpx2.AsyncClient) -> None:
    url = await begin(client)
    async with httpx2.AsyncClient() as browser:
        answer = await browser.get(url)
        page = await browser.get(str(httpx2.URL(url).join(answer.headers["location"])))
        abort = page.text.partition('<a href="')[2].partition('"')[0]
        answer = await browser.get(str(httpx2.URL(url).join(abort)), follow_redirects=False)
        while not answer.headers["location"].startswith("https://music.example"):
            answer = await browser.get(
                str(httpx2.URL(url).join(answer.headers["location"])), follow_redirects=False
            )
    back = await client.get(answer.headers["location"])
    assert back.headers["location"] == "/account/sign-in?notice=not-signed-in"


# --- letting go ---------------------------------------------------------------------------------


async def unlink(client: httpx2.AsyncClient, password: str | None = None) -> Any:
    [one] = (await viewer(client))["account"]["linkedIdentities"]
    answer = await post(
        client,
        "mutation ($id: ID!, $password: String) { unlinkIdentity(id: $id, password: $password)"
        " { __typename ... on Error { message } ... on IdentityUnlinked { id } } }",
        {"id": one["id"], "password": password},
        headers=PREFLIGHT,
    )
    return answer.json()["data"]["unlinkIdentity"]


async def test_the_last_way_in_stays(client: httpx2.AsyncClient, empty_stores: Stores) -> None:
    await newcomer(client)
    assert (await unlink(client))["__typename"] == "Forbidden"
    assert len(await empty_stores.postgres.read(select(identities.c.id))) == 1


async def test_an_account_with_a_password_can_be_unlinked(
    client: httpx2.AsyncClient, empty_stores: Stores
) -> None:
    await an_account(empty_stores, "ann")
    await sign_in(client)
    await link(client, "ann")
    assert (await unlink(client))["__typename"] == "WrongCredentials"
    assert (await unlink(client, PASSWORD))["__typename"] == "IdentityUnlinked"
    assert [one["template"] for one in await queued(empty_stores)][-1] == "IDENTITY_UNLINKED"
    await submit(client, "/account/sign-out")
    assert path_of(await come_from(client, "ann")) == "/account/welcome"


async def test_of_two_at_once_one_is_unlinked(
    client: httpx2.AsyncClient, empty_stores: Stores
) -> None:
    await newcomer(client)
    await link(client, "zoe-too")
    rows = await empty_stores.postgres.read(select(identities.c.id))
    answers = await asyncio.gather(
        *(submit(client, "/account/identities/unlink", id=str(row[0])) for row in rows)
    )
    assert sorted(answer.status_code for answer in answers) == [303, 403]
    assert len(await empty_stores.postgres.read(select(identities.c.id))) == 1


# --- signing out --------------------------------------------------------------------------------


async def test_signing_out_here_leads_to_signing_out_there(
    client: httpx2.AsyncClient, acme: Acme
) -> None:
    await newcomer(client)
    await submit(client, "/account/sign-out")
    await come_from(client, "zoe")
    page = await submit(client, "/account/sign-out")
    assert page.status_code == 200
    url = page.text.partition('<a class="button second" href="')[2].partition('"')[0]
    url = url.replace("&amp;", "&")
    assert url.startswith(f"{acme.issuer}/session/end?")
    asked = parse_qs(urlsplit(url).query)
    assert asked["post_logout_redirect_uri"] == ["https://music.example/auth/logout"]
    assert read_header(asked["id_token_hint"][0], (None, "jwt")).algorithm == "ES256"
    assert await viewer(client) is None
    async with httpx2.AsyncClient() as browser:
        assert (await browser.get(url)).status_code == 200
    back = await client.get("/auth/logout")
    assert back.headers["location"] == "/account/sign-in?notice=signed-out"


async def test_signing_out_there_ends_the_session_here(
    client: httpx2.AsyncClient, empty_stores: Stores, identity: Identity, acme: Acme
) -> None:
    """Of two sessions here the one ends that began with the session there."""
    await newcomer(client)
    cookies = httpx2.Cookies()
    async with client_of(empty_stores, identity) as other:
        back = await sign_in_there(await begin(other), "zoe", cookies=cookies)
        assert path_of(await other.get(back)) == "/account"
        async with httpx2.AsyncClient(cookies=cookies) as browser:
            page = await browser.get(f"{acme.issuer}/session/end")
            fields = dict(_inputs(page.text)) | {"logout": "yes"}
            await browser.post(f"{acme.issuer}/session/end/confirm", data=fields)
            sent = (await browser.get(f"{acme.issuer}/control/logout-tokens")).json()
        token = sent[-1]
        assert (await viewer(other))["handle"] == "zoe_q"
        path = "/auth/backchannel-logout/acme"
        answer = await other.post(path, data={"logout_token": token}, headers={"Cookie": ""})
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
        over = await post(other, "{ viewer { handle } }", headers=PREFLIGHT)
        assert over.status_code == 401
        again = await other.post(path, data={"logout_token": token})
        assert again.status_code == 400
    assert (await viewer(client))["handle"] == "zoe_q"
    assert [one[1] for one in await audited(empty_stores, "signOut")] == [None]


def _inputs(page: str) -> list[tuple[str, str]]:
    return re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]+)"', page)


async def test_an_id_token_is_no_access_token(client: httpx2.AsyncClient) -> None:
    await newcomer(client)
    await submit(client, "/account/sign-out")
    await come_from(client, "zoe")
    page = await submit(client, "/account/sign-out")
    token = page.text.partition("id_token_hint=")[2].partition('"')[0].partition("&")[0]
    answer = await post(client, "{ viewer { id } }", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401
