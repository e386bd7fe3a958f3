"""Bad input is refused before any store is asked, and says why."""

from typing import Any
from uuid import UUID

import pytest

from datasources.stores import Stores
from resolvers.ids import global_id
from tests.factories.operations import respond
from tests.plugins.round_trips import RoundTrips

TRACK = global_id("Track", UUID(int=1))
ALBUM = global_id("Album", UUID(int=2))
HUNDRED_AND_ONE = "[" + ", ".join([f'"{TRACK}"'] * 101) + "]"

BAD: list[tuple[str, str]] = [
    ('{ node(id: "x") { id } }', "BAD_USER_INPUT"),
    ('{ node(id: "") { id } }', "BAD_USER_INPUT"),
    ('{ node(id: "\\u0000") { id } }', "BAD_USER_INPUT"),
    (f'{{ track(id: "{ALBUM}") {{ id }} }}', "BAD_USER_INPUT"),
    (f'{{ album(id: "{TRACK}") {{ id }} }}', "BAD_USER_INPUT"),
    (f"{{ nodes(ids: {HUNDRED_AND_ONE}) {{ id }} }}", "BAD_USER_INPUT"),
    (f"{{ tracks(ids: {HUNDRED_AND_ONE}) {{ id }} }}", "BAD_USER_INPUT"),
    ('{ tracksByIsrc(isrc: "nope") { id } }', "BAD_USER_INPUT"),
    ('{ user(handle: "") { id } }', "BAD_USER_INPUT"),
    ('{ user(handle: "a\\u0000b") { id } }', "BAD_USER_INPUT"),
    ('{ byExternalId(source: SPOTIFY, type: TRACK, value: " ") { id } }', "BAD_USER_INPUT"),
    ('{ search(query: "a", first: -1) { edges { cursor } } }', "BAD_USER_INPUT"),
    ('{ search(query: "a", first: 101) { edges { cursor } } }', "BAD_USER_INPUT"),
    ('{ search(query: "a", types: []) { edges { cursor } } }', "BAD_USER_INPUT"),
    ('{ search(query: "a", after: "garbage") { edges { cursor } } }', "BAD_CURSOR"),
    ('{ charts(genre: "a\\u0000b") { edges { cursor } } }', "BAD_USER_INPUT"),
    ('{ charts(after: "garbage") { edges { cursor } } }', "BAD_CURSOR"),
    ("{ recommendations { edges { cursor } } }", "BAD_USER_INPUT"),
    (f'{{ recommendations(seedArtists: ["{TRACK}"]) {{ degraded }} }}', "BAD_USER_INPUT"),
    (
        f"""{{ recommendations(seedTracks: ["{TRACK}"], tune: {{ energy: {{ min: 1, max: 0 }} }})
        {{ degraded }} }}""",
        "BAD_USER_INPUT",
    ),
]
REPRESENTATIONS: list[Any] = [
    5,
    None,
    "a",
    {"__typename": "Track"},
    {"__typename": "Track", "id": 5},
    {"__typename": "Track", "id": ALBUM},
    {"__typename": "Nope", "id": TRACK},
    {"__typename": "Query", "id": TRACK},
    {"__typename": 5, "id": TRACK},
    {"id": TRACK},
]
SURROGATE = "\ud800"
BAD_VARIABLES: list[tuple[str, dict[str, Any], str]] = [
    ('query ($id: ID = "x") { track(id: $id) { id } }', {"id": None}, "BAD_USER_INPUT"),
    (
        "query ($r: ListeningRange = SHORT) { charts(range: $r) { totalCount } }",
        {"r": None},
        "BAD_USER_INPUT",
    ),
    ("query ($x: ID!) { node(id: $x) { id } }", {"x": {}}, "BAD_USER_INPUT"),
    ("query ($x: ID!) { node(id: $x) { id } }", {}, "BAD_USER_INPUT"),
    ("query ($x: String!) { user(handle: $x) { id } }", {"x": SURROGATE}, "BAD_USER_INPUT"),
    ("query ($x: String) { charts(genre: $x) { totalCount } }", {"x": SURROGATE}, "BAD_USER_INPUT"),
    (
        "query ($x: [String!]) { recommendations(seedGenres: $x) { degraded } }",
        {"x": [SURROGATE]},
        "BAD_USER_INPUT",
    ),
    (
        "query ($x: String!) { byExternalId(source: SPOTIFY, type: TRACK, value: $x) { id } }",
        {"x": SURROGATE},
        "BAD_USER_INPUT",
    ),
    ("query ($x: String) { charts(after: $x) { totalCount } }", {"x": SURROGATE}, "BAD_CURSOR"),
    *(
        (
            "query ($x: [_Any!]!) { _entities(representations: $x) { __typename } }",
            {"x": [representation]},
            "BAD_USER_INPUT",
        )
        for representation in REPRESENTATIONS
    ),
    (
        "query ($x: [_Any!]!) { _entities(representations: $x) { __typename } }",
        {"x": [{"__typename": "Track", "id": TRACK}] * 101},
        "BAD_USER_INPUT",
    ),
]
BAD_PAGES: list[tuple[str, str]] = [
    ("first: 1, last: 1", "BAD_USER_INPUT"),
    ("first: -1", "BAD_USER_INPUT"),
    ("last: 101", "BAD_USER_INPUT"),
    ('after: "AAAA"', "BAD_CURSOR"),
    ('before: "é"', "BAD_CURSOR"),
]


