from datetime import timedelta

import pytest

from datasources.mongo.artist_plays import ArtistPlays, write_artist_plays
from datasources.mongo.collections import (
    MODELS,
    SIMILAR_ARTISTS,
    SIMILAR_TRACKS,
    USER_RECOMMENDATIONS,
)
from datasources.mongo.recommendations import (
    fetch_personal,
    fetch_scales,
    fetch_similar_artists,
    fetch_similar_tracks,
)
from datasources.records.recommendations import (
    ARTIST_MODEL,
    CONTENT_MODEL,
    ModelRecord,
    PersonalEntry,
)
from datasources.stores import Stores
from gateway.training import train
from tests.factories.music import NOW, Music, artist_id, track_id, user_id, write_plays


async def catalogue(stores: Stores) -> None:
    """Three people, four artists with three tracks each; artist 4 is played by nobody."""
    music = Music()
    for number in (1, 2, 3):
        music.user(number)
    for artist in (1, 2, 3, 4):
        music.artist(artist)
        for place in (1, 2, 3):
            number = artist * 10 + place
            music.track(number, [artist], popularity=50 - place, valence=number / 100)
    await music.write(stores)


async def test_plays_and_counts_make_neighbours_and_lists(empty_stores: Stores) -> None:
    await catalogue(empty_stores)
    # Person 1 plays artists 1 and 2, person 2 plays 2 and 3, person 3 plays 1 alone.
    await write_plays(empty_stores, (1, 11, 1), (1, 12, 2), (1, 11, 3), (2, 21, 1), (3, 11, 1))
    plays = [
        ArtistPlays("x:1:2", user_id(1), artist_id(2), 1),
        ArtistPlays("x:2:3", user_id(2), artist_id(3), 1),
        ArtistPlays("x:2:9", user_id(2), artist_id(9), 1),  # not in the catalogue
    ]
    await write_artist_plays(empty_stores.mongo, plays)

    done = await train(empty_stores, NOW)
    assert (done.people, done.artists, done.counts) == (3, 3, 5)
    assert (done.artist_lists, done.people_lists, done.track_lists) == (3, 3, 12)

    # Artist 1 is (log 4, 0, log 2) = log 2 * (2, 0, 1), artist 2 is (1, 1, 0), artist 3 (0, 1, 0).
    near = await fetch_similar_artists(empty_stores.mongo, [artist_id(n) for n in (1, 2, 3, 4)])
    assert set(near) == {artist_id(1), artist_id(2), artist_id(3)}
    assert near[artist_id(1)].name == "Artist 1"
    assert near[artist_id(1)].ids == [artist_id(2)]
    assert near[artist_id(1)].scores == [round(2 / (5 * 2) ** 0.5, 6)]
    assert near[artist_id(2)].ids == [artist_id(3), artist_id(1)]
    assert near[artist_id(2)].scores == [round(0.5**0.5, 6), round(2 / (5 * 2) ** 0.5, 6)]
    assert near[artist_id(2)].model == ModelRecord(ARTIST_MODEL, 1, NOW)

    lists = await fetch_personal(empty_stores.mongo, [user_id(n) for n in (1, 2, 3)])
    assert lists[user_id(3)].entries == [
        PersonalEntry(track_id(21), 1.0, "Artist 1"),
        PersonalEntry(track_id(22), 0.8, "Artist 1"),
    ]
    assert [one.track_id for one in lists[user_id(1)].entries] == [track_id(31), track_id(32)]
    assert {one.because for one in lists[user_id(1)].entries} == {"Artist 2"}


async def test_sounds_make_neighbours_without_any_plays(empty_stores: Stores) -> None:
    await catalogue(empty_stores)
    done = await train(empty_stores, NOW)
    assert (done.counts, done.artist_model, done.artist_lists) == (0, None, 0)
    near = (await fetch_similar_tracks(empty_stores.mongo, [track_id(21)]))[track_id(21)]
    assert (near.name, len(near.ids)) == ("Track 21", 11)
    assert near.ids[:4] == [track_id(n) for n in (22, 23, 13, 12)]
    assert near.model == ModelRecord(CONTENT_MODEL, 1, NOW)
    scales = await fetch_scales(empty_stores.mongo, CONTENT_MODEL)
    assert scales["tempo"] == 1.0  # all alike
    assert 0 < scales["valence"] < 1
    assert await empty_stores.mongo[SIMILAR_ARTISTS].count_documents({}) == 0


async def test_versions_grow_and_older_lists_go(empty_stores: Stores) -> None:
    await catalogue(empty_stores)
    await write_plays(empty_stores, (1, 11, 1), (1, 21, 1), (2, 11, 1))
    await train(empty_stores, NOW)
    for name in (SIMILAR_ARTISTS, SIMILAR_TRACKS, USER_RECOMMENDATIONS):
        collection = empty_stores.mongo[name]
        stale = await collection.find_one({})
        assert stale
        await collection.insert_one({**stale, "_id": "gone from the catalogue"})
    later = NOW + timedelta(days=1)
    await train(empty_stores, later)
    for name in (SIMILAR_ARTISTS, SIMILAR_TRACKS, USER_RECOMMENDATIONS):
        documents = await empty_stores.mongo[name].find({}).to_list(None)
        assert documents
        assert {one["model"]["version"] for one in documents} == {2}
    models = await empty_stores.mongo[MODELS].find({}).to_list(None)
    assert {(one["_id"], one["version"], one["trained_at"]) for one in models} == {
        (ARTIST_MODEL, 2, later),
        (CONTENT_MODEL, 2, later),
    }


async def test_the_same_data_gives_the_same_lists(empty_stores: Stores) -> None:
    await catalogue(empty_stores)
    await write_plays(empty_stores, (1, 11, 1), (1, 21, 1), (2, 11, 1), (2, 31, 1), (3, 41, 1))
    found = []
    for _ in range(2):
        await train(empty_stores, NOW)
        documents = (
            await empty_stores.mongo[USER_RECOMMENDATIONS].find({}).sort("_id").to_list(None)
        )
        found.append([(one["_id"], one["entries"]) for one in documents])
    assert found[0] == found[1]
    assert found[0]


@pytest.mark.parametrize("at_once", [1, 4])
async def test_sounds_are_read_in_batches(
    empty_stores: Stores, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    await catalogue(empty_stores)
    monkeypatch.setattr("gateway.training.run._AT_ONCE", at_once)
    await write_plays(empty_stores, (1, 11, 1), (1, 21, 1), (2, 11, 1))
    done = await train(empty_stores, NOW)
    assert (done.tracks, done.track_lists, done.artist_lists, done.people_lists) == (12, 12, 2, 1)


async def test_nothing_at_all_trains_nothing(empty_stores: Stores) -> None:
    done = await train(empty_stores, NOW)
    assert (done.counts, done.tracks, done.artist_model, done.content_model) == (0, 0, None, None)
    assert await empty_stores.mongo[MODELS].count_documents({}) == 0
