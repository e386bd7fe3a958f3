"""Attacks on an authorization server: those of RFC 9700, and a test for each."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from urllib.parse import urlencode

import httpx2
import pytest
from sqlalchemy import select

from datasources.postgres.account_tables import audit_log
from datasources.stores import Stores
from tests.factories.apps import (
    BACK,
    OURS,
    PUBLIC,
    VALUES,
    VERIFIER,
    a_code,
    an_app,
    answer_in,
    as_app,
    authorize,
    challenge,
    decide,
    exchange,
    refresh,
    request_of,
    sign_in,
    ticket_in,
    tokens,
    viewer,
)
from tests.factories.http import BASE, client_of
from tests.factories.oauth_world import World, a_world, code_of, is_void


@pytest.fixture
async def world(empty_stores: Stores) -> AsyncIterator[World]:
    async with a_world(empty_stores) as made:
        yield made


# --- redirect URIs ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "uri",
    [
        None,
        "https://evil.example/back",
        f"{BACK}/",
        f"{BACK}?more=1",
        f"{BACK}#part",
        f"{BACK}/../evil",
        f"{BACK}%2e%2e",
        "https://app.example@evil.example/back",
        "https://app.example.evil.example/back",
        "https://APP.example/back",
        "https://app.example:443/back",
        "http://app.example/back",
        "https://app.example\\@evil.example/back",
        "https://app.example/back\r\nLocation: https://evil.example",
        "javascript:alert(1)",
        "//app.example/back",
        'https://app.example/back"x',
    ],
)
async def test_nobody_is_sent_to_an_address_that_is_not_registered(
    world: World, uri: str | None
) -> None:
    page = await authorize(world.browser, world.app, redirect_uri=uri)
    assert page.status_code == 400
    assert "http-equiv" not in page.text
    assert "location" not in page.headers
    assert "evil.example" not in page.text


async def test_only_a_native_app_has_any_port_of_its_own_machine(world: World) -> None:
    there = "http://127.0.0.1/back"
    native = replace(PUBLIC, redirect_uris=[there, "http://[::1]:9/back", "http://localhost:7/x"])
    pocket = await an_app(world.stores, world.identity, world.bob, native)
    for uri in ("http://127.0.0.1:51004/back", "http://127.0.0.1/back", "http://[::1]:1/back"):
        assert (await authorize(world.browser, pocket, redirect_uri=uri)).status_code == 200
    for uri in (
        "http://127.0.0.1:51004/other",
        "http://127.0.0.1:51004@evil.example/back",
        "http://127.0.0.1:99/back?x=1",
        "http://127.0.0.2:99/back",
        "http://localhost:8/x",
        "https://127.0.0.1:99/back",
    ):
        assert (await authorize(world.browser, pocket, redirect_uri=uri)).status_code == 400, uri
    server = replace(VALUES, redirect_uris=[there])
    app = await an_app(world.stores, world.identity, world.bob, server)
    page = await authorize(world.browser, app, redirect_uri="http://127.0.0.1:51004/back")
    assert page.status_code == 400


async def test_an_unknown_or_disabled_app_leads_nowhere(world: World) -> None:
    for id_ in ("nobody", "", str(world.ann), world.app.id.upper(), 'x"y'):
        page = await authorize(world.browser, world.app, client_id=id_)
        assert page.status_code == 400
        assert "http-equiv" not in page.text


async def test_parameters_that_come_twice_are_refused(world: World) -> None:
    query = urlencode([*request_of(world.app).items(), ("redirect_uri", "https://evil.example")])
    page = await world.browser.get(f"/oauth/authorize?{query}")
    assert page.status_code == 400
    code = await a_code(world.browser, world.app)
    body = f"grant_type=authorization_code&code={code}&code={code}&client_id={world.app.id}"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    world.browser.cookies.clear()
    answer = await world.browser.post("/oauth/token", content=body, headers=headers)
    assert (answer.status_code, code_of(answer)) == (400, "invalid_request")


# --- codes --------------------------------------------------------------------------------------


async def test_a_code_that_comes_again_ends_the_tokens_that_it_became(world: World) -> None:
    code = await a_code(world.browser, world.app)
    got = (await exchange(world.browser, world.app, code)).json()
    assert (await viewer(world.browser, got["access_token"])).status_code == 200
    again = await exchange(world.browser, world.app, code)
    assert (again.status_code, code_of(again)) == (400, "invalid_grant")
    assert await is_void(world, got["access_token"])
    spent = await refresh(world.browser, world.app, got["refresh_token"])
    assert code_of(spent) == "invalid_grant"
    rows = await world.stores.postgres.read(
        select(audit_log.c.subject_id).where(audit_log.c.action == "authorizationCodeReused")
    )
    assert [row[0] for row in rows] == [world.ann]


async def test_of_twenty_who_show_a_code_at_once_none_keeps_tokens(world: World) -> None:
    code = await a_code(world.browser, world.app)
    world.browser.cookies.clear()
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": BACK,
        "code_verifier": VERIFIER,
        **world.app.proof,
    }
    answers = await asyncio.gather(
        *(world.browser.post("/oauth/token", data=form) for _ in range(20))
    )
    good = [one.json()["access_token"] for one in answers if one.status_code == 200]
    assert len(good) <= 1
    assert {code_of(one) for one in answers if one.status_code != 200} == {"invalid_grant"}
    for access_token in good:
        assert await is_void(world, access_token)


async def test_a_code_of_one_app_is_nothing_to_another(world: World) -> None:
    other = await an_app(world.stores, world.identity, world.bob, replace(VALUES, name="Other"))
    code = await a_code(world.browser, world.app)
    stolen = await exchange(world.browser, other, code)
    assert code_of(stolen) == "invalid_grant"
    assert (await exchange(world.browser, world.app, code)).status_code == 200


async def test_an_injected_code_does_not_fit_the_verifier_of_the_other_session(
    world: World,
) -> None:
    stolen = await a_code(world.browser, world.app, code_challenge=challenge("w" * 43))
    answer = await exchange(world.browser, world.app, stolen)
    assert code_of(answer) == "invalid_grant"
    again = await exchange(world.browser, world.app, stolen, code_verifier="w" * 43)
    assert code_of(again) == "invalid_grant"  # and nobody gets a second try


async def test_a_code_is_exchanged_at_the_address_that_it_was_sent_to(world: World) -> None:
    values = replace(VALUES, redirect_uris=[BACK, "https://app.example/other"])
    app = await an_app(world.stores, world.identity, world.bob, values)
    for uri in ("https://app.example/other", None):
        code = await a_code(world.browser, app)
        answer = await exchange(world.browser, app, code, redirect_uri=uri)
        assert code_of(answer) == "invalid_grant"


@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": None},
        {"code_challenge": None},
        {"code_challenge": "short"},
        {"code_challenge": "c" * 42 + "="},
    ],
)
async def test_pkce_is_not_left_out_or_weakened(
    world: World, changes: dict[str, str | None]
) -> None:
    answer = answer_in(await authorize(world.browser, world.app, **changes))
    assert answer["error"] == "invalid_request"
    assert answer["to"] == BACK


@pytest.mark.parametrize("verifier", [None, "", challenge(), "v" * 42, "w" * 43, "v" * 43 + "\n"])
async def test_a_code_needs_the_verifier_of_its_challenge(
    world: World, verifier: str | None
) -> None:
    code = await a_code(world.browser, world.app)
    answer = await exchange(world.browser, world.app, code, code_verifier=verifier)
    assert answer.status_code == 400
    assert "access_token" not in answer.json()


async def test_answers_say_who_answers(world: World) -> None:
    page = await authorize(world.browser, world.app)
    assert answer_in(await decide(world.browser, page, "deny")) == {
        "error": "access_denied",
        "state": "a state",
        "iss": BASE,
        "to": BACK,
    } | {"error_description": answer_in_description()}
    wrong = answer_in(await authorize(world.browser, world.app, scope="admin"))
    assert (wrong["error"], wrong["iss"], wrong["state"]) == ("invalid_scope", BASE, "a state")
    silent = answer_in(await authorize(world.browser, world.app, prompt="none"))
    assert (silent["error"], silent["iss"]) == ("consent_required", BASE)
    found = (await world.browser.get("/.well-known/openid-configuration")).json()
    assert found["authorization_response_iss_parameter_supported"]
    assert found["issuer"] == BASE


def answer_in_description() -> str:
    return "The resource owner or authorization server denied the request"


# --- scopes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "scope", [None, "admin", "account:manage", "keys:manage", "openid admin", "listens:write", "x"]
)
async def test_an_app_asks_for_what_it_is_registered_for(world: World, scope: str | None) -> None:
    answer = answer_in(await authorize(world.browser, world.app, scope=scope))
    assert answer["error"] == "invalid_scope"


async def test_a_refresh_widens_nothing(world: World) -> None:
    got = await tokens(world.browser, world.app, scope="openid playlists:read")
    sent = got["refresh_token"]
    for wider in ("openid playlists:read library:read", "admin", "library:read"):
        answer = await refresh(world.browser, world.app, sent, scope=wider)
        assert code_of(answer) == "invalid_scope"
    narrow = (await refresh(world.browser, world.app, sent, scope="playlists:read")).json()
    assert narrow["scope"] == "playlists:read"
    assert "id_token" not in narrow


async def test_an_apps_token_manages_no_account(world: World) -> None:
    got = await tokens(world.browser, world.app)
    headers = {"Authorization": f"Bearer {got['access_token']}"}
    world.browser.cookies.clear()
    for query in (
        "{ authorizedApps { id } }",
        "{ viewer { email } }",
        "mutation { signOutEverywhere { __typename } }",
    ):
        answer = await world.browser.post("/graphql", json={"query": query}, headers=headers)
        assert answer.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN", query
    pages = ("/account", "/account/export", "/account/apps", "/oauth/authorize")
    portal = ("/developers", "/developers/keys", "/developers/apps")
    for path in (*pages, *portal):
        assert (await world.browser.get(path, headers=headers)).status_code == 403, path


# --- refresh tokens -----------------------------------------------------------------------------


async def test_a_spent_refresh_token_ends_its_family(world: World) -> None:
    settings = world.identity.settings.model_copy(update={"refresh_grace_s": 0.0})
    strict = replace(world.identity, settings=settings)
    async with client_of(world.stores, strict) as client:
        client.cookies = world.browser.cookies
        got = await tokens(client, world.app)
        first = (await refresh(client, world.app, got["refresh_token"])).json()
        again = await refresh(client, world.app, got["refresh_token"])
        assert code_of(again) == "invalid_grant"
        after = await refresh(client, world.app, first["refresh_token"])
        assert code_of(after) == "invalid_grant"
    assert await is_void(world, first["access_token"])


async def test_a_refresh_token_belongs_to_its_app(world: World) -> None:
    other = await an_app(world.stores, world.identity, world.bob, replace(VALUES, name="Other"))
    got = await tokens(world.browser, world.app)
    assert code_of(await refresh(world.browser, other, got["refresh_token"])) == "invalid_grant"
    own = await world.browser.post(
        "/graphql",
        json={
            "query": "mutation($t: String!) { refreshTokens(refreshToken: $t) { __typename } }",
            "variables": {"t": got["refresh_token"]},
        },
        headers={"GraphQL-Preflight": "1"},
    )
    assert own.json()["data"]["refreshTokens"]["__typename"] == "WrongCredentials"
    assert (await refresh(world.browser, world.app, got["refresh_token"])).status_code == 200


# --- the page that asks -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
async def test_no_other_site_agrees_in_a_persons_name(
    world: World, headers: dict[str, str]
) -> None:
    page = await authorize(world.browser, world.app)
    form = {"ticket": ticket_in(page), "decision": "allow"}
    forged = await world.browser.post("/oauth/consent", data=form, headers=headers)
    assert forged.status_code == 403
    assert "code=" not in forged.text


async def test_a_ticket_is_good_once_and_for_who_was_asked(world: World) -> None:
    page = await authorize(world.browser, world.app)
    async with client_of(world.stores, world.identity) as bobs:
        await sign_in(bobs, world.stores, world.identity, world.bob)
        assert (await decide(bobs, page)).status_code == 400
    mine = await authorize(world.browser, world.app)
    assert "code" in answer_in(await decide(world.browser, mine))
    assert (await decide(world.browser, mine)).status_code == 400
    guessed = {"ticket": "x" * 43, "decision": "allow"}
    answer = await world.browser.post("/oauth/consent", data=guessed, headers=OURS)
    assert answer.status_code == 400


async def test_the_page_that_asks_is_in_no_frame_and_shows_no_markup(world: World) -> None:
    values = replace(VALUES, name="<b>Bold</b> & co", website="https://app.example/?a=1&b=2")
    app = await an_app(world.stores, world.identity, world.bob, values)
    page = await authorize(world.browser, app)
    assert page.headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"
    assert "<b>" not in page.text
    assert "&lt;b&gt;Bold" in page.text


async def test_nobody_vouches_for_a_website_that_an_app_names(world: World) -> None:
    for website, said in (
        ("https://github.com", "which says that it belongs to"),
        ("https://app.example", "an app of"),  # where the answer goes
    ):
        app = await an_app(
            world.stores, world.identity, world.bob, replace(VALUES, website=website)
        )
        assert (
            f'</strong>, {said} <a href="{website}"' in (await authorize(world.browser, app)).text
        )


async def test_a_native_app_is_asked_about_each_time(world: World) -> None:
    native = replace(PUBLIC, redirect_uris=["org.example.app:/back"])
    pocket = await an_app(world.stores, world.identity, world.bob, native)
    back = "org.example.app:/back"
    for _ in range(2):
        page = await authorize(world.browser, pocket, redirect_uri=back)
        assert 'name="ticket"' in page.text
        await decide(world.browser, page)
    silent = await authorize(world.browser, pocket, redirect_uri=back, prompt="none")
    assert "error=consent_required" in silent.text


async def test_somebody_who_is_not_signed_in_comes_back_after_it(world: World) -> None:
    world.browser.cookies.clear()
    away = await authorize(world.browser, world.app)
    assert away.status_code == 303
    assert away.headers["location"].startswith("/account/sign-in?next=%2Foauth%2Fauthorize%3F")
    none = answer_in(await authorize(world.browser, world.app, prompt="none"))
    assert none["error"] == "login_required"
    sent = await world.browser.post("/oauth/authorize", data=request_of(world.app))
    assert sent.status_code == 303
    assert sent.headers["location"].startswith("/oauth/authorize?")


async def test_signing_in_again_is_asked_for_once(world: World) -> None:
    for changes in ({"prompt": "login"}, {"max_age": "0"}):
        away = await authorize(world.browser, world.app, **changes)
        assert away.status_code == 303
        place = httpx2.URL(away.headers["location"])
        assert place.params["notice"] == "sign-in-again"
        assert "login" not in place.params["next"]
        assert "max_age" not in place.params["next"]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "create"}, "invalid_request"),
        ({"request": "e30."}, "request_not_supported"),
        ({"request_uri": "https://evil.example/r"}, "request_uri_not_supported"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"max_age": "9" * 30}, "invalid_request"),
        ({"resource": "https://evil.example"}, "invalid_target"),
        ({"nonce": "n" * 501}, "invalid_request"),
    ],
)
async def test_what_is_not_offered_is_said(
    world: World, changes: dict[str, str | None], error: str
) -> None:
    assert answer_in(await authorize(world.browser, world.app, **changes))["error"] == error


async def test_a_form_from_an_app_of_itself_is_no_consent(world: World) -> None:
    """A token is not had by showing the app's own secret in place of a person's consent."""
    own = {"grant_type": "client_credentials", **world.app.proof}
    got = (await as_app(world.browser, "/oauth/token", own)).json()
    assert "refresh_token" not in got
    answer = await viewer(world.browser, got["access_token"])
    assert answer.json()["data"]["viewer"] is None
    wide = await as_app(world.browser, "/oauth/token", {**own, "scope": "library:read"})
    assert code_of(wide) == "invalid_scope"
