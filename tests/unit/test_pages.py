"""The pages in their application, without stores: what guards them, and what they never show."""

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from structlog.testing import capture_logs

from auth.identity import Identity
from datasources.errors import StoreUnavailable
from datasources.stores import Stores
from gateway.pages import sign_up
from gateway.pages.endpoint import Page
from gateway.pages.forms import waiting_time
from gateway.pages.notices import NOTICES
from gateway.pages.rendering import STATIC
from gateway.pages.routes import PAGES
from gateway.pages.security import local_path
from resolvers.errors import InvalidInput, Overloaded, RateLimited, Refusal, WrongCredentials
from tests.factories.http import client_of
from tests.factories.operations import identity_of

NO_STORES: Any = Stores(*[None] * 3)  # type: ignore[arg-type]  # nothing that could be asked
OURS = {"Sec-Fetch-Site": "same-origin"}
TEMPLATES = STATIC.parent / "templates"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def identity() -> Iterator[Identity]:
    identity = identity_of(NO_STORES)
    yield identity
    identity.passwords.close()


@pytest.fixture
async def client(identity: Identity) -> AsyncIterator[httpx2.AsyncClient]:
    async with client_of(NO_STORES, identity) as client:
        yield client


def check_headers(answer: httpx2.Response) -> None:
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == rules["frame-ancestors"] == rules["base-uri"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == rules["form-action"] == "'self'"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


def text_of(answer: httpx2.Response) -> str:
    """Return the words of a page."""
    return " ".join(re.sub(r"<[^>]*>", " ", answer.text).split())


# What these answer without the parameters with which apps and providers send people there.
ASKS_FOR_MORE = {
    "/oauth/authorize": 400,
    "/auth/login/{provider}": 404,
    "/auth/callback/{provider}": 404,
    "/auth/logout": 303,
    "/account/welcome": 303,
}
SHOWN = [page for page in PAGES if page.show]
TAKING = [page for page in PAGES if page.act]


@pytest.mark.parametrize("page", SHOWN, ids=lambda page: page.path)
async def test_a_page_is_safe_to_show(client: httpx2.AsyncClient, page: Page) -> None:
    answer = await client.get(page.path)
    check_headers(answer)
    if page.signed_in:
        assert answer.status_code == 303
        here = quote(page.path, safe="")
        assert answer.headers["location"].startswith(f"/account/sign-in?next={here}")
    elif page.path == "/account/sign-in/code":
        assert answer.headers["location"] == "/account/sign-in?notice=took-too-long"
    elif page.path in ASKS_FOR_MORE:
        assert answer.status_code == ASKS_FOR_MORE[page.path]
    else:
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert '<html lang="en">' in answer.text


FOREIGN: list[dict[str, str]] = [
    {},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "https://music.example"},
    {"Origin": "null"},
    {"Origin": "https://music.example.evil.example"},
    {"Origin": "http://music.example"},
    {"Origin": "https://music.example:8443"},
    {"Referer": "https://music.example/account"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
@pytest.mark.parametrize("page", TAKING, ids=lambda page: page.path)
async def test_no_other_site_can_send_a_form(
    client: httpx2.AsyncClient, page: Page, headers: dict[str, str]
) -> None:
    answer = await client.post(page.path, data={"login": "a"}, headers=headers)
    assert answer.status_code == 403
    check_headers(answer)
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("headers", [OURS, {"Origin": "https://music.example"}], ids=str)
async def test_our_own_forms_are_taken(client: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    answer = await client.post("/account/password", data={}, headers=headers)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/account/sign-in?next=%2Faccount%2Fpassword"


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{}", {"Content-Type": "application/json"}, 415),
        (b"email=a", {"Content-Type": "text/plain"}, 415),
        (b"email=a", {}, 415),
        (b"email=a&email=b", FORM, 400),
        (b"email=%ff", FORM, 400),
        (b"email=\xff", FORM, 400),
        (b"&".join(b"f%d=1" % n for n in range(30)), FORM, 400),
        (b"email=" + b"a" * 70_000, FORM, 413),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_what_no_form_sends_is_refused(
    client: httpx2.AsyncClient, body: bytes, headers: dict[str, str], status: int
) -> None:
    answer = await client.post("/account/forgot", content=body, headers={**OURS, **headers})
    assert answer.status_code == status
    check_headers(answer)


def refusing(monkeypatch: pytest.MonkeyPatch, error: Exception, use_case: str = "sign_up") -> None:
    async def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr(sign_up, use_case, refuse)


async def sent(client: httpx2.AsyncClient) -> httpx2.Response:
    fields = {"email": "<a@x>", "handle": "ada", "displayName": "A", "password": "hunter2hunter2"}
    return await client.post("/account/sign-up", data=fields, headers=OURS)


async def test_a_refusal_stands_beside_its_field(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing(monkeypatch, InvalidInput(("input", "handle"), "Somebody <else> has this handle."))
    answer = await sent(client)
    assert answer.status_code == 422
    assert "<title>Error: Sign up" in answer.text
    assert '<p class="error" id="handle-error">Somebody &lt;else&gt; has' in answer.text
    described = re.search(r'<input id="handle"[^>]*>', answer.text)
    assert described
    assert 'aria-describedby="handle-hint handle-error"' in described[0]
    assert 'aria-invalid="true" autofocus' in described[0]
    assert 'value="&lt;a@x&gt;"' in answer.text
    assert "hunter2" not in answer.text


@pytest.mark.parametrize(
    ("refusal", "status", "words"),
    [
        (RateLimited(125, "No."), 429, "That was often. Try again in 3 minutes."),
        (Overloaded("Too many at once."), 503, "Too many at once."),
        (WrongCredentials("No such link."), 422, "No such link."),
        (InvalidInput(("input", "token"), "It is taken."), 422, "It is taken."),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_what_belongs_to_no_field_is_said_on_top(
    client: httpx2.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
    refusal: Refusal,
    status: int,
    words: str,
) -> None:
    refusing(monkeypatch, refusal)
    answer = await sent(client)
    assert answer.status_code == status
    top = re.search(r'<p class="problem" role="alert"[^>]* autofocus>(.*?)</p>', answer.text)
    assert top
    assert top[1] == words
    assert answer.headers.get("retry-after") == ("125" if status == 429 else None)


async def test_a_store_that_is_down_is_a_plain_page(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing(monkeypatch, StoreUnavailable("postgres", "at secret-host"))
    answer = await sent(client)
    assert answer.status_code == 503
    check_headers(answer)
    assert "does not answer" in text_of(answer)
    assert answer.headers["x-request-id"] in answer.text
    assert "secret-host" not in answer.text


async def test_a_defect_is_a_plain_page_with_its_number(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing(monkeypatch, RuntimeError("hunter2"))
    with capture_logs() as lines:
        answer = await sent(client)
    assert answer.status_code == 500
    check_headers(answer)
    assert answer.headers["x-request-id"] in answer.text
    assert "hunter2" not in answer.text
    assert [line["event"] for line in lines] == ["request failed", "request"]


async def test_what_is_not_there_is_a_page_too(client: httpx2.AsyncClient) -> None:
    missing = await client.get("/account/<script>")
    assert missing.status_code == 404
    check_headers(missing)
    assert "<script>" not in missing.text
    wrong = await client.get("/account/sign-out")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "POST")
    check_headers(wrong)


async def test_a_token_of_an_address_is_text_in_a_field(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/account/reset", params={"token": '"><script>'})
    assert 'name="token" value="&#34;&gt;&lt;script&gt;"' in answer.text


async def test_a_notice_is_one_of_ours(client: httpx2.AsyncClient) -> None:
    for code, words in NOTICES.items():
        answer = await client.get("/account/sign-in", params={"notice": code})
        assert f'<p class="notice" role="status">{words}</p>' in answer.text
    other = await client.get("/account/sign-in", params={"notice": "You won"})
    assert "You won" not in other.text
    assert "notice" not in other.text


GOOD = ["/graphql", "/account/activity?after=abc", "/a//b", "/?x=//y"]
BAD = [
    "",
    "account",
    "https://evil.example",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/a\\b",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "/ /evil.example",
    "/%0d%0aX:y\r\n",
    "javascript:alert(1)",
    "/\u2215evil.example",
    "/" + "a" * 2000,
]


@pytest.mark.parametrize("path", GOOD)
def test_a_path_here_is_gone_to(path: str) -> None:
    assert local_path(path, "/account") == path


@pytest.mark.parametrize("path", BAD, ids=ascii)
async def test_nobody_is_sent_elsewhere(client: httpx2.AsyncClient, path: str) -> None:
    assert local_path(path, "/account") == "/account"
    answer = await client.get("/account/sign-in", params={"next": path})
    assert 'name="next"' not in answer.text


def test_a_time_to_wait_is_never_too_short() -> None:
    waits = [waiting_time(seconds) for seconds in (0, 1, 59, 60, 61, 120, 121, 900)]
    assert waits == [
        "1 second",
        "1 second",
        "59 seconds",
        "a minute",
        "2 minutes",
        "2 minutes",
        "3 minutes",
        "15 minutes",
    ]


async def test_static_files(client: httpx2.AsyncClient) -> None:
    kinds = {
        "style.css": "text/css",
        "passkeys.js": "text/javascript",
        "developers.css": "text/css",
        "developers.js": "text/javascript",
        "icon.svg": "image/svg+xml",
    }
    assert {path.name for path in STATIC.iterdir()} == set(kinds)
    for name, kind in kinds.items():
        answer = await client.get(f"/account/static/{name}")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(kind)
        assert answer.headers["x-content-type-options"] == "nosniff"
        again = await client.get(answer.url, headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    for name in ("", "../templates/base.html", "..%2frendering.py", "missing.css"):
        assert (await client.get(f"/account/static/{name}")).status_code == 404


@pytest.mark.parametrize(
    "path", [*TEMPLATES.iterdir(), *STATIC.iterdir()], ids=lambda path: path.name
)
def test_nothing_is_inline_or_from_elsewhere(path: Path) -> None:
    text = path.read_text().replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"\sstyle=|\son\w+=|<style|<script(?! type=\"module\" src=\"/)", text)
    assert not re.search(r"(src|href|action)=\"(?!/|#|{{)|https?://\w|@import|url\(", text)


@pytest.mark.parametrize(
    "path", [path for path in TEMPLATES.iterdir() if "<form" in path.read_text()], ids=str
)
def test_every_form_posts(path: Path) -> None:
    forms = re.findall(r"<form[^>]*>", path.read_text())
    ours = r'method="post" action="/(account|device|developers|oauth/consent)\b'
    assert all(re.search(ours, form) for form in forms)
