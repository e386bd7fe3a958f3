from dataclasses import replace
from datetime import timedelta

import pytest

from datasources.mongo.artist_plays import ArtistPlays, write_artist_plays
from datasources.mongo.client import Document
from datasources.mongo.collections import LISTENS
from datasources.mongo.listens import fetch_listens_of_user, write_listens
from datasources.mongo.rollups import refresh_listening
from datasources.mongo.tops import (
    fetch_charts,
    fetch_play_counts,
    fetch_recent_listens,
    fetch_top_artists,
    fetch_top_tracks,
)
from datasources.records.listening import ListeningRange
from datasources.records.page import PageRequest
from datasources.stores import Stores
from tests.factories.music import NOW, Music, artist_id, listen, track_id, user_id, write_plays

SHORT, MEDIUM, LONG, ALL = ListeningRange


async def everything(stores: Stores) -> dict[str, list[Document]]:
    """Return all ready documents, without the run that wrote them."""
    names = ["track_plays", "recent_listens", "top_tracks", "top_artists", "charts"]
    found = {}
    for name in names:
        documents = await stores.mongo[name].find({}).to_list(None)
        found[name] = sorted(
            ({k: v for k, v in one.items() if k != "run"} for one in documents),
            key=lambda one: one["_id"],
        )
    return found


async def small(stores: Stores) -> None:
    """Two people, three tracks: 1 by artist 1, 2 by artists 1 and 2, 3 by artist 2."""
    music = Music()
    for number in (1, 2):
        music.user(number)
        music.artist(number)
    music.genre(1)
    music.genre(2, parent=1)
    music.track(1, [1], genres=[2])
    music.track(2, [1, 2], genres=[1])
    music.track(3, [2])
    await music.write(stores)
    plays = [(1, 1, 1), (1, 1, 2), (1, 2, 40), (1, 3, 200), (1, 3, 201), (1, 3, 500)]
    await write_plays(stores, *plays, (2, 2, 5), (2, 1, 400))
    uncounted = listen(1, 3, 0.5, counted=False)
    await write_listens(stores.mongo, [uncounted])


async def test_a_listen_is_stored_once_whatever_comes_later(empty_stores: Stores) -> None:
    mongo = empty_stores.mongo
    one = listen(1, 1)
    later = replace(one, ms_played=1, listened_at=one.listened_at + timedelta(milliseconds=900))
    assert await write_listens(mongo, [one, later, listen(1, 2)]) == 2
    assert await write_listens(mongo, iter([later, listen(2, 1)])) == 1
    stored = (
        await mongo[LISTENS].find({"user": str(user_id(1)), "track": str(track_id(1))}).to_list(9)
    )
    assert [(document["ms"], document["at"]) for document in stored] == [(180_000, one.listened_at)]
    assert await write_listens(mongo, []) == 0


