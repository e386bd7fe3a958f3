"""The GraphiQL page and its assets, without a browser."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request

from gateway.graphql.graphiql import graphiql_page, graphiql_routes, wants_page

FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
SCRIPT = "console.log('hello')"


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    """A build: a page, a script in three encodings, a style sheet in one, and a secret outside."""
    dist = tmp_path / "dist"
    assets = dist / "assets"
    assets.mkdir(parents=True)
    (dist / "index.html").write_text("<!doctype html><title>Polyphony</title>")
    (assets / "main-abc.js").write_text(SCRIPT)
    (assets / "main-abc.js.br").write_bytes(b"brotli")
    (assets / "main-abc.js.gz").write_bytes(b"gzip, not really")
    (assets / "main-abc.css").write_text("body {}")
    (assets / "icons-abc.ttf").write_bytes(b"\0")
    (assets / "notes.txt").write_text("no asset")
    (tmp_path / "secret.js").write_text("secret")
    return dist


@pytest.fixture
async def client(dist: Path) -> AsyncIterator[httpx2.AsyncClient]:
    async with _client(dist) as client:
        yield client


def _client(dist: Path) -> httpx2.AsyncClient:
    app = Starlette(routes=graphiql_routes(dist))
    transport = httpx2.ASGITransport(app)
    return httpx2.AsyncClient(
        transport=transport, base_url="http://test", headers={"Accept-Encoding": "identity"}
    )


async def _fetch(
    client: httpx2.AsyncClient, path: str, **headers: str
) -> tuple[httpx2.Response, bytes]:
    """The response and its body as sent, not decoded."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    async with client.stream("GET", f"/graphiql/assets/{path}", headers=sent) as response:
        return response, b"".join([chunk async for chunk in response.aiter_raw()])


def _request(*accept: str, method: str = "GET") -> Request:
    headers = [(b"accept", value.encode()) for value in accept]
    return Request({"type": "http", "method": method, "path": "/graphql", "headers": headers})


@pytest.mark.parametrize(
    "accept",
    [
        FIREFOX,
        "text/html",
        "TEXT/HTML; charset=utf-8",
        "application/json, text/html",
        "application/json;q=0.5, text/html;q=0.5",
        "text/html;q=0.9, application/*;q=0.8",
        "text/html, */*",
    ],
)
def test_browsers_want_the_page(accept: str) -> None:
    assert wants_page(_request(accept))


@pytest.mark.parametrize(
    "accept",
    [
        "",
        "*/*",
        "text/*",
        "application/json",
        "application/graphql-response+json, application/json;q=0.9",
        "application/json, text/html;q=0.9",
        "application/graphql-response+json, text/html;q=0.9, application/json;q=0.1",
        "*/*, text/html;q=0.9",
        "text/html;q=0",
        "text/html;q=many",
        "text/event-stream",
    ],
)
def test_others_do_not(accept: str) -> None:
    assert not wants_page(_request(accept))


def test_an_operation_is_never_answered_with_the_page() -> None:
    assert wants_page(_request(FIREFOX, method="HEAD"))
    assert not wants_page(_request(FIREFOX, method="POST"))


def test_several_accept_fields_are_one_list() -> None:
    assert wants_page(_request("application/json;q=0.5", "text/html"))
    assert not wants_page(_request("text/html;q=0.5", "application/json"))
    assert not wants_page(_request())


