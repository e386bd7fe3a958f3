"""The pages on stores: sessions begin and end, and what is wrong is said without a secret."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from http.cookies import SimpleCookie

import httpx2
import pyotp
import pytest

from auth.identity import Identity
from datasources.breaker import PAUSE_S
from datasources.records.accounts import MailTokenPurpose
from datasources.redis.client import open_redis
from datasources.redis.settings import RedisSettings
from datasources.stores import Stores
from gateway.cookies import SESSION_COOKIE
from resolvers.context import utc_now
from tests.factories.accounts import OTHER_PASSWORD, PASSWORD, an_account, link, sign_up_link
from tests.factories.http import BASE, client_of
from tests.factories.operations import identity_of

OURS = {"Sec-Fetch-Site": "same-origin"}
SIGN_IN = "/account/sign-in"


@pytest.fixture
def identity(empty_stores: Stores) -> Identity:
    return identity_of(empty_stores)


@pytest.fixture
async def client(empty_stores: Stores, identity: Identity) -> AsyncIterator[httpx2.AsyncClient]:
    await an_account(empty_stores)
    async with client_of(empty_stores, identity) as client:
        yield client


async def post(client: httpx2.AsyncClient, path: str, **fields: str) -> httpx2.Response:
    return await client.post(path, data=fields, headers=OURS)


async def sign_in(
    client: httpx2.AsyncClient, login: str = "ann", password: str = PASSWORD, **more: str
) -> httpx2.Response:
    return await post(client, SIGN_IN, login=login, password=password, **more)


def session_in(client: httpx2.AsyncClient) -> str | None:
    return client.cookies.get(SESSION_COOKIE)


def problem_in(answer: httpx2.Response) -> str:
    found = re.search(r'<p class="(?:problem|error)"[^>]*>(.*?)</p>', answer.text)
    assert found, answer.text
    return found[1]


async def test_a_session_begins_in_a_cookie_of_this_host(client: httpx2.AsyncClient) -> None:
    answer = await sign_in(client)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    (cookie,) = [one for one in answer.headers.get_list("set-cookie") if SESSION_COOKIE in one]
    morsel = SimpleCookie(cookie)[SESSION_COOKIE]
    assert morsel["secure"]
    assert morsel["httponly"]
    assert morsel["samesite"] == "lax"
    assert (morsel["path"], morsel["domain"]) == ("/", "")
    page = await client.get("/account")
    assert page.status_code == 200
    assert "Your handle is <strong>ann</strong>" in page.text
    again = await client.get(SIGN_IN, params={"next": "/graphql"})
    assert (again.status_code, again.headers["location"]) == (303, "/graphql")


@pytest.mark.parametrize(
    ("path", "location"),
    [("/graphql", "/graphql"), ("//evil.example", "/account"), ("/\\evil.example", "/account")],
)
async def test_one_goes_on_to_a_page_here(
    client: httpx2.AsyncClient, path: str, location: str
) -> None:
    answer = await sign_in(client, next=path)
    assert answer.headers["location"] == location


async def test_nobody_and_a_wrong_password_look_alike(client: httpx2.AsyncClient) -> None:
    wrong = await sign_in(client, "ann", "hunter2hunter2")
    nobody = await sign_in(client, "bob", "hunter2hunter2")
    assert (wrong.status_code, nobody.status_code) == (422, 422)
    assert wrong.text.replace("ann", "bob") == nobody.text
    assert "hunter2" not in wrong.text
    assert session_in(client) is None


async def test_a_session_that_is_brought_along_is_not_the_one_that_begins(
    client: httpx2.AsyncClient,
) -> None:
    planted = "planted-by-somebody-else-000000000000000000"
    client.cookies.set(SESSION_COOKIE, planted, domain="music.example")
    await sign_in(client)
    first = session_in(client)
    assert first not in {None, planted}
    await sign_in(client)
    second = session_in(client)
    assert second not in {None, first}
    for dead in (planted, first or ""):
        answer = await httpx2_with(client, dead)
        assert answer.headers["location"].endswith("notice=session-ended")
        assert f'{SESSION_COOKIE}="";' in answer.headers["set-cookie"]


async def httpx2_with(client: httpx2.AsyncClient, session: str) -> httpx2.Response:
    """Ask for the profile with another session's cookie."""
    request = httpx2.Request(
        "GET", f"{BASE}/account", headers={"Cookie": f"{SESSION_COOKIE}={session}"}
    )
    return await client.send(request)


async def test_signing_out_ends_the_session(client: httpx2.AsyncClient) -> None:
    await sign_in(client)
    session = session_in(client) or ""
    answer = await post(client, "/account/sign-out")
    assert answer.headers["location"] == "/account/sign-in?notice=signed-out"
    assert session_in(client) is None
    assert (await httpx2_with(client, session)).status_code == 303
    again = await post(client, "/account/sign-out")
    assert again.status_code == 303


