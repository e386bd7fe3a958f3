"""A third party's web app on npm's openid-client, and a script with a device code."""

import asyncio
import json
import re
import shutil
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from html import unescape
from pathlib import Path

import httpx2
import pytest

from gateway.cookies import SESSION_COOKIE
from tests.e2e.test_callers import House, home  # noqa: F401  the fixture is used by its name
from tests.e2e.test_serve import free_port, run, serving
from tests.factories.accounts import PASSWORD, an_account

CLIENTS = Path(__file__).parents[1] / "clients"
OURS = {"Sec-Fetch-Site": "same-origin"}
WITHIN_S = 5.0
SLACK_S = 5.0  # machines that run tests are busy
WITHDRAW = """
mutation($app: ID!) { withdrawConsent(appId: $app) { __typename } }
"""


@asynccontextmanager
async def webapp() -> AsyncIterator[asyncio.subprocess.Process]:
    """Yield a third party's app that runs."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node on this machine")
    assert (CLIENTS / "node_modules").is_dir(), "packages are missing: run `make test`"
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        node, str(CLIENTS / "webapp.mjs"), stdin=pipe, stdout=pipe
    )
    try:
        yield process
    finally:
        process.kill()
        await process.wait()


async def said(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(30):
        return (await process.stdout.readline()).decode().strip()


@contextmanager
def server(house: House) -> Iterator[tuple[str, str]]:
    """Yield where a server listens, and the address that it says is its own."""
    port = free_port()
    issuer = f"http://localhost:{port}"
    env = house.env | {"POLYPHONY_PUBLIC_URL": issuer}
    with serving(env, house.data_dir / "log", port=port) as (url, _):
        yield url, issuer


def signed_in(url: str) -> httpx2.Client:
    """Return a browser in which Ann has signed in."""
    form = {"login": "ann", "password": PASSWORD}
    answer = httpx2.post(f"{url}/account/sign-in", data=form, headers=OURS, timeout=30)
    cookie = re.search(rf"{SESSION_COOKIE}=([^;]+)", answer.headers["set-cookie"])
    assert cookie, answer.text
    # Set by hand: the client sends no Secure cookie without TLS, as browsers do on this machine.
    return httpx2.Client(headers={"Cookie": f"{SESSION_COOKIE}={cookie[1]}"}, timeout=30)


def pressed(browser: httpx2.Client, page: httpx2.Response, address: str) -> httpx2.Response:
    """Press "Allow" on a page."""
    ticket = re.search(r'name="ticket" value="([^"]+)"', page.text)
    assert ticket, page.text
    form = {"ticket": ticket[1], "decision": "allow"}
    return browser.post(address, data=form, headers=OURS)


def led_to(page: httpx2.Response) -> str:
    found = re.search(r'content="0; url=([^"]+)"', page.text)
    assert found, page.text
    return unescape(found[1])


async def test_a_web_app_signs_people_in_refreshes_and_loses_its_consent(
    home: House,  # noqa: F811  the fixture, not the import
) -> None:
    await an_account(home.stores, "ann", identity=home.identity)
    async with webapp() as app:
        here = await said(app)
        made = run(
            home.env, "apps", "register", "Mixtape", "https://app.example",
            "--redirect-uri", f"{here}/back",
            *(part for one in ("openid", "profile", "playlists:read") for part in ("--scope", one)),
        )  # fmt: skip
        assert made.returncode == 0, made.stderr
        secret = made.stdout.strip()
        client_id = re.findall(r"client id is (\S+)\.", made.stderr)[0]
        with server(home) as (url, issuer):
            assert app.stdin is not None
            told = {"issuer": issuer, "clientId": client_id, "clientSecret": secret}
            app.stdin.write(json.dumps(told).encode() + b"\n")
            assert await said(app) == "ready"
            with signed_in(url) as browser:
                away = httpx2.get(f"{here}/login").headers["location"]
                asked = browser.get(away.replace(issuer, url))
                assert "Mixtape" in asked.text
                back = led_to(pressed(browser, asked, f"{url}/oauth/consent"))
                got = httpx2.get(back, timeout=30).json()
                assert got["data"] == {"viewer": {"handle": "ann"}}
                assert got["info"]["preferred_username"] == "ann"
                assert httpx2.get(f"{here}/refresh").json()["data"]["viewer"]["handle"] == "ann"

                again = httpx2.get(f"{here}/login").headers["location"]  # and is not asked again
                assert (
                    httpx2.get(led_to(browser.get(again.replace(issuer, url)))).status_code == 200
                )
                withdrawn = browser.post(
                    f"{url}/graphql",
                    json={"query": WITHDRAW, "variables": {"app": client_id}},
                    headers={"GraphQL-Preflight": "1"},
                )
                assert (
                    withdrawn.json()["data"]["withdrawConsent"]["__typename"] == "ConsentWithdrawn"
                )
                deadline = time.monotonic() + WITHIN_S + SLACK_S
                while (status := httpx2.get(f"{here}/viewer").json()["status"]) == 200:
                    assert time.monotonic() < deadline, "a withdrawn token is still good"
                assert status == 401
                refused = httpx2.get(f"{here}/refresh")
                assert (refused.status_code, refused.json()) == (502, {"error": "invalid_grant"})
    assert secret not in home.logged()


async def test_a_script_waits_until_the_browser_lets_it_in(
    home: House,  # noqa: F811  the fixture, not the import
) -> None:
    await an_account(home.stores, "ann", identity=home.identity)
    made = run(
        home.env, "apps", "register", "Terminal", "https://app.example", "--scope", "openid",
        "--grant", "DEVICE_CODE", "--authentication", "NONE",
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    assert made.stdout == ""
    client_id = re.findall(r"client id is (\S+)\.", made.stderr)[0]
    with server(home) as (url, _), signed_in(url) as browser:
        asked = {"client_id": client_id, "scope": "openid"}
        told = httpx2.post(f"{url}/oauth/device_authorization", data=asked).json()
        form = {
            "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
            "device_code": told["device_code"],
            "client_id": client_id,
        }
        waiting = httpx2.post(f"{url}/oauth/token", data=form)
        assert waiting.json()["error"] == "authorization_pending"
        page = browser.post(f"{url}/device", data={"code": told["user_code"]}, headers=OURS)
        pressed(browser, page, f"{url}/device/decide")
        got = httpx2.post(f"{url}/oauth/token", data=form).json()
        headers = {"Authorization": f"Bearer {got['access_token']}"}
        info = httpx2.get(f"{url}/oauth/userinfo", headers=headers).json()
        assert set(info) == {"sub"}
        listed = run(home.env, "apps", "list").stdout.splitlines()
        assert [line.split("\t")[1] for line in listed] == ["Name", "Terminal"]
        assert run(home.env, "apps", "disable", client_id).returncode == 0
        deadline = time.monotonic() + WITHIN_S + SLACK_S
        while httpx2.get(f"{url}/oauth/userinfo", headers=headers).status_code == 200:
            assert time.monotonic() < deadline, "a disabled app's token is still good"
        later = httpx2.post(f"{url}/oauth/device_authorization", data=asked)
        assert later.json()["error"] == "invalid_client"
