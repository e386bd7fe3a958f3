from collections.abc import Callable, Sequence
from uuid import UUID

import pytest

from datasources.errors import StoreUnavailable
from datasources.loaders.batch import PagedBatch, PageKey
from datasources.loaders.recommendations import (
    RecommendationsOfUser,
    SimilarArtists,
    SimilarTracks,
    SuggestionsOfPlaylist,
)
from datasources.mongo.client import Mongo
from datasources.mongo.recommendations import Lists, write_neighbours, write_personal
from datasources.records.page import PageRequest
from datasources.records.recommendations import (
    ModelRecord,
    Neighbours,
    PersonalEntry,
    PersonalList,
    RecommendationSource,
    SuggestionEdge,
    SuggestionPage,
)
from datasources.stores import Stores
from tests.factories.music import NOW, Music, artist_id, playlist_id, track_id, user_id
from tests.plugins.round_trips import RoundTrips

MODEL = ModelRecord("test", 3, NOW)

Row = tuple[UUID, float, str, RecommendationSource]


@pytest.fixture
async def stores(empty_stores: Stores) -> Stores:
    """Ten artists, of genre 1 (even numbers) or none, with one track each; eleven playlists."""
    music = Music()
    music.genre(1)
    for number in range(1, 11):
        genres = [1] if number % 2 == 0 else []
        music.user(number)
        music.artist(number, popularity=number * 5, genres=genres)
        music.track(number, [number], popularity=number * 10, genres=genres)
    for number in range(1, 11):
        music.playlist(number, owner=1, tracks=[number, 10])
    music.playlist(11, owner=1, tracks=[])
    await music.write(empty_stores)
    return empty_stores


async def load(
    stores: Stores, batch: PagedBatch[UUID, UUID], ids: Sequence[UUID], limit: int = 50
) -> list[SuggestionPage]:
    pages = await batch.load(stores, [PageKey(id_, PageRequest(limit)) for id_ in ids])
    return [page for page in pages if isinstance(page, SuggestionPage)]


def rows(page: SuggestionPage) -> list[Row]:
    return [
        (edge.node, edge.score, edge.reason, edge.source)
        for edge in page.edges
        if isinstance(edge, SuggestionEdge)
    ]


def near(of: UUID, name: str, *pairs: tuple[UUID, float]) -> Neighbours:
    ids, scores = zip(*pairs, strict=True)
    return Neighbours(of, name, ids, scores, MODEL)


async def test_similar_artists_are_read_with_their_model(stores: Stores) -> None:
    one = near(
        artist_id(1), "Artist 1", (artist_id(5), 0.9), (artist_id(1), 0.8), (artist_id(4), 0.5)
    )
    await write_neighbours(stores.mongo, Lists.SIMILAR_ARTISTS, [one])
    [page] = await load(stores, SimilarArtists, [artist_id(1)])
    reason = "Listeners of Artist 1 also play this"
    assert rows(page) == [
        (artist_id(5), 0.9, reason, RecommendationSource.SIMILAR),
        (artist_id(4), 0.5, reason, RecommendationSource.SIMILAR),  # and not itself
    ]
    assert (page.model, page.degraded, page.total) == (MODEL, False, 2)


async def test_similar_artists_fall_back_to_their_genre_then_to_all(stores: Stores) -> None:
    of_genre, of_none = await load(stores, SimilarArtists, [artist_id(4), artist_id(9)])
    genre = "Popular, of the same genre"
    assert rows(of_genre) == [
        (artist_id(n), n * 5 / 100, genre, RecommendationSource.POPULAR) for n in (10, 8, 6, 2)
    ]
    assert (of_genre.model, of_genre.degraded) == (None, True)
    assert [row[0] for row in rows(of_none)] == [artist_id(n) for n in (10, 8, 7, 6, 5, 4, 3, 2, 1)]
    assert {row[2] for row in rows(of_none)} == {"Popular in the catalogue"}


async def test_similar_tracks_fall_back_to_artist_and_genre(stores: Stores) -> None:
    music = Music()
    music.track(50, [4], popularity=95, genres=[])
    await music.write(stores)
    await write_neighbours(
        stores.mongo,
        Lists.SIMILAR_TRACKS,
        [near(track_id(1), "Track 1", (track_id(2), 0.7))],
    )
    known, of_artist = await load(stores, SimilarTracks, [track_id(1), track_id(4)])
    assert rows(known) == [(track_id(2), 0.7, "Sounds like Track 1", RecommendationSource.CONTENT)]
    assert [(row[0], row[2]) for row in rows(of_artist)] == [
        (track_id(10), "Popular, of the same genre"),
        (track_id(50), "Popular, of the same artist"),
        (track_id(8), "Popular, of the same genre"),
        (track_id(6), "Popular, of the same genre"),
        (track_id(2), "Popular, of the same genre"),
    ]
    assert of_artist.degraded


