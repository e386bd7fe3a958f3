from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest

from datasources.loaders.batch import PageKey
from datasources.loaders.listening import (
    ChartByRange,
    NowPlayingOfUser,
    PlayCountOfTrack,
    RecentListensOfUser,
    TopArtistsOfUser,
    TopTracksOfUser,
)
from datasources.mongo.rollups import refresh_listening
from datasources.records.listening import ListeningRange, ListenRecord, RankedEdge
from datasources.records.page import Page, PageRequest
from datasources.redis.now_playing import put_now_playing
from datasources.stores import Stores
from tests.factories.music import NOW, Music, artist_id, track_id, user_id, write_plays
from tests.plugins.round_trips import RoundTrips

ALL = ListeningRange.ALL


async def recents(stores: Stores, user: int, request: PageRequest) -> Page[ListenRecord]:
    [found] = await RecentListensOfUser.load(stores, [PageKey(user_id(user), request)])
    return found


@pytest.fixture
async def listened(empty_stores: Stores, monkeypatch: pytest.MonkeyPatch) -> Stores:
    """Ten people who each played tracks 7 to 1, one a day; three and two of them are ready."""
    monkeypatch.setattr("datasources.mongo.rollups_people.MAX_RECENT", 3)
    monkeypatch.setattr("datasources.mongo.rollups_people.MAX_OLDEST", 2)
    music = Music()
    for number in range(1, 11):
        music.user(number)
    music.artist(1)
    music.artist(2)
    for number in range(1, 8):
        music.track(number, [1 if number < 4 else 2])
    await music.write(empty_stores)
    plays = [(user, track, float(track)) for user in range(1, 11) for track in range(1, 8)]
    await write_plays(empty_stores, *plays)
    await refresh_listening(empty_stores, NOW)
    return empty_stores


def tracks(found: Page[ListenRecord]) -> list[int]:
    return [node.track_id.int - track_id(0).int for node in found.nodes]


async def test_recent_listens_go_on_past_the_ready_ones(listened: Stores) -> None:
    read, after = [], None
    while True:
        found = await recents(listened, 1, PageRequest(2, after=after))
        assert found.total == 7
        assert found.has_previous is (after is not None)
        read.append(tracks(found))
        if not found.has_next:
            break
        after = found.edges[-1].key
    assert read == [[1, 2], [3, 4], [5, 6], [7]]


async def test_recent_listens_are_read_backwards_into_the_ready_ones(listened: Stores) -> None:
    read, before = [], None
    while True:
        found = await recents(listened, 1, PageRequest(2, before=before, backward=True))
        assert found.has_next is (before is not None)
        read.append(tracks(found))
        if not found.has_previous:
            break
        before = found.edges[0].key
    assert read == [[6, 7], [4, 5], [2, 3], [1]]


async def test_recents_of_ten_cost_one_round_trip(
    listened: Stores, round_trips: RoundTrips
) -> None:
    third = (await recents(listened, 1, PageRequest(3))).edges[-1].key
    sixth = (await recents(listened, 1, PageRequest(2, backward=True))).edges[0].key
    for request, read in (
        (PageRequest(2), [1, 2]),
        (PageRequest(2, before=third, backward=True), [1, 2]),
        (PageRequest(2, backward=True), [6, 7]),
        (PageRequest(2, after=sixth), [7]),
    ):
        for count in (1, 10):
            before = round_trips.copy()
            keys = [PageKey(user_id(n), request) for n in range(1, count + 1)]
            pages = await RecentListensOfUser.load(listened, keys)
            assert [tracks(found) for found in pages] == [read] * count
            assert round_trips.since(before) == {"mongo": 1}, request


async def test_recent_listens_between_the_ready_ones_are_read(
    listened: Stores, round_trips: RoundTrips
) -> None:
    third = (await recents(listened, 1, PageRequest(3))).edges[-1].key
    sixth = (await recents(listened, 1, PageRequest(2, backward=True))).edges[0].key
    before = round_trips.copy()
    found = await recents(listened, 1, PageRequest(9, after=third, before=sixth))
    assert (tracks(found), found.total, found.has_previous) == ([4, 5], 7, True)
    assert round_trips.since(before) == {"mongo": 2}


