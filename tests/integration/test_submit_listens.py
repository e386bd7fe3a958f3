"""`submitListens`: what is stored, what counts, what is refused, and what hangs on it."""

from datetime import timedelta
from typing import Any

import pytest
from pymongo import WriteConcern
from pymongo.errors import BulkWriteError

from auth.principal import ANONYMOUS, Principal, person
from datasources.errors import StoreTimeout, StoreUnavailable
from datasources.ids import new_id
from datasources.mongo.client import Document
from datasources.mongo.collections import LISTENS, RECENT_LISTENS
from datasources.mongo.listens import store_listens, write_listens
from datasources.mongo.recents import refresh_recent_listens
from datasources.mongo.rollups import refresh_listening
from datasources.mongo.rollups_people import refresh_people
from datasources.stores import Stores
from resolvers.context import utc_now
from resolvers.ids import global_id
from tests.factories.music import NOW, Music, listen, track_id, user_id
from tests.factories.operations import ask, respond

SUBMIT = """
mutation Submit($input: SubmitListensInput!) {
  submitListens(input: $input) {
    __typename
    ... on ListensSubmitted {
      stored
      results {
        __typename
        ... on ListenStored { counted new listen { track { title } listenedAt msPlayed client } }
        ... on Error { code }
        ... on ValidationError { path }
      }
    }
    ... on Error { code }
    ... on ValidationError { path }
  }
}
"""
RECENT = """
{ viewer { recentListens(first: 5) { totalCount nodes { track { title } msPlayed } } } }
"""
ME = person(user_id(1))


@pytest.fixture
async def stores(empty_stores: Stores) -> Stores:
    """Two people, and three tracks of 200 s."""
    music = Music()
    for number in (1, 2):
        music.user(number)
    for number in (1, 2, 3):
        music.artist(number)
        music.track(number, [number])
    await music.write(empty_stores)
    return empty_stores


def play(number: int, seconds: int = 0, **more: Any) -> dict[str, Any]:
    """Return a play of a track, so many seconds after `NOW`."""
    at = NOW + timedelta(seconds=seconds)
    track = global_id("Track", track_id(number))
    return {"trackId": track, "listenedAt": at.isoformat(), "msPlayed": 100_000} | more


async def submit(
    stores: Stores, *plays: dict[str, Any], principal: Principal = ME
) -> dict[str, Any]:
    data = await ask(stores, SUBMIT, {"input": {"listens": list(plays)}}, principal)
    answer: dict[str, Any] = data["submitListens"]
    return answer


def seen(answer: dict[str, Any]) -> list[tuple[bool, bool]]:
    return [(one["counted"], one["new"]) for one in answer["results"]]


async def test_a_play_is_stored_and_shown(stores: Stores) -> None:
    answer = await submit(stores, play(1, client=" phone "), play(2, msPlayed=99_999))
    assert answer["stored"] == 2
    assert answer["results"][0] == {
        "__typename": "ListenStored",
        "counted": True,
        "new": True,
        "listen": {
            "track": {"title": "Track 1"},
            "listenedAt": NOW.isoformat(),
            "msPlayed": 100_000,
            "client": "phone",
        },
    }
    assert seen(answer) == [(True, True), (False, True)]
    recent = (await ask(stores, RECENT, principal=person(user_id(1))))["viewer"]["recentListens"]
    assert recent == {
        "totalCount": 1,
        "nodes": [{"track": {"title": "Track 1"}, "msPlayed": 100_000}],
    }


async def test_the_same_play_is_one_and_the_first_word_stands(stores: Stores) -> None:
    again = play(1, msPlayed=200_000)
    first = await submit(stores, play(1), again)
    assert (first["stored"], seen(first)) == (1, [(True, True), (True, False)])
    second = await submit(stores, again, play(1, 1))
    assert (second["stored"], seen(second)) == (1, [(True, False), (True, True)])
    assert second["results"][0]["listen"]["msPlayed"] == 100_000
    other = await submit(stores, play(1), principal=person(user_id(2)))
    assert seen(other) == [(True, True)]
    assert await stores.mongo[LISTENS].count_documents({}) == 3


async def test_one_that_cannot_be_taken_does_not_keep_out_the_others(stores: Stores) -> None:
    early = "2002-09-30T23:59:59+00:00"
    late = (utc_now() + timedelta(hours=1, minutes=1)).isoformat()
    answer = await submit(
        stores,
        play(1) | {"trackId": global_id("Artist", track_id(1))},
        play(9),
        play(1) | {"listenedAt": early},
        play(1) | {"listenedAt": late},
        play(1) | {"listenedAt": "2026-06-01T12:00:00"},
        play(1, msPlayed=-1),
        play(1, client="x" * 256),
        play(1, client="nul\0"),
        play(1) | {"listenedAt": "2002-10-01T00:00:00+00:00"},
    )
    codes = [one.get("code") for one in answer["results"]]
    assert codes == ["BAD_USER_INPUT", "NOT_FOUND", *["BAD_USER_INPUT"] * 6, None]
    paths = [one.get("path") for one in answer["results"]]
    fields = ["trackId", *["listenedAt"] * 3, "msPlayed", *["client"] * 2]
    places = [0, 2, 3, 4, 5, 6, 7]
    assert [one for one in paths if one] == [
        ["input", "listens", str(place), name] for place, name in zip(places, fields, strict=True)
    ]
    assert answer["stored"] == 1


