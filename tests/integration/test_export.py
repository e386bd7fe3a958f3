"""The export: everything that is held about a person, and about nobody else; whole, or not JSON."""

import asyncio
import json
import tracemalloc
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import text
from starlette.types import Message
from structlog.testing import capture_logs

from auth.identity import Identity
from auth.principal import ANONYMOUS, person
from auth.scopes import PUBLIC_SCOPES
from datasources.errors import StoreUnavailable
from datasources.mongo import personal_data as mongo_data
from datasources.mongo.listens import write_listens
from datasources.postgres import personal_data as rows
from datasources.records.listening import NewListen
from datasources.stores import Stores
from gateway import export as route
from gateway.cookies import SESSION_COOKIE
from resolvers import export as resolver
from resolvers.export import export, export_my_data
from tests.factories.accounts import audited
from tests.factories.belongings import (
    ITEMS,
    LISTENS,
    PLAYLISTS,
    SECRET,
    Belongings,
    belongings,
)
from tests.factories.http import application, client_of
from tests.factories.music import NOW, track_id
from tests.factories.operations import context_of, identity_of, respond

EXPORT = """
mutation { exportMyData { __typename ... on DataExport { url } ... on Error { code } } }
"""


@pytest.fixture
def identity(empty_stores: Stores) -> Identity:
    return identity_of(empty_stores)


@pytest.fixture
async def them(empty_stores: Stores, identity: Identity) -> Belongings:
    return await belongings(empty_stores, identity)