async def test_a_person_without_listens_has_an_empty_page(listened: Stores) -> None:
    found = await recents(listened, 99, PageRequest(2))
    assert (found.edges, found.total, found.has_next) == ((), 0, False)


def ranks(edges: Sequence[object]) -> list[tuple[UUID, int, int | None]]:
    return [(e.node, e.rank, e.play_count) for e in edges if isinstance(e, RankedEdge)]


async def test_tops_are_cut_by_rank(listened: Stores, round_trips: RoundTrips) -> None:
    for count in (1, 10):
        before = round_trips.copy()
        keys = [PageKey((user_id(n), ALL), PageRequest(2, after=(2,))) for n in range(1, count + 1)]
        pages = await TopTracksOfUser.load(listened, keys)
        assert round_trips.since(before) == {"mongo": 1}
        assert ranks(pages[-1].edges) == [(track_id(3), 3, 1), (track_id(4), 4, 1)]
        assert (pages[-1].total, pages[-1].has_next, pages[-1].has_previous) == (7, True, True)
    [found] = await TopArtistsOfUser.load(listened, [PageKey((user_id(1), ALL), PageRequest(9))])
    assert ranks(found.edges) == [(artist_id(2), 1, 4), (artist_id(1), 2, 3)]


async def test_charts_and_play_counts(listened: Stores) -> None:
    [chart, none] = await ChartByRange.load(
        listened,
        [PageKey((ALL, "*"), PageRequest(1)), PageKey((ALL, "no-genre"), PageRequest(1))],
    )
    assert ranks(chart.edges) == [(track_id(1), 1, 10)]
    assert (none.edges, none.total) == ((), 0)
    assert await PlayCountOfTrack.load(listened, [track_id(99), track_id(1)]) == [0, 10]


async def test_what_plays_now_is_one_round_trip_and_goes_away(
    empty_stores: Stores, round_trips: RoundTrips
) -> None:
    redis = empty_stores.redis
    await put_now_playing(redis, user_id(1), track_id(1), NOW, 5)
    await put_now_playing(redis, user_id(2), track_id(2), NOW, 9_999)
    await put_now_playing(redis, user_id(3), track_id(3), NOW, 5)
    await put_now_playing(redis, user_id(3), track_id(3), NOW, 0)
    before = round_trips.copy()
    found = await NowPlayingOfUser.load(empty_stores, [user_id(n) for n in (3, 2, 1)])
    assert round_trips.since(before) == {"redis": 1}
    playing = [one and (one.track_id, one.started_at) for one in found]
    assert playing == [None, (track_id(2), NOW), (track_id(1), NOW)]
    left_ms = [await redis.client.pttl(redis.key("now-playing", user_id(n))) for n in (1, 2)]
    assert 0 < left_ms[0] <= 5_000
    assert 590_000 < left_ms[1] <= 600_000


@pytest.mark.parametrize(
    "value",
    [
        "",
        "{",
        "[]",
        "7",
        "{}",
        '{"track":"x","started_at":1}',
        '{"track":1,"started_at":1,"ends_at":2}',
        '{"track":"00000000-0000-0000-0000-000000000001","started_at":1}',
        '{"track":"00000000-0000-0000-0000-000000000001","started_at":1,"ends_at":1e300}',
    ],
)
async def test_a_corrupt_value_is_nothing(empty_stores: Stores, value: str) -> None:
    redis = empty_stores.redis
    await redis.client.set(redis.key("now-playing", user_id(1)), value)
    assert await NowPlayingOfUser.load(empty_stores, [user_id(1)]) == [None]


async def test_the_latest_now_playing_wins(empty_stores: Stores) -> None:
    later = NOW + timedelta(minutes=1)
    await put_now_playing(empty_stores.redis, user_id(1), track_id(1), NOW, 5)
    await put_now_playing(empty_stores.redis, user_id(1), track_id(2), later, 5)
    found = await NowPlayingOfUser.load(empty_stores, [user_id(1)])
    assert [one and (one.track_id, one.started_at) for one in found] == [(track_id(2), later)]