async def test_people_hear_because_of_whom(stores: Stores) -> None:
    entries = [PersonalEntry(track_id(3), 1.0, "Artist 9"), PersonalEntry(track_id(1), 0.5, "X")]
    await write_personal(stores.mongo, [PersonalList(user_id(1), entries, MODEL)])
    own, popular = await load(stores, RecommendationsOfUser, [user_id(1), user_id(2)])
    personal = RecommendationSource.PERSONAL
    assert rows(own) == [
        (track_id(3), 1.0, "Because you listen to Artist 9", personal),
        (track_id(1), 0.5, "Because you listen to X", personal),
    ]
    assert (own.model, own.degraded) == (MODEL, False)
    assert [row[0] for row in rows(popular)] == [track_id(n) for n in range(10, 0, -1)]
    assert (popular.model, popular.degraded) == (None, True)


async def test_pages_are_cut_by_place(stores: Stores) -> None:
    pages = await RecommendationsOfUser.load(
        stores, [PageKey(user_id(1), PageRequest(2, after=(3,)))]
    )
    assert pages[0].nodes == [track_id(7), track_id(6)]
    assert [edge.key for edge in pages[0].edges] == [(4,), (5,)]
    assert (pages[0].total, pages[0].has_next, pages[0].has_previous) == (10, True, True)


async def test_playlists_get_what_sounds_like_them_and_is_not_there(stores: Stores) -> None:
    await write_neighbours(
        stores.mongo,
        Lists.SIMILAR_TRACKS,
        [
            near(
                track_id(1), "Track 1", (track_id(2), 0.8), (track_id(3), 0.6), (track_id(10), 0.5)
            ),
            near(track_id(10), "Track 10", (track_id(3), 0.8), (track_id(1), 0.6)),
        ],
    )
    [page] = await load(stores, SuggestionsOfPlaylist, [playlist_id(1)])
    content = RecommendationSource.CONTENT
    assert rows(page) == [
        (track_id(3), pytest.approx(0.7), "Sounds like Track 10", content),
        (track_id(2), 0.4, "Sounds like Track 1", content),
    ]
    assert (page.model, page.degraded) == (MODEL, False)


async def test_playlists_fall_back_to_what_is_popular_and_not_there(stores: Stores) -> None:
    some, empty = await load(stores, SuggestionsOfPlaylist, [playlist_id(9), playlist_id(11)])
    assert [row[0] for row in rows(some)] == [track_id(n) for n in range(8, 0, -1)]
    assert [row[0] for row in rows(empty)] == [track_id(n) for n in range(10, 0, -1)]
    assert some.degraded
    assert empty.degraded


BATCHES = [
    (SimilarArtists, artist_id, {"mongo": 1, "postgres": 1}),
    (SimilarTracks, track_id, {"mongo": 1, "postgres": 1}),
    (RecommendationsOfUser, user_id, {"mongo": 1, "postgres": 1}),
    (SuggestionsOfPlaylist, playlist_id, {"mongo": 1, "postgres": 2}),
]


@pytest.mark.parametrize(
    ("batch", "id_of", "cost"), BATCHES, ids=lambda one: getattr(one, "name", "")
)
async def test_ten_cost_what_one_costs_without_a_model(
    stores: Stores,
    round_trips: RoundTrips,
    batch: PagedBatch[UUID, UUID],
    id_of: Callable[[int], UUID],
    cost: dict[str, int],
) -> None:
    for count in (1, 10):
        before = round_trips.copy()
        pages = await load(stores, batch, [id_of(n) for n in range(1, count + 1)])
        assert len(pages) == count
        assert all(page.edges and page.degraded for page in pages)
        assert round_trips.since(before) == cost


async def test_ten_cost_what_one_costs_with_a_model(
    stores: Stores, round_trips: RoundTrips
) -> None:
    lists = [near(track_id(n), f"T{n}", (track_id(n % 10 + 1), 0.5)) for n in range(1, 11)]
    await write_neighbours(stores.mongo, Lists.SIMILAR_TRACKS, lists)
    for count in (1, 8):
        before = round_trips.copy()
        pages = await load(stores, SimilarTracks, [track_id(n) for n in range(1, count + 1)])
        assert not any(page.degraded for page in pages)
        assert round_trips.since(before) == {"mongo": 1}
        before = round_trips.copy()
        ids = [playlist_id(n) for n in range(2, count + 2)]
        pages = await load(stores, SuggestionsOfPlaylist, ids)
        assert round_trips.since(before) == {"mongo": 1, "postgres": 2}
        assert not any(page.degraded for page in pages)


@pytest.mark.parametrize(
    ("batch", "id_of", "_cost"), BATCHES, ids=lambda one: getattr(one, "name", "")
)
async def test_popularity_stands_in_when_mongodb_is_down(
    stores: Stores,
    monkeypatch: pytest.MonkeyPatch,
    batch: PagedBatch[UUID, UUID],
    id_of: Callable[[int], UUID],
    _cost: object,
) -> None:
    async def down(*_: object) -> None:
        raise StoreUnavailable("mongo", "gone")

    monkeypatch.setattr(Mongo, "find_by_id", down)
    [page] = await load(stores, batch, [id_of(2)], limit=1)
    assert (len(page.edges), page.degraded, page.model) == (1, True, None)
    assert {row[3] for row in rows(page)} == {RecommendationSource.POPULAR}


async def test_an_empty_catalogue_has_nothing(empty_stores: Stores) -> None:
    [page] = await load(empty_stores, SimilarArtists, [artist_id(1)])
    assert (page.edges, page.total) == ((), 0)
