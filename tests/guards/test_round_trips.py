"""One round trip for each level, whatever the size of the page, for every edge of the graph.

Every declared edge is selected below 0, 1 and 10 parents; 1 and 10 must cost the same.
"""

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from string import Template

import pytest
from graphql import get_named_type, is_leaf_type
from sqlalchemy import text

from datasources.mongo.collections import MAX_OLDEST, MAX_RECENT
from datasources.redis.client import Redis
from datasources.redis.now_playing import put_now_playing
from datasources.stores import Stores
from resolvers.context import utc_now
from resolvers.ids import global_id
from resolvers.permission import ONESELF
from schema.build import build_schema
from schema.edges import Loaded, LoadedEach, Paged
from tests.factories.operations import ask
from tests.guards.graph import reached
from tests.plugins.round_trips import RoundTrips

GRAPH = build_schema()._schema

# How to get $n parents of each type, with $edge selected below each of them.
PARENTS = {
    "Track": 'search(query: "a", types: [TRACK], first: $n) { nodes { ... on Track { $edge } } }',
    "Album": 'search(query: "a", types: [ALBUM], first: $n) { nodes { ... on Album { $edge } } }',
    "Artist": "charts(first: $n) { nodes { artists { artist { $edge } } } }",
    "Playlist": 'user(handle: "ada") { playlists(first: $n) { nodes { $edge } } }',
    "User": "nodes(ids: $players) { ... on User { $edge } }",
    "PlaylistItem": (
        'user(handle: "ada")'
        " { playlists(first: 1) { nodes { items(first: $n) { nodes { $edge } } } } }"
    ),
    "Listen": 'user(handle: "ada") { recentListens(first: $n) { nodes { $edge } } }',
    "NowPlaying": "nodes(ids: $players) { ... on User { nowPlaying { $edge } } }",
    "Genre": "charts(first: $n) { nodes { genres { $edge } } }",
    "SearchEdge": 'search(query: "a", types: [TRACK], first: $n) { edges { $edge } }',
    "SearchConnection": 'search(query: "a", types: [TRACK], first: $n) { $edge }',
    "RankedTrack": "charts(first: $n) { edges { $edge } }",
    "RankedTrackConnection": "charts(first: $n) { $edge }",
    "RankedArtist": 'user(handle: "ada") { topArtists(first: $n) { edges { $edge } } }',
    "RankedArtistConnection": 'user(handle: "ada") { topArtists(first: $n) { $edge } }',
    "TrackRecommendation": 'user(handle: "ada") { recommendations(first: $n) { edges { $edge } } }',
    "TrackRecommendationConnection": 'user(handle: "ada") { recommendations(first: $n) { $edge } }',
    "ArtistRecommendation": (
        "charts(first: 1)"
        " { nodes { artists { artist { similar(first: $n) { edges { $edge } } } } } }"
    ),
    "ArtistRecommendationConnection": (
        "charts(first: 1) { nodes { artists { artist { similar(first: $n) { $edge } } } } }"
    ),
}
# Of oneself alone no more than one parent can be seen; the sample has no audit log, no
# invitations and no history: tests/integration/test_audit.py and test_blocking.py count there.
# The sample has no notifications, either: tests/integration/test_notifications.py counts there.
# An event is one parent, with loaders of its own.
ELSEWHERE = {"Account", "AuditEntry", "Invitation", "NowPlayingChanged"}
ELSEWHERE |= {"ListenAdded", "PresenceChanged", "RecommendationsRefreshed"}
ELSEWHERE |= {"Notification", "NotificationConnection", "NotificationReceived"}
ELSEWHERE |= {"PlaylistVersion", "PlaylistChange", "PlaylistItemChange"}


def edges() -> Iterator[tuple[str, str, str]]:
    """Yield each edge that goes to a store: its type, its name, and how to select it."""
    for type_ in reached(GRAPH):  # by queries: of a mutation's result there is one
        name = type_.name
        for field_name, field in type_.fields.items():
            definition = field.extensions.get("strawberry-definition")
            edge = definition.metadata.get("edge") if definition else None
            if name in ELSEWHERE or getattr(edge, "allowed", None) is ONESELF:
                continue
            if isinstance(edge, Loaded | LoadedEach | Paged):
                target = get_named_type(field.type)
                selection = "" if is_leaf_type(target) else _below(target.name)
                yield name, field_name, f"{field_name}{selection}"
                if isinstance(edge, Paged):
                    yield name, field_name, f"{field_name}(last: 3){selection}"