async def test_many_listens_travel_in_several_calls(
    empty_stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("datasources.mongo.listens.MAX_WRITES", 3)
    listens = [listen(1, number) for number in range(8)]
    assert await write_listens(empty_stores.mongo, listens) == 8
    assert await write_listens(empty_stores.mongo, listens) == 0


async def test_listens_are_read_by_keyset_in_both_directions(empty_stores: Stores) -> None:
    mongo = empty_stores.mongo
    # Tracks 1 to 3 within one second, 4 a day later, 5 is another person's.
    await write_plays(empty_stores, (1, 1, 2), (1, 2, 2), (1, 3, 2), (1, 4, 1), (2, 5, 1))

    async def read(request: PageRequest) -> list[int]:
        found = await fetch_listens_of_user(mongo, user_id(1), request)
        return [record.track_id.int - track_id(0).int for record, _ in found]

    assert await read(PageRequest(2)) == [4, 3, 2]
    keys = [key for _, key in await fetch_listens_of_user(mongo, user_id(1), PageRequest(9))]
    assert await read(PageRequest(9, after=keys[1])) == [2, 1]
    assert await read(PageRequest(9, before=keys[2])) == [4, 3]
    assert await read(PageRequest(1, before=keys[3], backward=True)) == [2, 3]
    assert await read(PageRequest(9, after=keys[0], before=keys[3])) == [3, 2]
    assert await read(PageRequest(9, after=(2**62, track_id(0)))) == [4, 3, 2, 1]
    assert await read(PageRequest(9, before=(-(2**62), track_id(0)))) == [4, 3, 2, 1]


async def test_rollups_count_each_range(empty_stores: Stores) -> None:
    mongo = empty_stores.mongo
    await small(empty_stores)
    await refresh_listening(empty_stores, NOW)

    counts = await fetch_play_counts(mongo, [track_id(n) for n in (1, 2, 3, 4)])
    assert counts == {track_id(1): 3, track_id(2): 2, track_id(3): 3}

    keys = [(user_id(1), range_) for range_ in ListeningRange]
    tracks = await fetch_top_tracks(mongo, keys)
    assert [tracks[key] for key in keys] == [
        [(track_id(1), 2)],
        [(track_id(1), 2), (track_id(2), 1)],
        [(track_id(1), 2), (track_id(3), 2), (track_id(2), 1)],
        [(track_id(3), 3), (track_id(1), 2), (track_id(2), 1)],
    ]
    artists = await fetch_top_artists(mongo, [*keys, (user_id(2), ALL)])
    assert [artists[key] for key in keys] == [
        [(artist_id(1), 2)],
        [(artist_id(1), 3), (artist_id(2), 1)],
        [(artist_id(1), 3), (artist_id(2), 3)],
        [(artist_id(2), 4), (artist_id(1), 3)],
    ]
    assert artists[user_id(2), ALL] == [(artist_id(1), 2), (artist_id(2), 1)]


async def test_rollups_make_charts_of_genres_and_those_above(empty_stores: Stores) -> None:
    await small(empty_stores)
    await refresh_listening(empty_stores, NOW)
    keys = [(SHORT, "*"), (ALL, "*"), (ALL, "genre-1"), (ALL, "genre-2"), (SHORT, "none")]
    charts = await fetch_charts(empty_stores.mongo, keys)
    assert charts == {
        (SHORT, "*"): [(track_id(1), 2), (track_id(2), 1)],
        (ALL, "*"): [(track_id(1), 3), (track_id(3), 3), (track_id(2), 2)],
        (ALL, "genre-1"): [(track_id(1), 3), (track_id(2), 2)],
        (ALL, "genre-2"): [(track_id(1), 3)],
    }


async def test_recent_listens_hold_the_newest_and_the_total(
    empty_stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("datasources.mongo.rollups_people.MAX_RECENT", 2)
    monkeypatch.setattr("datasources.mongo.rollups_people.MAX_OLDEST", 1)
    await small(empty_stores)
    await refresh_listening(empty_stores, NOW)
    recent = await fetch_recent_listens(empty_stores.mongo, [user_id(1), user_id(2), user_id(3)])
    assert set(recent) == {user_id(1), user_id(2)}
    assert recent[user_id(1)].total == 6
    days = [(NOW - one.listened_at).days for one in recent[user_id(1)].listens]
    assert days == [1, 2]
    ages = [NOW - one.listened_at for one in recent[user_id(1)].oldest]
    assert len(ages) == 1
    assert ages[0] > max(NOW - one.listened_at for one in recent[user_id(1)].listens)
    newest = recent[user_id(1)].listens[0]
    assert (newest.track_id, newest.ms_played, newest.client) == (track_id(1), 180_000, "test")


async def test_counts_without_times_are_part_of_all_time(empty_stores: Stores) -> None:
    await small(empty_stores)
    plays = [
        ArtistPlays("x:1:a", user_id(1), artist_id(1), 10),
        ArtistPlays("x:1:b", user_id(1), artist_id(1), 5),
        ArtistPlays("x:3:a", user_id(3), artist_id(1), 10),  # nobody
    ]
    await write_artist_plays(empty_stores.mongo, plays)
    await refresh_listening(empty_stores, NOW)
    keys = [(user_id(1), ALL), (user_id(1), LONG), (user_id(3), ALL)]
    found = await fetch_top_artists(empty_stores.mongo, keys)
    assert found == {
        (user_id(1), ALL): [(artist_id(1), 18), (artist_id(2), 4)],
        (user_id(1), LONG): [(artist_id(1), 3), (artist_id(2), 3)],
    }


async def test_rollups_can_run_again_and_in_small_batches(
    empty_stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    await small(empty_stores)
    await refresh_listening(empty_stores, NOW)
    first = await everything(empty_stores)
    assert all(first.values())
    await refresh_listening(empty_stores, NOW)
    assert await everything(empty_stores) == first
    for name in ("rollups_people._PEOPLE_AT_ONCE", "rollups_people._TRACKS_AT_ONCE"):
        monkeypatch.setattr(f"datasources.mongo.{name}", 1)
    monkeypatch.setattr("datasources.mongo.rollups_tracks._TRACKS_AT_ONCE", 1)
    monkeypatch.setattr("datasources.mongo.ready._DOCUMENTS_AT_ONCE", 1)
    await refresh_listening(empty_stores, NOW)
    assert await everything(empty_stores) == first


async def test_what_has_no_data_any_more_is_removed(empty_stores: Stores) -> None:
    await small(empty_stores)
    await refresh_listening(empty_stores, NOW)
    await empty_stores.mongo[LISTENS].delete_many({"user": str(user_id(1))})
    await refresh_listening(empty_stores, NOW)
    left = await everything(empty_stores)
    assert [one["_id"] for one in left["track_plays"]] == [str(track_id(1)), str(track_id(2))]
    assert [one["_id"] for one in left["recent_listens"]] == [str(user_id(2))]
    assert {one["_id"].split(":")[0] for one in left["top_tracks"]} == {str(user_id(2))}
    await empty_stores.mongo[LISTENS].delete_many({})
    await refresh_listening(empty_stores, NOW)
    assert not any((await everything(empty_stores)).values())


async def test_tracks_and_people_that_are_gone_do_not_count(empty_stores: Stores) -> None:
    await small(empty_stores)
    await write_plays(empty_stores, (1, 77, 1), (9, 1, 1))
    await refresh_listening(empty_stores, NOW)
    found = await everything(empty_stores)
    assert str(track_id(77)) not in {one["_id"] for one in found["track_plays"]}
    top = await fetch_top_tracks(empty_stores.mongo, [(user_id(1), SHORT), (user_id(9), SHORT)])
    assert top == {(user_id(1), SHORT): [(track_id(1), 2)]}
