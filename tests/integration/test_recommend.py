from collections.abc import Mapping, Sequence
from uuid import UUID

import pytest

from datasources.errors import StoreUnavailable
from datasources.mongo.client import Mongo
from datasources.mongo.recommendations import Lists, write_neighbours
from datasources.mongo.rollups import refresh_listening
from datasources.records.listening import ListeningRange, RankedEdge
from datasources.records.recommendations import (
    FeatureRange,
    ModelRecord,
    Neighbours,
    RecommendationSource,
    SuggestionEdge,
    SuggestionPage,
)
from datasources.stores import Stores
from resolvers.charts import charts
from resolvers.errors import BadUserInput
from resolvers.recommendations import Seeds, recommend
from tests.factories.music import NOW, Music, artist_id, track_id, write_plays
from tests.factories.operations import context_of
from tests.plugins.round_trips import RoundTrips

MODEL = ModelRecord("test", 1, NOW)
CONTENT, SIMILAR, POPULAR = (
    RecommendationSource.CONTENT,
    RecommendationSource.SIMILAR,
    RecommendationSource.POPULAR,
)


@pytest.fixture
async def stores(empty_stores: Stores) -> Stores:
    """Tracks 1 to 9 of artists 1 to 9 at 100 to 180 BPM; odd ones of genre 2, under genre 1."""
    music = Music()
    music.user(1)
    music.genre(1)
    music.genre(2, parent=1)
    for number in range(1, 10):
        genres = [2] if number % 2 else []
        music.artist(number, genres=genres)
        music.track(
            number, [number], popularity=number * 10, genres=genres, tempo=90.0 + number * 10
        )
    music.track(10, [3], popularity=1)  # not analysed
    music.track(11, [3], popularity=2, title="TRACK 3")  # again, on another release
    await music.write(empty_stores)
    return empty_stores


async def trained(stores: Stores) -> Stores:
    tracks = [
        Neighbours(track_id(1), "Track 1", [track_id(2), track_id(3)], [0.8, 0.4], MODEL),
        Neighbours(track_id(2), "Track 2", [track_id(3), track_id(1)], [0.5, 0.5], MODEL),
    ]
    artists = [
        Neighbours(artist_id(4), "Artist 4", [artist_id(5), artist_id(3)], [0.6, 0.3], MODEL)
    ]
    await write_neighbours(stores.mongo, Lists.SIMILAR_TRACKS, tracks)
    await write_neighbours(stores.mongo, Lists.SIMILAR_ARTISTS, artists)
    return stores


async def ask(
    stores: Stores,
    tracks: Sequence[int] = (),
    artists: Sequence[int] = (),
    genres: Sequence[str] = (),
    first: int = 50,
    **ranges: FeatureRange,
) -> SuggestionPage:
    seeds = Seeds([track_id(n) for n in tracks], [artist_id(n) for n in artists], genres)
    return await recommend(context_of(stores), seeds, ranges, first)


def rows(page: SuggestionPage) -> list[tuple[int, float, RecommendationSource]]:
    return [
        (edge.node.int - track_id(0).int, round(edge.score, 6), edge.source)
        for edge in page.edges
        if isinstance(edge, SuggestionEdge)
    ]


def numbers(page: SuggestionPage) -> list[int]:
    return [row[0] for row in rows(page)]


def reasons(page: SuggestionPage) -> Mapping[UUID, str]:
    return {edge.node: edge.reason for edge in page.edges if isinstance(edge, SuggestionEdge)}


async def test_a_seed_track_brings_what_sounds_like_it(stores: Stores) -> None:
    page = await ask(await trained(stores), tracks=[1])
    assert rows(page) == [(2, 1.0, CONTENT), (3, 0.5, CONTENT)]
    assert reasons(page)[track_id(2)] == "Sounds like Track 1"
    assert (page.model, page.degraded, page.total) == (MODEL, False, 2)


async def test_seeds_speak_together_and_never_appear(stores: Stores) -> None:
    page = await ask(await trained(stores), tracks=[1, 2])
    # Track 3: .5 of the first and 1 of the second; tracks 1 and 2 are seeds.
    assert rows(page) == [(3, 0.75, CONTENT)]
    assert reasons(page)[track_id(3)] == "Sounds like Track 2"


async def test_a_seed_artist_brings_its_own_and_its_neighbours_best(stores: Stores) -> None:
    page = await ask(await trained(stores), artists=[4])
    assert rows(page) == [
        (4, 1.0, SIMILAR),
        (5, 1.0, SIMILAR),
        (3, 0.5, SIMILAR),
        (10, 0.45, SIMILAR),
    ]
    assert reasons(page)[track_id(4)] == "By Artist 4"
    assert reasons(page)[track_id(5)] == "Listeners of Artist 4 also play this artist"


async def test_a_seed_genre_brings_what_is_popular_under_it(stores: Stores) -> None:
    page = await ask(stores, genres=["genre-1"], first=2)
    assert rows(page) == [(9, 1.0, POPULAR), (7, round(7 / 9, 6), POPULAR)]
    assert reasons(page)[track_id(9)] == "Popular in Genre 1"
    assert (page.model, page.degraded, page.has_next) == (None, True, True)
    # Where nothing fits, other genres do not stand in.
    assert numbers(await ask(stores, genres=["genre-1"], tempo=FeatureRange(min=185))) == []
    # A model that has a part makes it whole.
    assert not (await ask(await trained(stores), tracks=[1], genres=["genre-1"])).degraded