@pytest.fixture
async def client(empty_stores: Stores, identity: Identity) -> AsyncIterator[httpx2.AsyncClient]:
    async with client_of(empty_stores, identity) as client:
        yield client


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything takes several pages."""
    monkeypatch.setattr(rows, "_ROWS_AT_ONCE", 2)
    monkeypatch.setattr(mongo_data, "_READ_AT_ONCE", 3)
    monkeypatch.setattr(resolver, "_CHUNK_BYTES", 500)


def bearer(them: Belongings) -> dict[str, str]:
    return {"Authorization": f"Bearer {them.access_token}"}


async def test_it_holds_everything_of_the_viewers_and_no_secret(
    client: httpx2.AsyncClient, them: Belongings
) -> None:
    answer = await client.get(resolver.PATH, headers=bearer(them))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-disposition"] == 'attachment; filename="polyphony.json"'
    assert answer.headers["cache-control"] == "no-store"
    document = answer.json()
    ann = str(them.ann)
    assert set(document) == {
        "format", "version", "exportedAt", "profile", "account", "externalIds", "passkeys",
        "sessions", "nowPlaying", "recommendations", "topTracks", "topArtists", "playlists",
        "securityEvents", "sharedPlaylists", "followedPlaylists", "addedToPlaylists",
        "invitations", "shareLinks", "notifications", "notificationPreferences",
        "savedTracks", "savedAlbums", "followedArtists", "blockedUsers", "following", "followers",
        "listens", "artistPlays", "apiKeys", "apiKeyUse", "apps", "authorizedApps", "appSignIns",
        "linkedIdentities",
    }  # fmt: skip
    assert document["profile"]["id"] == ann
    assert document["profile"]["handle"] == "ann"
    assert document["account"]["email"] == "ann@example.org"
    assert document["account"]["role"] == "LISTENER"
    assert document["externalIds"] == [{"source": "LASTFM", "value": "anns-other-name"}]
    assert [one["name"] for one in document["passkeys"]] == ["Ann's phone"]
    assert sorted(one["tokens"] for one in document["sessions"]) == [False, True]
    assert document["nowPlaying"]["trackId"] == str(track_id(1))
    assert document["recommendations"]["entries"][0]["because"] == "Artist 1"
    assert len(document["topTracks"]) == len(document["topArtists"]) == 4
    assert {one["range"] for one in document["topTracks"]} == {"SHORT", "MEDIUM", "LONG", "ALL"}

    assert [one["title"] for one in document["playlists"]] == [
        f"Secret of ann {number}" for number in range(PLAYLISTS)
    ]
    for playlist in document["playlists"]:
        titles = [one["title"] for one in playlist["items"]]
        assert titles == [f"Track {number}" for number in range(1, ITEMS + 1)]
    assert [one["handle"] for one in document["playlists"][0]["collaborators"]] == ["bob"]
    bobs = str(them.bobs_playlist)
    assert [(one["playlistId"], one["role"]) for one in document["sharedPlaylists"]] == [
        (bobs, "EDITOR")
    ]
    assert [(one["userId"], one["invitedBy"]) for one in document["invitations"]] == [
        (str(them.bob), ann),
        (ann, str(them.bob)),
    ]
    (link,) = document["shareLinks"]
    assert link["role"] == "VIEWER"
    assert not {"hash", "token"} & set(link)
    assert document["followedPlaylists"] == [{"playlistId": bobs}]
    assert [one["playlistId"] for one in document["addedToPlaylists"]] == [bobs] * ITEMS
    assert len(document["savedTracks"]) == ITEMS
    assert [one["albumId"] for one in document["savedAlbums"]] == [str(track_id(1))]
    assert [one["name"] for one in document["followedArtists"]] == ["Artist 1"]
    assert [one["handle"] for one in document["blockedUsers"]] == ["bob"]
    assert document["following"] == [{"userId": str(them.bob), "handle": "bob"}]
    assert document["followers"] == document["following"]
    times = [one["listenedAt"] for one in document["listens"]]
    assert len(times) == LISTENS
    assert times == sorted(times)
    assert {one["counted"] for one in document["listens"]} == {True, False}
    assert document["listens"][0]["title"].startswith("Track ")
    assert [one["plays"] for one in document["artistPlays"]] == [10, 20, 30, 40]
    assert document["artistPlays"][0]["name"] == "Artist 1"
    assert "signIn" in [one["action"] for one in document["securityEvents"]]

    for secret in (SECRET.decode(), SECRET.hex(), "password_hash", "passwordHash", "argon2"):
        assert secret not in answer.text
    assert them.cookie not in answer.text
    assert them.access_token not in answer.text
    assert "bobs-other-name" not in answer.text
    assert "bob@example.org" not in answer.text


async def test_it_holds_what_the_viewer_was_told(
    client: httpx2.AsyncClient, them: Belongings
) -> None:
    document = (await client.get(resolver.PATH, headers=bearer(them))).json()
    invited, signed_in = document["notifications"]
    assert (invited["kind"], invited["actorId"]) == ("INVITATION", str(them.bob))
    assert (signed_in["kind"], signed_in["device"]) == ("NEW_DEVICE", "PolyphonyPhone on iOS")
    preference = {"kind": "INVITATION", "inApp": True, "emailDigest": True}
    assert document["notificationPreferences"] == [preference]


async def test_it_holds_api_keys_and_their_use(
    client: httpx2.AsyncClient, them: Belongings
) -> None:
    document = (await client.get(resolver.PATH, headers=bearer(them))).json()
    (key,) = document["apiKeys"]
    assert (key["name"], key["prefix"]) == ("Secret of ann's programs", "pk_dev_Ann")
    assert not {"hash", "userId"} & set(key)
    (use,) = document["apiKeyUse"]
    assert (use["operations"], use["fields"]) == (3, [{"name": "track", "count": 3}])


async def test_what_somebody_else_did_to_the_account_does_not_say_from_where(
    client: httpx2.AsyncClient, empty_stores: Stores, them: Belongings
) -> None:
    async with empty_stores.postgres.transaction() as connection:
        await connection.execute(
            text(
                "insert into audit_log (id, at, action, result, actor_kind, actor_id, subject_id,"
                " address, user_agent, request_id, details) values (gen_random_uuid(), now(),"
                " 'changeRole', 'DONE', 'USER', :bob, :ann, '203.0.113.9', 'Bobs/1', '', '{}')"
            ),
            {"bob": them.bob, "ann": them.ann},
        )
    answer = await client.get(resolver.PATH, headers=bearer(them))
    (event,) = [one for one in answer.json()["securityEvents"] if one["action"] == "changeRole"]
    assert (event["byYou"], event["address"], event["userAgent"]) == (False, "", "")
    assert "203.0.113.9" not in answer.text


async def test_a_browser_gets_it_by_its_session(
    client: httpx2.AsyncClient, empty_stores: Stores, them: Belongings
) -> None:
    answer = await client.get(resolver.PATH, headers={"Cookie": f"{SESSION_COOKIE}={them.cookie}"})
    assert answer.json()["profile"]["handle"] == "ann"
    assert await audited(empty_stores, "exportMyData") == [("DONE", them.ann, them.ann)]


@pytest.mark.parametrize(
    ("site", "status"),
    [
        ("same-origin", 200),
        ("none", 200),  # the address was typed
        ("same-site", 403),  # another host of the same domain
        ("cross-site", 403),
        ("unheard-of", 403),
    ],
)
async def test_no_other_site_leads_a_browser_here(
    client: httpx2.AsyncClient, empty_stores: Stores, them: Belongings, site: str, status: int
) -> None:
    headers = {"Cookie": f"{SESSION_COOKIE}={them.cookie}", "Sec-Fetch-Site": site}
    assert (await client.get(resolver.PATH, headers=headers)).status_code == status
    assert len(await audited(empty_stores, "exportMyData")) == (status == 200)


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer x"}, {"Cookie": f"{SESSION_COOKIE}=x"}]
)
@pytest.mark.usefixtures("them")
async def test_nobody_gets_nothing(client: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    answer = await client.get(resolver.PATH, headers=headers)
    assert answer.status_code == 401
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert "ann" not in answer.text
    assert answer.headers["cache-control"] == "no-store"


async def test_a_head_says_nothing_and_asks_nothing(
    client: httpx2.AsyncClient, empty_stores: Stores, them: Belongings
) -> None:
    answer = await client.head(resolver.PATH, headers=bearer(them))
    assert (answer.status_code, answer.content) == (200, b"")
    assert await audited(empty_stores, "exportMyData") == []
    posted = await client.post(resolver.PATH, headers=bearer(them))
    assert posted.status_code in {404, 405}


async def test_a_credential_for_less_is_not_enough(
    client: httpx2.AsyncClient, them: Belongings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def narrow(_request: object) -> Any:
        return replace(person(them.ann), scopes=PUBLIC_SCOPES)

    monkeypatch.setattr(route, "authenticate", narrow)
    answer = await client.get(resolver.PATH)
    assert answer.status_code == 403
    assert "account:manage" in answer.text


async def test_the_mutation_says_where_whatever_the_host_header(
    empty_stores: Stores, them: Belongings, client: httpx2.AsyncClient
) -> None:
    answer = await client.post(
        "/graphql", json={"query": EXPORT}, headers=bearer(them) | {"Host": "evil.example"}
    )
    url = "https://music.example/account/export"
    assert answer.json()["data"]["exportMyData"] == {"__typename": "DataExport", "url": url}
    assert await audited(empty_stores, "exportMyData") == [("DONE", them.ann, them.ann)]
    nobody = await respond(empty_stores, EXPORT, principal=ANONYMOUS)
    assert nobody["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_it_cannot_be_asked_for_without_end(
    empty_stores: Stores,
    identity: Identity,
    them: Belongings,
    client: httpx2.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(resolver, "_PER_HOUR", 2)
    context = context_of(empty_stores, person(them.ann), identity=identity)
    await export_my_data(context)
    assert (await client.get(resolver.PATH, headers=bearer(them))).status_code == 200
    answer = await client.get(resolver.PATH, headers=bearer(them))
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 3600
    response = await respond(empty_stores, EXPORT, principal=person(them.ann))
    assert response["data"]["exportMyData"] == {"__typename": "RateLimited", "code": "RATE_LIMITED"}


# --- trouble ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("store", "name"),
    [
        ("mongo", "resolvers.export.mongo_data.fetch_ready"),
        ("redis", "resolvers.export.fetch_now_playing"),
        ("postgres", "resolvers.export.rows.fetch_external_ids"),
    ],
)
async def test_a_store_that_is_down_is_said_before_the_first_byte(
    client: httpx2.AsyncClient,
    them: Belongings,
    monkeypatch: pytest.MonkeyPatch,
    store: str,
    name: str,
) -> None:
    async def down(*_: object) -> None:
        raise StoreUnavailable(store)

    monkeypatch.setattr(name, down)
    answer = await client.get(resolver.PATH, headers=bearer(them))
    assert answer.status_code == 503
    (error,) = answer.json()["errors"]
    assert error["extensions"] == {"code": "SERVICE_UNAVAILABLE", "service": store}


async def test_a_store_that_fails_later_leaves_no_whole_document(
    empty_stores: Stores, identity: Identity, them: Belongings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last message is missing: a server cuts the connection then, and what came is no JSON."""
    asked = 0
    answering = type(empty_stores.mongo).answering

    def dying(self: Any) -> Any:
        nonlocal asked
        asked += 1
        if asked > 6:
            raise StoreUnavailable("mongo")
        return answering(self)

    monkeypatch.setattr(type(empty_stores.mongo), "answering", dying)
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    never = asyncio.Event()
    received = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> Message:
        try:
            return next(received)
        except StopIteration:
            await never.wait()
            raise

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "https",
        "path": resolver.PATH,
        "raw_path": resolver.PATH.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"authorization", f"Bearer {them.access_token}".encode())],
        "client": ("192.0.2.1", 1),
        "server": ("music.example", 443),
    }
    with capture_logs() as logs:
        await application(empty_stores, identity)(scope, receive, send)
    assert sent[0]["status"] == 200
    bodies = sent[1:]
    assert bodies
    assert all(one["more_body"] for one in bodies)
    with pytest.raises(json.JSONDecodeError):
        json.loads(b"".join(one["body"] for one in bodies))
    assert ("export cut off", "mongo") in [(one["event"], one.get("store")) for one in logs]
    assert "request failed" not in [one["event"] for one in logs]