@pytest.mark.parametrize(("query", "code"), BAD)
async def test_bad_input_asks_no_store(
    sample_stores: Stores, round_trips: RoundTrips, query: str, code: str
) -> None:
    response = await respond(sample_stores, query)
    assert _codes(response) == [code]
    assert not round_trips


@pytest.mark.parametrize(("query", "variables", "code"), BAD_VARIABLES)
async def test_bad_variables_ask_no_store(
    sample_stores: Stores,
    round_trips: RoundTrips,
    query: str,
    variables: dict[str, Any],
    code: str,
) -> None:
    assert _codes(await respond(sample_stores, query, variables)) == [code]
    assert not round_trips


@pytest.mark.parametrize(("arguments", "code"), BAD_PAGES)
async def test_a_bad_page_asks_no_store(
    sample_stores: Stores, round_trips: RoundTrips, arguments: str, code: str
) -> None:
    query = f'{{ user(handle: "ada") {{ handle playlists({arguments}) {{ totalCount }} }} }}'
    response = await respond(sample_stores, query)
    assert _codes(response) == [code]
    assert response["data"] == {"user": {"handle": "ada", "playlists": None}}
    assert round_trips == {"postgres": 1}  # the person, and nothing for the page


@pytest.mark.parametrize(
    ("variables", "enum"),
    [({"s": "NAPSTER"}, "ExternalSource"), ({"s": 1}, "ExternalSource"), ({}, "ExternalSource")],
)
async def test_an_unknown_source_is_refused(
    sample_stores: Stores, round_trips: RoundTrips, variables: dict[str, Any], enum: str
) -> None:
    query = f'query ($s: {enum}!) {{ byExternalId(source: $s, type: TRACK, value: "x") {{ id }} }}'
    response = await respond(sample_stores, query, variables)
    assert response["data"] is None
    assert len(response["errors"]) == 1
    assert not round_trips


async def test_a_cursor_of_another_list_is_refused(sample_stores: Stores) -> None:
    data = await respond(
        sample_stores, '{ user(handle: "ada") { followers { edges { cursor } } } }'
    )
    cursor = data["data"]["user"]["followers"]["edges"][0]["cursor"]
    query = f'{{ user(handle: "ada") {{ playlists(after: "{cursor}") {{ totalCount }} }} }}'
    assert _codes(await respond(sample_stores, query)) == ["BAD_CURSOR"]


def _codes(response: dict[str, Any]) -> list[str]:
    return [error["extensions"]["code"] for error in response["errors"]]
