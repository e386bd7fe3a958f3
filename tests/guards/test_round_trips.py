"""One round trip for each level, whatever the size of the page, for every edge of the graph.

Every declared edge is selected below 0, 1 and 10 parents; 1 and 10 must cost the same.
"""

from collections.abc import Iterator
from string import Template

import pytest
from graphql import GraphQLObjectType, get_named_type, is_leaf_type

from datasources.stores import Stores
from schema.build import build_schema
from schema.edges import Loaded, LoadedEach, Paged
from tests.factories.operations import ask
from tests.plugins.round_trips import RoundTrips

GRAPH = build_schema()._schema

# How to get $n parents of each type, with $edge selected below each of them.
PARENTS = {
    "Track": 'search(query: "a", types: [TRACK], first: $n) { nodes { ... on Track { $edge } } }',
    "Album": 'search(query: "a", types: [ALBUM], first: $n) { nodes { ... on Album { $edge } } }',
    "Artist": 'search(query: "b", types: [ARTIST], first: $n) { nodes { ... on Artist { $edge } } }',
    "Playlist": 'user(handle: "ada") { playlists(first: $n) { nodes { $edge } } }',
    "User": 'user(handle: "ada") { followers(first: $n) { nodes { $edge } } }',
    "PlaylistItem": (
        'user(handle: "ada") { playlists(first: 1) { nodes { items(first: $n) { nodes { $edge } } } } }'
    ),
    "Listen": 'user(handle: "ada") { recentListens(first: $n) { nodes { $edge } } }',
    "NowPlaying": 'user(handle: "ada") { followers(first: $n) { nodes { nowPlaying { $edge } } } }',
    "Genre": "charts(first: $n) { nodes { genres { $edge } } }",
    "SearchEdge": 'search(query: "a", first: $n) { edges { $edge } }',
    "SearchConnection": 'search(query: "a", first: $n) { $edge }',
    "RankedTrack": "charts(first: $n) { edges { $edge } }",
    "RankedTrackConnection": "charts(first: $n) { $edge }",
    "RankedArtist": 'user(handle: "ada") { topArtists(first: $n) { edges { $edge } } }',
    "RankedArtistConnection": 'user(handle: "ada") { topArtists(first: $n) { $edge } }',
    "TrackRecommendation": 'user(handle: "ada") { recommendations(first: $n) { edges { $edge } } }',
    "TrackRecommendationConnection": 'user(handle: "ada") { recommendations(first: $n) { $edge } }',
    "ArtistRecommendation": (
        'search(query: "b", types: [ARTIST], first: 1)'
        " { nodes { ... on Artist { similar(first: $n) { edges { $edge } } } } }"
    ),
    "ArtistRecommendationConnection": (
        'search(query: "b", types: [ARTIST], first: 1)'
        " { nodes { ... on Artist { similar(first: $n) { $edge } } } }"
    ),
}


def edges() -> Iterator[tuple[str, str, str]]:
    """Yield each edge that goes to a store: its type, its name, and how to select it."""
    for name, type_ in GRAPH.type_map.items():
        if not isinstance(type_, GraphQLObjectType):
            continue
        for field_name, field in type_.fields.items():
            definition = field.extensions.get("strawberry-definition")
            edge = definition.metadata.get("edge") if definition else None
            if isinstance(edge, Loaded | LoadedEach | Paged):
                target = get_named_type(field.type)
                selection = "" if is_leaf_type(target) else _below(target.name)
                yield name, field_name, f"{field_name}{selection}"


def _below(name: str) -> str:
    fields = getattr(GRAPH.type_map[name], "fields", {})
    return " { totalCount edges { cursor } }" if "totalCount" in fields else " { __typename }"


def test_every_type_with_edges_has_parents() -> None:
    assert {type_ for type_, _, _ in edges()} == set(PARENTS)


@pytest.mark.parametrize(("type_name", "field", "selection"), list(edges()))
async def test_ten_parents_cost_what_one_costs(
    sample_stores: Stores, round_trips: RoundTrips, type_name: str, field: str, selection: str
) -> None:
    costs = {}
    for size in (0, 1, 10):
        query = Template("{ " + PARENTS[type_name] + " }").substitute(n=size, edge=selection)
        before = round_trips.copy()
        await ask(sample_stores, query)
        costs[size] = round_trips.since(before)
    assert costs[10] == costs[1], field
    assert sum(costs[0].values()) <= sum(costs[1].values())