def _below(name: str) -> str:
    fields = getattr(GRAPH.type_map[name], "fields", {})
    return " { totalCount edges { cursor } }" if "totalCount" in fields else " { __typename }"


@pytest.fixture
async def playing_stores(sample_stores: Stores) -> AsyncIterator[tuple[Stores, list[str]]]:
    """The sample in which ten people play something, and their ids."""
    redis = Redis(sample_stores.redis.client, f"{sample_stores.redis.prefix}guard:")
    people = await sample_stores.postgres.read(
        text("select id from users where listening_visibility = 'PUBLIC' order by id limit 10")
    )
    tracks = await sample_stores.postgres.read(text("select id from tracks order by id limit 10"))
    for (person,), (track,) in zip(people, tracks, strict=True):
        await put_now_playing(redis, person, track, utc_now(), expires_s=600)
    yield replace(sample_stores, redis=redis), [global_id("User", one) for (one,) in people]
    await redis.client.delete(*(redis.key("now-playing", person) for (person,) in people))


def test_every_type_with_edges_has_parents() -> None:
    assert {type_ for type_, _, _ in edges()} == set(PARENTS)


@pytest.mark.parametrize(("type_name", "field", "selection"), list(edges()))
async def test_ten_parents_cost_what_one_costs(
    playing_stores: tuple[Stores, list[str]],
    round_trips: RoundTrips,
    type_name: str,
    field: str,
    selection: str,
) -> None:
    stores, players = playing_stores
    costs = {}
    for size in (0, 1, 10):
        query = Template("{ " + PARENTS[type_name] + " }").substitute(
            n=size, edge=selection, players=json.dumps(players[:size])
        )
        before = round_trips.copy()
        await ask(stores, query)
        costs[size] = round_trips.since(before)
    assert costs[10] == costs[1], field
    assert sum(costs[0].values()) <= sum(costs[1].values())


async def test_older_listens_of_ten_people_cost_what_those_of_one_cost(
    sample_stores: Stores, round_trips: RoundTrips
) -> None:
    user = 'user(handle: "ada")'
    newest = f"{{ {user} {{ recentListens(first: 5) {{ pageInfo {{ endCursor }} }} }} }}"
    cursor = (await ask(sample_stores, newest))["user"]["recentListens"]["pageInfo"]["endCursor"]
    for page in ("last: 3", f'first: 3, after: "{cursor}"', f'last: 3, before: "{cursor}"'):
        costs = []
        for size in (1, 10):
            listens = f"recentListens({page}) {{ totalCount nodes {{ listenedAt }} }}"
            query = f"{{ {user} {{ followers(first: {size}) {{ nodes {{ {listens} }} }} }} }}"
            before = round_trips.copy()
            followers = (await ask(sample_stores, query))["user"]["followers"]["nodes"]
            costs.append(round_trips.since(before))
        assert costs[0] == costs[1], page
        found = [one["recentListens"] for one in followers]
        assert sum(one["totalCount"] > MAX_RECENT + MAX_OLDEST for one in found) > 1


async def test_roots_of_one_operation_are_batched(
    sample_stores: Stores, round_trips: RoundTrips
) -> None:
    await ask(sample_stores, "{ a: genres { slug } b: genres { name } }")
    assert round_trips == {"postgres": 1}
    round_trips.clear()
    charts = " ".join(f'c{n}: charts(genre: "none-{n}") {{ totalCount }}' for n in range(3))
    await ask(sample_stores, f"{{ {charts} }}")
    assert round_trips == {"mongo": 1, "postgres": 1}


async def test_a_search_of_all_kinds_loads_each_kind_once(
    sample_stores: Stores, round_trips: RoundTrips
) -> None:
    query = '{ search(query: "a", first: 100) { nodes { __typename } } }'
    kinds = {node["__typename"] for node in (await ask(sample_stores, query))["search"]["nodes"]}
    assert round_trips == {"postgres": 1 + len(kinds)}