async def test_too_many_failures_say_how_long_to_wait(
    client: httpx2.AsyncClient, identity: Identity
) -> None:
    for _ in range(identity.settings.failures_per_account):
        assert (await sign_in(client, password="wrong password")).status_code == 422
    answer = await sign_in(client)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= identity.settings.failures_window_s
    assert re.fullmatch(r"That was often. Try again in \d+ minutes.", problem_in(answer))


async def enrolled(client: httpx2.AsyncClient) -> pyotp.TOTP:
    """Set up a second factor, with a code of the step before."""
    wrong = await post(client, "/account/second-factor/enrol", password="wrong password")
    assert (wrong.status_code, problem_in(wrong)) == (422, "This is not your password.")
    page = await post(client, "/account/second-factor/enrol", password=PASSWORD)
    key = re.search(r'id="totp-key">(\w+)<', page.text)
    assert key
    app = pyotp.TOTP(key[1])
    wrong = await post(client, "/account/second-factor/confirm", code="000000")
    assert wrong.status_code == 422
    assert key[1] not in wrong.text
    done = await post(
        client, "/account/second-factor/confirm", code=app.at(utc_now() - timedelta(seconds=30))
    )
    assert done.status_code == 200
    assert len(re.findall(r"<li><code>", done.text)) == 10
    return app


async def test_the_second_step_needs_the_first(client: httpx2.AsyncClient) -> None:
    await sign_in(client)
    app = await enrolled(client)
    await post(client, "/account/sign-out")

    first = await sign_in(client, next="/graphql")
    assert first.headers["location"] == "/account/sign-in/code?next=%2Fgraphql"
    assert session_in(client) is None
    challenge = SimpleCookie(first.headers["set-cookie"])["__Host-challenge"]
    assert challenge["httponly"]
    assert challenge["secure"]
    assert challenge["samesite"] == "strict"
    assert challenge.value not in (await client.get(first.headers["location"])).text

    wrong = await post(client, "/account/sign-in/code", code="000000", next="/graphql")
    assert wrong.status_code == 422
    assert problem_in(wrong).startswith("This code is wrong")
    right = await post(client, "/account/sign-in/code", code=app.now(), next="/graphql")
    assert (right.status_code, right.headers["location"]) == (303, "/graphql")
    assert session_in(client)
    assert "__Host-challenge" not in client.cookies
    without = await post(client, "/account/sign-in/code", code=app.now())
    assert without.headers["location"].startswith("/account/sign-in?")


async def test_a_link_is_followed_by_a_button(
    client: httpx2.AsyncClient, empty_stores: Stores
) -> None:
    fields = {"handle": "bob", "displayName": "Bob", "password": PASSWORD}
    for email in ("bob@example.org", "ann@example.org"):
        handle = {**fields, "handle": email.partition("@")[0] + "_new"}
        answer = await post(client, "/account/sign-up", email=email, **handle)
        assert answer.headers["location"] == "/account/check-mail?for=sign-up"
    token = await sign_up_link(empty_stores, "bob@example.org")
    for _ in range(2):  # looking changes nothing
        page = await client.get("/account/confirm", params={"token": token})
        assert f'name="token" value="{token}"' in page.text
        assert "<strong>bob_new</strong>" in page.text
        assert "<strong>bob@example.org</strong>" in page.text
        assert 'autocomplete="current-password"' in page.text
    wrong = await post(client, "/account/confirm", token=token, password=OTHER_PASSWORD)
    assert (wrong.status_code, OTHER_PASSWORD in wrong.text) == (422, False)
    assert problem_in(wrong) == "This is not the password that was chosen at the sign-up."
    done = await post(client, "/account/confirm", token=token, password=PASSWORD)
    assert done.headers["location"] == "/account/sign-in?notice=address-confirmed"
    again = await post(client, "/account/confirm", token=token, password=PASSWORD)
    assert again.status_code == 422
    assert 'name="password"' not in again.text
    assert (await sign_in(client, "bob_new")).headers["location"] == "/account"


async def test_a_link_to_another_address_needs_no_password(
    client: httpx2.AsyncClient, empty_stores: Stores
) -> None:
    bob = await an_account(empty_stores, "bob")
    token = await link(empty_stores, MailTokenPurpose.CHANGE_EMAIL, bob, "new@example.org")
    page = await client.get("/account/confirm", params={"token": token})
    assert 'name="password"' not in page.text
    done = await post(client, "/account/confirm", token=token)
    assert done.headers["location"] == "/account/sign-in?notice=address-confirmed"


async def test_the_profile_is_saved(client: httpx2.AsyncClient) -> None:
    await sign_in(client)
    fields = {"displayName": "Ann <3", "avatarUrl": "", "listeningVisibility": "FOLLOWERS"}
    assert (await post(client, "/account", **fields)).headers["location"].endswith("profile-saved")
    page = await client.get("/account")
    assert 'value="Ann &lt;3"' in page.text
    assert 'value="FOLLOWERS" checked' in page.text
    for bad in ({"listeningVisibility": "EVERYBODY"}, {"avatarUrl": "javascript:alert(1)"}):
        assert (await post(client, "/account", **{**fields, **bad})).status_code == 422