async def test_memory_does_not_grow_with_what_there_is(
    kind: str,
    empty_stores: Stores,
    identity: Identity,
    them: Belongings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if kind == "embedded":
        pytest.skip("an embedded MongoDB copies all it has for each read")
    monkeypatch.setattr(mongo_data, "_READ_AT_ONCE", 100)

    async def played(*minutes: int) -> None:
        at = [NOW - timedelta(minutes=minute) for minute in minutes]
        plays = [NewListen(them.ann, track_id(1), one, 180_000, "test") for one in at]
        await write_listens(empty_stores.mongo, plays)

    async def peak() -> tuple[int, int]:
        context = context_of(empty_stores, person(them.ann), identity=identity)
        size = 0
        tracemalloc.start()
        try:
            async for piece in export(context):
                size += len(piece)
            return size, tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    await played(*range(500))
    await peak()
    size, before = await peak()
    await played(*range(500, 5000))
    grown, after = await peak()
    assert grown > 6 * size
    assert after < 1.5 * before


async def test_it_holds_apps_without_their_secrets(
    client: httpx2.AsyncClient, them: Belongings
) -> None:
    answer = await client.get(resolver.PATH, headers=bearer(them))
    document = answer.json()
    (own,), (let_in,), (used,) = (
        document[name] for name in ("apps", "authorizedApps", "appSignIns")
    )
    assert (own["name"], let_in["name"]) == ("Ann's own app", "Bob's app")
    assert (let_in["scopes"], used["device"]) == (["openid"], "A server")
    assert used["appId"] == let_in["appId"]
    assert SECRET.hex() not in answer.text