@pytest.mark.parametrize("count", [0, 101])
async def test_none_and_too_many_are_refused(stores: Stores, count: int) -> None:
    answer = await submit(stores, *(play(1, second) for second in range(count)))
    assert (answer["__typename"], answer["path"]) == ("ValidationError", ["input", "listens"])
    assert await stores.mongo[LISTENS].count_documents({}) == 0


async def test_nobody_submits_nothing(stores: Stores) -> None:
    response = await respond(stores, SUBMIT, {"input": {"listens": [play(1)]}}, ANONYMOUS)
    assert response["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


# --- what hangs on it ---------------------------------------------------------------------------


async def recents(stores: Stores) -> Document:
    found = await stores.mongo[RECENT_LISTENS].find_one({"_id": str(user_id(1))})
    assert found is not None
    del found["run"]
    return found


@pytest.mark.parametrize("anew", [1_000, 300])
async def test_recent_listens_are_as_the_rollup_makes_them(
    stores: Stores, monkeypatch: pytest.MonkeyPatch, anew: int
) -> None:
    monkeypatch.setattr("datasources.mongo.recents.COUNTED_ANEW", anew)
    some = [listen(1, 1 + number % 3, number / 7) for number in range(350)]
    await write_listens(stores.mongo, some)
    await refresh_recent_listens(stores.mongo, user_id(1), 0)
    ours = await recents(stores)
    assert (ours["total"], len(ours["listens"]), len(ours["oldest"])) == (350, 200, 100)
    await refresh_listening(stores, NOW)
    assert await recents(stores) == ours
    await submit(stores, play(1, 1))
    grown = await recents(stores)
    assert (grown["total"], grown["listens"][1:]) == (351, ours["listens"][:-1])
    await submit(stores, play(1, 1), play(2, 2))
    again = await recents(stores)
    assert (again["total"], again["listens"][1:]) == (352, grown["listens"][:-1])
    await refresh_listening(stores, NOW)
    again.pop("listed", None)
    assert await recents(stores) == again


@pytest.mark.parametrize("anew", [1_000, 0])
async def test_of_two_at_once_the_one_that_knows_less_changes_nothing(
    stores: Stores, monkeypatch: pytest.MonkeyPatch, anew: int
) -> None:
    monkeypatch.setattr("datasources.mongo.recents.COUNTED_ANEW", anew)
    await submit(stores, play(1), play(2, 1))
    newest = await recents(stores)
    await stores.mongo[LISTENS].delete_one({"track": str(track_id(2))})  # as if read before it
    await refresh_recent_listens(stores.mongo, user_id(1), 0)
    assert await recents(stores) == newest


async def test_a_rollup_that_began_earlier_does_not_write_over_it(stores: Stores) -> None:
    run = str(new_id())
    await submit(stores, play(1), play(2, 1))
    newest = await recents(stores)
    await stores.mongo[LISTENS].delete_one({"track": str(track_id(2))})  # as if read before it
    await refresh_people(stores, NOW, run)
    assert await recents(stores) == newest
    await refresh_listening(stores, NOW)
    assert (await recents(stores))["total"] == 1


async def test_it_is_acknowledged_though_redis_is_away(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object, **__: object) -> None:
        raise StoreUnavailable("redis", "away")

    monkeypatch.setattr(stores.redis.client, "eval", away)
    assert (await submit(stores, play(1)))["stored"] == 1


# --- for good -----------------------------------------------------------------------------------


async def test_a_write_is_acknowledged_by_a_majority(stores: Stores) -> None:
    concern = stores.mongo[LISTENS].write_concern
    embedded = "mongomock" in type(stores.mongo[LISTENS].delegate).__module__
    if embedded:
        pytest.skip("the embedded store is one process: it has no majority")
    assert concern == WriteConcern("majority")


async def test_what_a_majority_may_not_have_is_not_acknowledged(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    error: Document = {"code": 64, "errmsg": "waiting for replication timed out"}
    details: Document = {
        "writeErrors": [], "writeConcernErrors": [error], "nUpserted": 1,
        "upserted": [{"index": 0, "_id": "x"}],
    }  # fmt: skip

    async def late(*_: object, **__: object) -> None:
        raise BulkWriteError(details)

    collection = type(stores.mongo[LISTENS])
    monkeypatch.setattr(collection, "bulk_write", late)
    with pytest.raises(StoreTimeout):
        await store_listens(stores.mongo, [listen(1, 1)], NOW)
