"""The endpoint in its application, without stores: bad bodies, and defects."""

import json
from typing import Any

import httpx2
import pytest
from graphql import ExecutionResult, GraphQLError
from starlette.types import ASGIApp, Receive, Scope, Send
from structlog.contextvars import get_contextvars, merge_contextvars
from structlog.testing import capture_logs

from datasources.stores import Stores
from gateway.app import create_app
from gateway.graphql.results import shown
from gateway.settings import Settings
from resolvers.settings import PlaylistSettings
from tests.factories.operations import identity_of

JSON = {"Content-Type": "application/json"}
BY_SOURCE = (
    'query A($s: ExternalSource!) { byExternalId(source: $s, type: TRACK, value: "x") {id} }'
)


NO_STORES: Any = Stores(*[None] * 3)  # type: ignore[arg-type]  # nothing that could be asked


def with_stores(app: ASGIApp) -> ASGIApp:
    """The application as after its start; the stores are nothing that could be asked."""
    identity = identity_of(NO_STORES)

    async def started(scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"] = {
            "stores": NO_STORES,
            "identity": identity,
            "live": None,
            "playlists": PlaylistSettings(),
        }
        await app(scope, receive, send)

    return started


async def post(app: ASGIApp, body: bytes) -> httpx2.Response:
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.post("/graphql", content=body, headers=JSON)


def error_of(answer: httpx2.Response) -> dict[str, Any]:
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"]
    (error,) = answer.json()["errors"]
    shown: dict[str, Any] = error
    return shown


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"5",
        b'"x"',
        b"[]",
        b"\xff",
        b'{"query": "{ __typename }", "variables": {"n": ' + b"9" * 5_000 + b"}}",
        b'{"query": "{ __typename }", "variables": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"query": 5}',
        b"{}",
        b'{"query": "{ __typename }", "operationName": "\\ud800"}',
    ],
    ids=lambda body: body[:60].decode(errors="replace"),
)
async def test_bad_bodies_are_refused(body: bytes) -> None:
    answer = await post(with_stores(create_app(Settings())), body)
    assert answer.status_code == 400
    error = error_of(answer)
    assert error["message"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT"}


async def test_half_a_character_is_answered() -> None:
    body = json.dumps({"query": BY_SOURCE, "variables": {"s": "\ud800"}}).encode()
    answer = await post(with_stores(create_app(Settings())), body)
    assert answer.status_code == 200
    assert error_of(answer)["extensions"] == {"code": "BAD_USER_INPUT"}


async def test_defects_are_masked_and_logged_once_under_their_id() -> None:
    app = create_app(Settings())  # not started: it has no stores
    with capture_logs([merge_contextvars]) as lines:
        answer = await post(app, b'{"query": "{ __typename }"}')
    assert answer.status_code == 500
    error = error_of(answer)
    request_id = answer.headers["x-request-id"]
    assert error["extensions"] == {"code": "INTERNAL", "requestId": request_id}
    assert "stores" not in answer.text
    assert [line["event"] for line in lines] == ["request failed", "request"]
    assert lines[1]["status"] == 500
    assert [line["request_id"] for line in lines] == [request_id] * 2
    assert "request_id" not in get_contextvars()


def test_the_log_names_the_type_of_a_defect_not_its_words() -> None:
    defect = GraphQLError("[parameters: ('hunter2',)]", path=["user"], cause=KeyError())
    with capture_logs() as lines:
        shown(ExecutionResult(None, [defect]), "r")
    assert [line["error"] for line in lines] == ["KeyError"]
    assert "hunter2" not in str({**lines[0], "exc_info": None})
