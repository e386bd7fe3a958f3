"""Saving tracks and albums, and following artists: repeated, counted, bounded, and read."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select, text

from auth.principal import person
from auth.scopes import Scope
from datasources.postgres.playlist_tables import artist_follows, saved_albums
from datasources.postgres.tables import saved_tracks
from datasources.stores import Stores
from resolvers import library_commands
from resolvers.errors import InvalidInput, LimitExceeded, NotFound
from resolvers.ids import global_id
from resolvers.library_commands import SavedTracksChanged, save_tracks
from tests.factories.music import Music, artist_id, track_id, user_id
from tests.factories.operations import ask, context_of, respond
from tests.plugins.round_trips import RoundTrips

ME = person(user_id(1))
TRACKS = 60

# Each of the three shelves: the mutations, their argument, the list, and what stands in it.
SHELVES = {
    "tracks": ("saveTracks", "removeSavedTracks", "trackIds", "savedTracks", "track { id }"),
    "albums": ("saveAlbums", "removeSavedAlbums", "albumIds", "savedAlbums", "album { id }"),
    "artists": ("followArtist", "unfollowArtist", "artistId", "followedArtists", "id"),
}


@pytest.fixture
async def stores(empty_stores: Stores) -> Stores:
    """Two people, and 60 tracks with an album and an artist each."""
    music = Music()
    music.user(1)
    music.user(2)
    for number in range(1, TRACKS + 1):
        music.artist(number)
        music.track(number, [number])
    await music.write(empty_stores)
    return empty_stores


def ids_of(shelf: str, *numbers: int) -> list[str]:
    kind = shelf.removesuffix("s").capitalize()
    of = artist_id if shelf == "artists" else track_id
    return [global_id(kind, of(number)) for number in numbers]


async def change(
    stores: Stores, shelf: str, *numbers: int, back: bool = False, ids: list[str] | None = None
) -> dict[str, Any]:
    """Keep things, or do so no longer, and return the result."""
    keep, drop, argument, _, _ = SHELVES[shelf]
    name = drop if back else keep
    many = argument.endswith("Ids")
    given = ids if ids is not None else ids_of(shelf, *numbers)
    thing = "artist { id }" if shelf == "artists" else f"{shelf} {{ id }}"
    kind = {"tracks": "SavedTracksChanged", "albums": "SavedAlbumsChanged"}.get(
        shelf, "ArtistFollowChanged"
    )
    query = (
        f"mutation ($ids: {'[ID!]!' if many else 'ID!'}) {{ {name}({argument}: $ids) {{"
        f" __typename ... on {kind} {{ changed {thing} }}"
        " ... on Error { code message } ... on ValidationError { path } } }"
    )
    variables = {"ids": given if many else given[0]}
    result: dict[str, Any] = (await ask(stores, query, variables, ME))[name]
    return result


async def listed(stores: Stores, shelf: str, page: str = "") -> tuple[int, list[str]]:
    """Return how many things are kept, and those of a page."""
    _, _, _, name, thing = SHELVES[shelf]
    query = f"{{ viewer {{ {name}{page} {{ totalCount nodes {{ {thing} }} }} }} }}"
    found = (await ask(stores, query, principal=ME))["viewer"][name]
    nodes = [next(iter(one.values())) for one in found["nodes"]]
    return found["totalCount"], [one if isinstance(one, str) else one["id"] for one in nodes]


@pytest.mark.parametrize("shelf", list(SHELVES))
async def test_what_is_kept_is_listed_newest_first(stores: Stores, shelf: str) -> None:
    for number in (3, 1, 2):
        assert (await change(stores, shelf, number))["changed"] == 1
    assert await listed(stores, shelf) == (3, ids_of(shelf, 2, 1, 3))


@pytest.mark.parametrize("shelf", list(SHELVES))
async def test_keeping_again_changes_nothing(stores: Stores, shelf: str) -> None:
    for number in (1, 2, 1):
        result = await change(stores, shelf, number)
    assert result["changed"] == 0
    assert await listed(stores, shelf) == (2, ids_of(shelf, 2, 1))
    for changed in (1, 0):
        assert (await change(stores, shelf, 2, back=True))["changed"] == changed
        assert await listed(stores, shelf) == (1, ids_of(shelf, 1))


@pytest.mark.parametrize("shelf", ["tracks", "albums"])
async def test_of_many_the_last_is_the_newest(stores: Stores, shelf: str) -> None:
    await change(stores, shelf, 5)
    result = await change(stores, shelf, 4, 5, 1, 4, 3)
    assert result["changed"] == 3
    assert [one["id"] for one in result[shelf]] == ids_of(shelf, 4, 5, 1, 3)
    assert await listed(stores, shelf) == (4, ids_of(shelf, 3, 1, 4, 5))


@pytest.mark.parametrize("shelf", list(SHELVES))
@pytest.mark.parametrize("back", [False, True])
async def test_what_is_not_there_is_named_and_nothing_changes(
    stores: Stores, shelf: str, back: bool
) -> None:
    await change(stores, shelf, 1)
    numbers = [999] if shelf == "artists" else [1, 999, 2, 998]
    result = await change(stores, shelf, *numbers, back=back)
    assert result["__typename"] == "NotFound"
    assert result["code"] == "NOT_FOUND"
    for id_, number in zip(ids_of(shelf, *numbers), numbers, strict=True):
        assert (id_ in result["message"]) == (number > TRACKS)
    assert await listed(stores, shelf) == (1, ids_of(shelf, 1))


@pytest.mark.parametrize("shelf", list(SHELVES))
@pytest.mark.parametrize("bad", ["", "what is this", global_id("User", user_id(1))])
async def test_an_id_of_another_type_is_named(stores: Stores, shelf: str, bad: str) -> None:
    ids = [bad] if shelf == "artists" else [*ids_of(shelf, 1), bad]
    result = await change(stores, shelf, ids=ids)
    assert result["__typename"] == "ValidationError"
    argument = SHELVES[shelf][2]
    assert result["path"] == ([argument] if shelf == "artists" else [argument, "1"])
    assert (await listed(stores, shelf))[0] == 0


@pytest.mark.parametrize("shelf", ["tracks", "albums"])
@pytest.mark.parametrize("size", [0, 101])
async def test_one_to_a_hundred_are_named(stores: Stores, shelf: str, size: int) -> None:
    result = await change(stores, shelf, ids=ids_of(shelf, 1) * size)
    assert result["__typename"] == "ValidationError"
    assert result["path"] == [SHELVES[shelf][2]]


# --- limits -------------------------------------------------------------------------------------


async def fill(stores: Stores, table: str, things: str, thing: str, count: int) -> None:
    """Let the caller keep so many things which no test knows."""
    async with stores.postgres.transaction() as connection:
        await connection.execute(
            text(
                "insert into albums (id, title)"
                " select gen_random_uuid(), 'x' from generate_series(1, :n)"
            ),
            {"n": count},
        )
        if things == "tracks":
            await connection.execute(
                text(
                    "insert into tracks (id, album_id, title, duration_ms, popularity)"
                    " select gen_random_uuid(), id, 'x', 1, 0 from albums where title = 'x'"
                )
            )
        await connection.execute(
            text(
                f"insert into {table} (user_id, {thing}, saved_at)"  # noqa: S608  names of ours
                f" select :me, id, now() from {things} where title = 'x'"
            ),
            {"me": user_id(1)},
        )


@pytest.mark.parametrize(
    ("shelf", "table", "thing", "limit"),
    [
        ("tracks", "saved_tracks", "track_id", 20_000),
        ("albums", "saved_albums", "album_id", 10_000),
    ],
)
async def test_a_library_has_its_limit(
    stores: Stores, shelf: str, table: str, thing: str, limit: int
) -> None:
    await fill(stores, table, shelf, thing, limit - 2)
    refused = await change(stores, shelf, 1, 2, 3)
    assert refused["__typename"] == "LimitExceeded"
    assert refused["code"] == "LIMIT_EXCEEDED"
    assert (await listed(stores, shelf, "(first: 0)"))[0] == limit - 2
    assert (await change(stores, shelf, 1, 2))["changed"] == 2
    assert (await change(stores, shelf, 3))["__typename"] == "LimitExceeded"
    assert (await change(stores, shelf, 1, 2))["changed"] == 0
    assert (await change(stores, shelf, 1, back=True))["changed"] == 1
    assert (await change(stores, shelf, 3))["changed"] == 1


async def test_saves_at_once_do_not_pass_the_limit(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracks = replace(library_commands._TRACKS, limit=10)
    monkeypatch.setattr(library_commands, "_TRACKS", tracks)
    context = context_of(stores, ME)
    results = await asyncio.gather(
        *(save_tracks(context, ids_of("tracks", 2 * n + 1, 2 * n + 2)) for n in range(12)),
        return_exceptions=True,
    )
    saved = [one for one in results if isinstance(one, SavedTracksChanged)]
    assert len(saved) == 5
    assert sum(isinstance(one, LimitExceeded) for one in results) == 7
    assert (await listed(stores, "tracks"))[0] == 10


async def test_the_same_saved_at_once_is_saved_once(stores: Stores) -> None:
    context = context_of(stores, ME)
    ids = ids_of("tracks", *range(1, 31))
    results = await asyncio.gather(
        *(save_tracks(context, ids if n % 2 else ids[::-1]) for n in range(10))
    )
    assert sorted(one.changed for one in results) == [0] * 9 + [30]
    assert (await listed(stores, "tracks"))[0] == 30


async def test_nobody_keeps_anything_without_being_there(stores: Stores) -> None:
    context = context_of(stores, person(user_id(77)))
    with pytest.raises(NotFound):
        await save_tracks(context, ids_of("tracks", 1))
    with pytest.raises(InvalidInput):
        await save_tracks(context, ids_of("albums", 1))


# --- reading ------------------------------------------------------------------------------------

MARKS = """
query ($tracks: [ID!]!, $artists: [ID!]!) {
  tracks(ids: $tracks) { isSaved album { isSaved } }
  nodes(ids: $artists) { ... on Artist { isFollowed } }
}
"""


async def test_marks_are_the_viewers(stores: Stores) -> None:
    await change(stores, "tracks", 1)
    await change(stores, "albums", 2)
    await change(stores, "artists", 2)
    variables = {"tracks": ids_of("tracks", 1, 2), "artists": ids_of("artists", 1, 2)}
    expected = {
        ME: [(True, False), (False, True)],
        person(user_id(2)): [(False, False)] * 2,
        replace(ME, scopes=frozenset({Scope.CATALOG_READ})): [(None, None)] * 2,
    }
    for principal, marks in expected.items():
        found = await ask(stores, MARKS, variables, principal)
        assert [(one["isSaved"], one["album"]["isSaved"]) for one in found["tracks"]] == marks
        assert [one["isFollowed"] for one in found["nodes"]] == [mark[1] for mark in marks]
    nobody = await ask(stores, MARKS, variables)
    assert [one["isFollowed"] for one in nobody["nodes"]] == [False, False]


@pytest.mark.parametrize("principal", [None, ME], ids=["anonymous", "viewer"])
async def test_marks_cost_one_round_trip_or_none(
    stores: Stores, round_trips: RoundTrips, principal: Any
) -> None:
    costs = []
    for size in (1, 10, 50):
        variables = {
            "tracks": ids_of("tracks", *range(1, size + 1)),
            "artists": ids_of("artists", *range(1, size + 1)),
        }
        round_trips.clear()
        await ask(stores, MARKS, variables, *([principal] if principal else []))
        costs.append(dict(round_trips))
    # Tracks, albums and artists; and a mark of each for who is signed in.
    assert costs == [{"postgres": 6 if principal else 3}] * 3


@pytest.mark.parametrize("shelf", list(SHELVES))
async def test_pages_of_a_shelf_follow_one_another(stores: Stores, shelf: str) -> None:
    for number in range(1, 6):
        await change(stores, shelf, number)
    _, _, _, name, thing = SHELVES[shelf]
    page = f"{{ nodes {{ {thing} }} pageInfo {{ endCursor hasNextPage }} }}"
    seen: list[Any] = []
    after = None
    for _ in range(3):
        query = f"query ($after: String) {{ viewer {{ {name}(first: 2, after: $after) {page} }} }}"
        found = (await ask(stores, query, {"after": after}, ME))["viewer"][name]
        seen += found["nodes"]
        after = found["pageInfo"]["endCursor"]
        await change(stores, shelf, 10 + len(seen))  # what is new does not push anything around
    assert not found["pageInfo"]["hasNextPage"]
    flat = [one if isinstance(one, str) else one["id"] for n in seen for one in n.values()]
    assert flat == ids_of(shelf, 5, 4, 3, 2, 1)


@pytest.mark.parametrize("name", [*(one[3] for one in SHELVES.values()), "followedPlaylists"])
async def test_a_library_is_ones_own(stores: Stores, name: str) -> None:
    for shelf in SHELVES:
        await change(stores, shelf, 1)
    query = f'{{ user(handle: "user1") {{ {name} {{ totalCount edges {{ cursor }} }} }} }}'
    other = await ask(stores, query, principal=person(user_id(2)))
    assert other["user"][name] == {"totalCount": 0, "edges": []}
    limited = replace(ME, scopes=frozenset(Scope) - {Scope.LIBRARY_READ})
    (error,) = (await respond(stores, query, None, limited))["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"
    (error,) = (await respond(stores, query))["errors"]
    assert error["extensions"]["code"] == "UNAUTHENTICATED"


async def test_fifty_saved_tracks_cost_what_one_costs(
    stores: Stores, round_trips: RoundTrips
) -> None:
    await change(stores, "tracks", *range(1, TRACKS + 1))
    costs = []
    for size in (1, 10, 50):
        query = (
            f"{{ viewer {{ savedTracks(first: {size}) {{ totalCount nodes {{ savedAt track {{"
            " isSaved album { isSaved } artists { artist { isFollowed } } } } } } }"
        )
        round_trips.clear()
        nodes = (await ask(stores, query, principal=ME))["viewer"]["savedTracks"]["nodes"]
        costs.append(dict(round_trips))
        assert len(nodes) == size
        assert all(one["track"]["isSaved"] for one in nodes)
    # The viewer, the page, its count, marks of tracks, albums and their marks, artists and theirs.
    assert costs == [{"postgres": 8}] * 3


async def test_saving_a_hundred_costs_what_saving_one_costs(
    stores: Stores, round_trips: RoundTrips
) -> None:
    context = context_of(stores, ME)
    costs = []
    for numbers in ([1], range(2, TRACKS + 1)):
        round_trips.clear()
        await save_tracks(context, ids_of("tracks", *numbers))
        costs.append(dict(round_trips))
    assert costs == [{"postgres": 5}] * 2  # a time-out, a lock, the tracks, the rows, the count


async def test_what_leaves_the_catalogue_leaves_the_library(stores: Stores) -> None:
    for shelf in SHELVES:
        await change(stores, shelf, 1)
    async with stores.postgres.transaction() as connection:
        await connection.execute(text("delete from albums"))
        await connection.execute(text("delete from artists"))
        tables = (saved_tracks, saved_albums, artist_follows)
        left = [await connection.scalar(select(func.count()).select_from(one)) for one in tables]
    assert left == [0, 0, 0]