def test_the_page_stays_on_this_host_and_runs_no_inline_script(dist: Path) -> None:
    response = graphiql_page(dist)
    assert response.status_code == 200
    assert bytes(response.body).startswith(b"<!doctype html>")
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["cache-control"] == "no-cache"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "same-origin"
    assert response.headers["vary"] == "Accept"
    policy = dict(
        rule.split(" ", 1) for rule in response.headers["content-security-policy"].split("; ")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == policy["worker-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"


def test_a_page_that_is_not_built_says_how_to_build_it(tmp_path: Path) -> None:
    response = graphiql_page(tmp_path / "nothing")
    assert response.status_code == 503
    assert b"make web" in bytes(response.body)
    assert response.headers["content-type"].startswith("text/plain")


async def test_assets_that_are_not_built_are_not_found(tmp_path: Path) -> None:
    async with _client(tmp_path / "nothing") as client:
        response, _ = await _fetch(client, "main-abc.js")
    assert response.status_code == 404


async def test_an_asset_is_kept_for_ever(client: httpx2.AsyncClient) -> None:
    response, body = await _fetch(client, "main-abc.js")
    assert body == SCRIPT.encode()
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["vary"] == "Accept-Encoding"
    assert response.headers["content-security-policy"] == "default-src 'self'"
    assert "content-encoding" not in response.headers


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("main-abc.js", "text/javascript; charset=utf-8"),
        ("main-abc.css", "text/css; charset=utf-8"),
        ("icons-abc.ttf", "font/ttf"),
    ],
)
async def test_media_types_do_not_depend_on_the_machine(
    client: httpx2.AsyncClient, path: str, media_type: str
) -> None:
    response, _ = await _fetch(client, path, Accept_Encoding="br")
    assert response.headers["content-type"] == media_type


@pytest.mark.parametrize(
    ("accept", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("br;q=0.5, gzip;q=0.8", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("*", "br"),
        ("br;q=0, *;q=0.1", "gzip"),
        ("identity, br", "br"),
        ("identity, br;q=0.9", None),
        ("br;q=0, gzip;q=0.0", None),
        ("deflate", None),
        ("*;q=0", None),
        ("identity;q=0", None),
        ("", None),
    ],
)
async def test_the_encoding_the_client_likes_best(
    client: httpx2.AsyncClient, accept: str, encoding: str | None
) -> None:
    response, body = await _fetch(client, "main-abc.js", Accept_Encoding=accept)
    assert response.status_code == 200
    assert response.headers.get("content-encoding") == encoding
    expected = {None: SCRIPT.encode(), "br": b"brotli", "gzip": b"gzip, not really"}[encoding]
    assert body == expected
    assert response.headers["content-length"] == str(len(expected))


async def test_an_asset_without_compressed_files_is_sent_plain(client: httpx2.AsyncClient) -> None:
    response, body = await _fetch(client, "main-abc.css", Accept_Encoding="br, gzip")
    assert body == b"body {}"
    assert "content-encoding" not in response.headers


async def test_a_client_that_has_it_is_told_so(client: httpx2.AsyncClient) -> None:
    plain, _ = await _fetch(client, "main-abc.js")
    brotli, _ = await _fetch(client, "main-abc.js", Accept_Encoding="br")
    assert plain.headers["etag"] != brotli.headers["etag"]

    again, body = await _fetch(
        client, "main-abc.js", Accept_Encoding="br", If_None_Match=brotli.headers["etag"]
    )
    assert (again.status_code, body) == (304, b"")
    assert again.headers["vary"] == "Accept-Encoding"
    other, _ = await _fetch(client, "main-abc.js", If_None_Match=brotli.headers["etag"])
    assert other.status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "",
        "missing-abc.js",
        "main-abc.js.br",
        "notes.txt",
        "../index.html",
        "../../secret.js",
        "%2e%2e/%2e%2e/secret.js",
        "..%2f..%2fsecret.js",
        "%2fetc%2fpasswd",
        "main-abc.js%00.js",
        "x" * 300 + ".js",
    ],
)
async def test_nothing_else_is_served(client: httpx2.AsyncClient, path: str) -> None:
    response, body = await _fetch(client, path)
    assert response.status_code == 404
    assert b"secret" not in body


async def test_assets_are_read_only(client: httpx2.AsyncClient) -> None:
    response = await client.post("/graphiql/assets/main-abc.js")
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, HEAD"