async def test_limits_filter_and_targets_weigh(stores: Stores) -> None:
    await trained(stores)
    limited = await ask(stores, artists=[4], tempo=FeatureRange(min=125, max=135))
    assert numbers(limited) == [4]
    # Without limits track 10 stays, though it was never analysed; it stands last.
    aimed = await ask(stores, artists=[4], tempo=FeatureRange(target=140))
    assert numbers(aimed) == [5, 4, 3, 10]
    by_score = {number: score for number, score, _ in rows(aimed)}
    assert by_score[5] == 1.0
    assert 0.3 < by_score[4] < 1.0
    assert by_score[10] == round(0.45 / 4, 6)


async def test_popular_tracks_are_filtered_before_they_are_counted(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resolvers.candidates._POPULAR", 1)
    page = await ask(stores, genres=["genre-2"], tempo=FeatureRange(max=115))
    assert numbers(page) == [1]


async def test_an_unknown_seed_is_left_out_unless_it_is_alone(stores: Stores) -> None:
    await trained(stores)
    page = await ask(stores, tracks=[1, 99], genres=["no-genre"])
    assert rows(page) == [(2, 1.0, CONTENT), (3, 0.5, CONTENT)]
    with pytest.raises(BadUserInput, match="Unknown seed"):
        await ask(stores, tracks=[99], artists=[99], genres=["no-genre"])


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"tracks": [1, 2, 3], "artists": [1, 2, 3]},
        {"tracks": [1], "tempo": FeatureRange(min=2, max=1)},
        {"tracks": [1], "tempo": FeatureRange(target=float("nan"))},
        {"tracks": [1], "track_id": FeatureRange(min=1)},
        {"tracks": [1], "first": 101},
    ],
)
async def test_wrong_arguments_ask_no_store(
    empty_stores: Stores, round_trips: RoundTrips, wrong: dict[str, object]
) -> None:
    before = round_trips.copy()
    with pytest.raises(BadUserInput):
        await ask(empty_stores, **wrong)  # type: ignore[arg-type]  # names of its parameters
    assert round_trips.since(before) == {}


async def test_without_a_model_popular_tracks_of_the_genres_stand_in(stores: Stores) -> None:
    page = await ask(stores, tracks=[9], artists=[2], tempo=FeatureRange(max=165))
    assert rows(page)[0] == (7, 1.0, POPULAR)
    assert numbers(page) == [7, 5, 3, 1]  # track 9 is the seed
    assert (page.model, page.degraded) == (None, True)
    overall = await ask(stores, artists=[2], tempo=FeatureRange(max=115))
    assert numbers(overall) == [2, 1]
    assert overall.degraded


async def test_it_degrades_when_mongodb_is_down(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def down(*_: object) -> None:
        raise StoreUnavailable("mongo", "gone")

    monkeypatch.setattr(Mongo, "find_by_id", down)
    page = await ask(stores, tracks=[1], tempo=FeatureRange(target=120))
    assert page.degraded
    assert page.edges


async def test_five_seeds_cost_what_one_costs(stores: Stores, round_trips: RoundTrips) -> None:
    await trained(stores)
    costs = []
    for tracks in ([1], [1, 4, 5, 6, 7]):
        before = round_trips.copy()
        await ask(stores, tracks=tracks, tempo=FeatureRange(min=1))
        costs.append(round_trips.since(before))
    assert costs[0] == costs[1]
    assert sum(costs[0].values()) <= 8


# --- charts -------------------------------------------------------------------------------------


def ranked(edges: Sequence[object]) -> list[tuple[int, int, int | None]]:
    first = track_id(0).int
    return [(e.node.int - first, e.rank, e.play_count) for e in edges if isinstance(e, RankedEdge)]


async def test_a_chart_counts_plays(stores: Stores) -> None:
    await write_plays(stores, (1, 2, 1), (1, 3, 2), (1, 3, 3))
    await refresh_listening(stores, NOW)
    page = await charts(context_of(stores), ListeningRange.SHORT, None, 1)
    assert ranked(page.edges) == [(3, 1, 2)]
    after = page.end_cursor
    page = await charts(context_of(stores), ListeningRange.SHORT, None, 5, after)
    assert ranked(page.edges) == [(2, 2, 1)]
    of_genre = await charts(context_of(stores), ListeningRange.SHORT, "genre-1")
    assert ranked(of_genre.edges) == [(3, 1, 2)]


async def test_a_chart_without_plays_is_the_most_popular(stores: Stores) -> None:
    page = await charts(context_of(stores), ListeningRange.ALL, None, 2)
    assert ranked(page.edges) == [(9, 1, None), (8, 2, None)]
    assert (page.total, page.has_next) == (11, True)
    of_genre = await charts(
        context_of(stores), ListeningRange.ALL, "genre-1", 2, page.edges[0].cursor
    )
    assert ranked(of_genre.edges) == [(7, 2, None), (5, 3, None)]
    unknown = await charts(context_of(stores), ListeningRange.ALL, "no-genre")
    assert (unknown.edges, unknown.total) == ((), 0)
