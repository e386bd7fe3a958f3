"""Apps as their makers and the people who let them in see them, over the graph and the pages."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import select, update

from auth.principal import person
from datasources.postgres.account_tables import audit_log, jobs
from datasources.postgres.app_tables import apps
from datasources.stores import Stores
from resolvers.app_commands import set_app_disabled
from tests.factories.apps import BACK, OURS, as_app, authorize, refresh, tokens, viewer
from tests.factories.oauth_world import World, a_world, code_of, is_void
from tests.factories.operations import context_of, respond

REGISTER = """
mutation($input: RegisterAppInput!) {
  registerApp(input: $input) {
    __typename
    ... on AppRegistered { secret app { id name authentication grants redirectUris scopes } }
    ... on ValidationError { path message }
    ... on Error { code }
  }
}
"""
UPDATE = """
mutation($id: ID!, $input: UpdateAppInput!) {
  updateApp(id: $id, input: $input) {
    __typename ... on AppUpdated { app { name scopes redirectUris } } ... on Error { code }
  }
}
"""
ROTATE = """
mutation($id: ID!, $overlap: Int!) {
  rotateAppSecret(id: $id, overlapS: $overlap) {
    __typename ... on AppSecretRotated { secret app { oldSecretUntil } } ... on Error { code }
  }
}
"""
DELETE = "mutation($id: ID!) { deleteApp(id: $id) { __typename ... on AppDeleted { id } } }"
WITHDRAW = """
mutation($id: ID!) {
  withdrawConsent(appId: $id) { __typename ... on ConsentWithdrawn { appId } }
}
"""
INPUT: dict[str, Any] = {
    "name": "Mixtape",
    "website": "https://app.example",
    "redirectUris": [BACK],
    "scopes": ["openid", "playlists:read"],
}


@pytest.fixture
async def world(empty_stores: Stores) -> AsyncIterator[World]:
    async with a_world(empty_stores) as made:
        yield made


async def done(world: World, query: str, who: str = "bob", **variables: Any) -> dict[str, Any]:
    """Return what a mutation answers to one of the people."""
    answer = await respond(world.stores, query, variables, person(getattr(world, who)))
    assert "errors" not in answer, answer
    (result,) = answer["data"].values()
    assert isinstance(result, dict)
    return result


async def own_token(world: World, secret: str) -> httpx2.Response:
    form = {
        "grant_type": "client_credentials",
        "client_id": world.app.id,
        "client_secret": secret,
    }
    return await as_app(world.browser, "/oauth/token", form)


async def test_an_app_is_registered_and_listed_without_its_secret(world: World) -> None:
    made = await done(world, REGISTER, "ann", input=INPUT)
    assert made["__typename"] == "AppRegistered"
    assert made["secret"].startswith("as_")
    assert made["app"] | {"id": ""} == {
        "id": "", "name": "Mixtape", "authentication": "SECRET", "grants": ["AUTHORIZATION_CODE"],
        "redirectUris": [BACK], "scopes": ["openid", "playlists:read"],
    }  # fmt: skip
    listed = await respond(world.stores, "{ apps { id name } }", None, person(world.ann))
    assert listed["data"]["apps"] == [{"id": made["app"]["id"], "name": "Mixtape"}]
    kept = await world.stores.postgres.read(select(apps.c.secret_hash))
    assert made["secret"].encode() not in [row[0] for row in kept]
    mails = await world.stores.postgres.read(select(jobs.c.payload))
    assert "APP_CHANGED" in [row[0]["template"] for row in mails if "template" in row[0]]
    written = await world.stores.postgres.read(
        select(audit_log.c.details).where(audit_log.c.subject_id == world.ann)
    )
    assert made["secret"] not in str(written)
    public = await done(world, REGISTER, "ann", input=INPUT | {"authentication": "NONE"})
    assert public["secret"] is None


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"name": "x"}, "name"),
        ({"name": "Polyphony Support"}, "name"),
        ({"name": "\u202eevil"}, "name"),
        ({"name": "\uff30olyphony"}, "name"),
        ({"website": "http://app.example"}, "website"),
        ({"website": "javascript:alert(1)"}, "website"),
        ({"redirectUris": []}, "redirectUris"),
        ({"redirectUris": ["http://app.example/back"]}, "redirectUris"),
        ({"redirectUris": ["https://app.example/*"]}, "redirectUris"),
        ({"redirectUris": ["https://app.example/back#x"]}, "redirectUris"),
        ({"redirectUris": ["https://user@app.example/back"]}, "redirectUris"),
        ({"redirectUris": ["javascript:alert(1)"]}, "redirectUris"),
        ({"redirectUris": ["myapp://back"], "authentication": "NONE"}, "redirectUris"),
        ({"redirectUris": ["org.example.app:/back"]}, "redirectUris"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["admin"]}, "scopes"),
        ({"scopes": ["account:manage"]}, "scopes"),
        ({"grants": []}, "grants"),
        ({"grants": ["CLIENT_CREDENTIALS"], "authentication": "NONE"}, "grants"),
        ({"jwks": {"keys": []}}, "jwks"),
        ({"authentication": "PRIVATE_KEY_JWT"}, "jwks"),
        ({"authentication": "PRIVATE_KEY_JWT", "jwks": [1]}, "jwks"),
        ({"authentication": "PRIVATE_KEY_JWT", "jwks": {"keys": [1]}}, "jwks"),
    ],
)
async def test_what_an_app_cannot_be(world: World, change: dict[str, Any], path: str) -> None:
    answer = await done(world, REGISTER, "ann", input=INPUT | change)
    assert (answer["__typename"], answer["path"]) == ("ValidationError", ["input", path])


async def test_an_app_is_its_makers_alone(world: World) -> None:
    for query, more in (
        (UPDATE, {"input": {"name": "Mine now"}}),
        (ROTATE, {"overlap": 0}),
        (DELETE, {}),
    ):
        for id_ in (world.app.id, "x"):
            answer = await done(world, query, "ann", id=id_, **more)
            assert answer["__typename"] == "NotFound"
    for query, more in ((UPDATE, {"input": {"name": "Mine"}}), (DELETE, {})):
        nobody = await respond(world.stores, query, {"id": world.app.id, **more})
        assert nobody["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_no_more_than_twenty(world: World) -> None:
    for _ in range(20):
        assert (await done(world, REGISTER, "ann", input=INPUT))["__typename"] == "AppRegistered"
    assert (await done(world, REGISTER, "ann", input=INPUT))["code"] == "LIMIT_EXCEEDED"


async def test_what_an_app_may_no_longer_ask_for_its_tokens_lose(world: World) -> None:
    got = await tokens(world.browser, world.app, scope="openid playlists:read library:read")
    fewer = {"scopes": ["openid", "playlists:read"]}
    changed = await done(world, UPDATE, id=world.app.id, input=fewer)
    assert changed["app"]["scopes"] == ["openid", "playlists:read"]
    renewed = (await refresh(world.browser, world.app, got["refresh_token"])).json()
    assert renewed["scope"] == "openid playlists:read"


async def test_a_secret_is_rotated_with_or_without_overlap(world: World) -> None:
    first = world.app.secret
    second = (await done(world, ROTATE, id=world.app.id, overlap=600))["secret"]
    for secret in (first, second):
        assert (await own_token(world, secret)).status_code == 200
    third = (await done(world, ROTATE, id=world.app.id, overlap=0))["secret"]
    for secret, status in ((first, 401), (second, 401), (third, 200)):
        assert (await own_token(world, secret)).status_code == status
    wrong = await done(world, ROTATE, id=world.app.id, overlap=604_801)
    assert wrong["code"] == "BAD_USER_INPUT"


async def test_tokens_die_with_the_app(world: World) -> None:
    got = await tokens(world.browser, world.app)
    own = (await own_token(world, world.app.secret)).json()["access_token"]
    assert await done(world, DELETE, id=world.app.id) == {
        "__typename": "AppDeleted", "id": world.app.id,
    }  # fmt: skip
    world.identity.revocations.revoke(world.app.record.id)
    for access_token in (got["access_token"], own):
        assert await is_void(world, access_token)
    assert (
        code_of(await refresh(world.browser, world.app, got["refresh_token"])) == "invalid_client"
    )
    listed = await respond(world.stores, "{ authorizedApps { id } }", None, person(world.ann))
    assert listed["data"]["authorizedApps"] == []
    assert (await authorize(world.browser, world.app)).status_code == 400


async def test_tokens_die_with_an_app_that_is_disabled(world: World) -> None:
    got = await tokens(world.browser, world.app)
    context = context_of(world.stores, identity=world.identity)
    assert await set_app_disabled(context, world.app.record.id, disabled=True)
    assert not await set_app_disabled(context, world.app.record.id, disabled=True)
    await world.identity.revocations.refresh(world.stores.postgres, context.clock())
    assert await is_void(world, got["access_token"])
    assert (await authorize(world.browser, world.app)).status_code == 400


async def test_tokens_of_a_disabled_app_stay_void_when_it_is_enabled_again(world: World) -> None:
    got = await tokens(world.browser, world.app)
    context = context_of(world.stores, identity=world.identity)
    assert await set_app_disabled(context, world.app.record.id, disabled=True)
    assert await set_app_disabled(context, world.app.record.id, disabled=False)
    assert await is_void(world, got["access_token"])
    assert code_of(await refresh(world.browser, world.app, got["refresh_token"])) == "invalid_grant"
    anew = await tokens(world.browser, world.app)
    assert (await viewer(world.browser, anew["access_token"])).status_code == 200


async def test_so_do_those_that_it_has_for_itself(world: World) -> None:
    own = (await own_token(world, world.app.secret)).json()["access_token"]
    context = context_of(world.stores, identity=world.identity)
    assert await set_app_disabled(context, world.app.record.id, disabled=True)
    assert await set_app_disabled(context, world.app.record.id, disabled=False)
    await world.identity.revocations.refresh(world.stores.postgres, context.clock())
    assert await is_void(world, own)
    since = apps.c.tokens_since
    async with world.stores.postgres.transaction() as connection:  # as if some seconds had gone by
        await connection.execute(update(apps).values(tokens_since=since - timedelta(seconds=5)))
    await world.identity.revocations.refresh(world.stores.postgres, context.clock())
    anew = (await own_token(world, world.app.secret)).json()["access_token"]
    assert not await is_void(world, anew)


async def test_a_consent_is_listed_and_withdrawn(world: World) -> None:
    got = await tokens(world.browser, world.app)
    listed = await respond(
        world.stores, "{ authorizedApps { id name scopes lastUsedAt } }", None, person(world.ann)
    )
    (app,) = listed["data"]["authorizedApps"]
    assert (app["id"], app["name"]) == (world.app.id, "Mixtape")
    assert app["scopes"] == ["openid", "playlists:read"]
    assert app["lastUsedAt"]
    others = await done(world, WITHDRAW, "bob", id=world.app.id)
    assert others["__typename"] == "NotFound"
    answer = await done(world, WITHDRAW, "ann", id=world.app.id)
    assert answer == {"__typename": "ConsentWithdrawn", "appId": world.app.id}
    # Another process, as this test's mutation was: it has read the list again by then.
    await world.identity.revocations.refresh(
        world.stores.postgres, context_of(world.stores).clock()
    )
    assert await is_void(world, got["access_token"])
    assert code_of(await refresh(world.browser, world.app, got["refresh_token"])) == "invalid_grant"
    assert 'name="ticket"' in (await authorize(world.browser, world.app)).text


async def test_the_page_lists_apps_and_takes_it_back(world: World) -> None:
    got = await tokens(world.browser, world.app)
    page = await world.browser.get("/account/apps")
    assert "Mixtape" in page.text
    assert "See your playlists" in page.text
    form = {"id": world.app.id}
    forged = await world.browser.post("/account/apps/withdraw", data=form)
    assert forged.status_code == 403
    assert (await viewer(world.browser, got["access_token"])).status_code == 200
    done_ = await world.browser.post("/account/apps/withdraw", data=form, headers=OURS)
    assert done_.headers["location"] == "/account/apps?notice=consent-withdrawn"
    assert (await viewer(world.browser, got["access_token"])).status_code == 401  # here at once
    assert "None does." in (await world.browser.get("/account/apps")).text


async def test_signing_out_everywhere_ends_tokens_of_apps_and_codes(world: World) -> None:
    got = await tokens(world.browser, world.app)
    answer = await world.browser.post("/account/sessions/end-all", headers=OURS)
    assert answer.status_code == 303
    assert await is_void(world, got["access_token"])
    assert code_of(await refresh(world.browser, world.app, got["refresh_token"])) == "invalid_grant"


async def test_an_id_token_is_no_access_token(world: World) -> None:
    got = await tokens(world.browser, world.app, nonce="once")
    assert (await viewer(world.browser, got["id_token"])).status_code == 401
    headers = {"Authorization": f"Bearer {got['id_token']}"}
    world.browser.cookies.clear()
    assert (await world.browser.get("/oauth/userinfo", headers=headers)).status_code == 401
    assert (await world.browser.get("/oauth/userinfo")).status_code == 401


async def test_userinfo_says_what_was_agreed_to(world: World) -> None:
    for scope, names in (
        ("openid", {"sub"}),
        ("openid profile", {"sub", "preferred_username", "name"}),
        ("openid email", {"sub", "email", "email_verified"}),
    ):
        got = await tokens(world.browser, world.app, scope=scope)
        headers = {"Authorization": f"Bearer {got['access_token']}"}
        kept, world.browser.cookies = world.browser.cookies, httpx2.Cookies()
        answer = await world.browser.get("/oauth/userinfo", headers=headers)
        world.browser.cookies = kept
        assert set(answer.json()) == names
        assert answer.json()["sub"] == str(world.ann)
    plain = await tokens(world.browser, world.app, scope="playlists:read")
    assert "id_token" not in plain
    world.browser.cookies.clear()
    headers = {"Authorization": f"Bearer {plain['access_token']}"}
    assert (await world.browser.get("/oauth/userinfo", headers=headers)).status_code == 403


async def test_the_sessions_of_a_person_are_their_own(world: World) -> None:
    """An app's tokens are listed with the apps, and not as devices that are signed in."""
    await tokens(world.browser, world.app)
    answer = await respond(
        world.stores, "{ viewer { account { sessions { kind } } } }", None, person(world.ann)
    )
    assert answer["data"]["viewer"]["account"]["sessions"] == [{"kind": "COOKIE"}]