async def test_an_account_is_deleted_by_who_is_sure(client: httpx2.AsyncClient) -> None:
    await sign_in(client)
    exported = await post(client, "/account/data/export")
    assert exported.headers["content-disposition"].startswith("attachment")
    assert exported.json()["profile"]["handle"] == "ann"
    delete = "/account/data/delete"
    assert (await post(client, delete, password=PASSWORD)).status_code == 422
    assert (await post(client, delete, password="wrong password", sure="yes")).status_code == 422
    done = await post(client, delete, password=PASSWORD, sure="yes")
    assert done.headers["location"] == "/account/goodbye"
    assert session_in(client) is None
    assert (await sign_in(client)).status_code == 422


async def test_how_one_wants_to_be_told(client: httpx2.AsyncClient) -> None:
    await sign_in(client)
    here = "/account/notifications"
    assert (await client.get(here)).text.count(" checked") == 4  # all of them in the app
    chosen = {"NEW_FOLLOWER-mail": "on", "NEW_DEVICE-app": "on", "NEW_DEVICE-mail": "on"}
    done = await post(client, here, **chosen)
    assert done.headers["location"] == f"{here}?notice=notifications-saved"
    page = (await client.get(here)).text
    checked = {name for name in chosen if f'name="{name}" value="on" checked' in page}
    assert checked == set(chosen)
    assert page.count(" checked") == 3


async def test_pages_that_list(client: httpx2.AsyncClient) -> None:
    await sign_in(client)
    security = ("sessions", "activity", "passkeys", "second-factor", "email", "password")
    for path in (*security, "notifications", "data"):
        page = await client.get(f"/account/{path}")
        assert page.status_code == 200, path
        assert f'<a href="/account/{path}" aria-current="page">' in page.text
    assert (await client.get("/account/activity", params={"after": "x"})).status_code == 400
    ended = await post(client, "/account/sessions/end", id="0" * 64)
    assert ended.headers["location"] == "/account/sessions?notice=session-gone"
    renamed = await post(client, "/account/passkeys/rename", id="x", name="Mine")
    assert renamed.status_code == 404
    everywhere = await post(client, "/account/sessions/end-all")
    assert everywhere.headers["location"].endswith("signed-out-everywhere")


async def test_a_script_is_told_why_not(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = await client.post("/account/sign-in/passkey/options", headers=OURS)
    assert options.json()["rpId"] == "music.example"
    with monkeypatch.context() as patched:
        patched.setattr("resolvers.passkey_sign_in._STARTS_PER_NETWORK", 1)
        often = await client.post("/account/sign-in/passkey/options", headers=OURS)
    assert often.status_code == 429
    assert "Try again in" in often.json()["message"]
    await sign_in(client)
    made = await post(client, "/account/passkeys/options", name="")
    assert made.json()["user"]["name"] == "ann"
    monkeypatch.setattr("resolvers.passkeys.MAX_PASSKEYS", 0)
    full = await post(client, "/account/passkeys/options", name="")
    assert full.status_code == 422
    assert "Remove one first" in full.json()["message"]


@pytest.mark.parametrize("credential", ["", "[]", "{", "{}", '{"id": 1}'])
async def test_what_is_no_passkey_lets_nobody_in(
    client: httpx2.AsyncClient, credential: str
) -> None:
    answer = await post(client, "/account/sign-in/passkey", credential=credential)
    assert answer.status_code in {400, 422}
    assert session_in(client) is None


async def test_without_redis_nobody_is_taken_for_nobody(
    empty_stores: Stores, identity: Identity
) -> None:
    gone = open_redis("redis://127.0.0.1:1/0", RedisSettings(url=None, timeout_s=PAUSE_S))
    async with client_of(replace(empty_stores, redis=gone), identity) as client:
        assert (await client.get(SIGN_IN)).status_code == 200
        client.cookies.set(SESSION_COOKIE, "some-session", domain="music.example")
        for path in (SIGN_IN, "/account"):
            page = await client.get(path)
            assert page.status_code == 503
            assert "does not answer" in page.text
            assert "set-cookie" not in page.headers
    await gone.close()


async def test_an_older_session_adds_a_passkey_with_the_password(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sign_in(client)
    home, options = "/account/passkeys", "/account/passkeys/options"
    assert 'id="password-add"' not in (await client.get(home)).text
    assert (await post(client, options, name="")).json()["challenge"]
    monkeypatch.setattr("resolvers.passkeys._LATELY", timedelta(seconds=-1))
    assert 'id="password-add"' in (await client.get(home)).text
    for given, status in (("", 422), ("not the password", 422), (PASSWORD, 200)):
        answer = await post(client, options, password=given)
        assert answer.status_code == status, answer.text
        assert ("challenge" in answer.json()) is (status == 200)
