"""What one may not see looks exactly like what is not there, on every way that leads to it.

The ways are read from the graph; who looks, and who shows what, is in `factories.visibility`.
"""

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from string import Template

import pytest
from graphql import GraphQLObjectType

from auth.principal import Principal, person
from auth.scopes import Scope
from datasources.records.external_ids import EntityKind
from datasources.records.playlists import PlaylistVisibility
from datasources.records.users import ListeningVisibility
from datasources.stores import Stores
from resolvers.ids import global_id
from schema.build import build_schema
from schema.enums import ExternalIdType
from tests.factories.music import playlist_id, user_id
from tests.factories.operations import respond
from tests.factories.visibility import (
    APART,
    CROWD,
    CROWDS,
    GONE,
    HUB,
    OWNER_OF_NONE,
    OWNERS,
    PEOPLE,
    SILENT,
    VIEWERS,
    write_visibility,
)
from tests.guards.graph import all_of, policy_of, ways_to
from tests.plugins.databases import Databases
from tests.plugins.round_trips import RoundTrips
from tests.plugins.stores import scratch_stores

GRAPH = build_schema()._schema
USER: GraphQLObjectType = GRAPH.type_map["User"]  # type: ignore[assignment]  # it is no other
LISTENING = [name for name, field in USER.fields.items() if policy_of(field) == "listening"]
PUBLIC, FOLLOWERS, PRIVATE = ListeningVisibility


@pytest.fixture(scope="module")
async def stores(databases: Databases) -> AsyncIterator[Stores]:
    """Stores with people of every visibility: read them, and leave them as they are."""
    async with scratch_stores(databases) as stores:
        await write_visibility(stores)
        yield stores


@pytest.fixture(autouse=True)
def no_entries_of_denials(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one caller is denied would be there for the next one to see."""

    async def nothing(_: object) -> None: ...

    monkeypatch.setattr("gateway.graphql.pipeline.record_denials", nothing)


# --- somebody's listening -----------------------------------------------------------------------

# How to get to each type that leads to a person: $way is the field of it that does.
TO_PEOPLE = {
    "Query": "$way",
    "UserConnection": 'user(handle: "$hub") { followers { $way } }',
    "UserEdge": 'user(handle: "$hub") { followers { edges { $way } } }',
    "Playlist": 'playlist(id: "$playlist") { $way }',
    "PlaylistItem": 'playlist(id: "$playlist") { items { nodes { $way } } }',
    "Collaborator": 'playlist(id: "$playlist") { collaborators { $way } }',
    "SearchConnection": 'search(query: "$handle", types: [USER]) { $way }',
    "SearchEdge": 'search(query: "$handle", types: [USER]) { edges { $way } }',
    "PlaylistChange": 'playlist(id: "$playlist") { history { nodes { $way } } }',
    "AuditEntry": 'auditLog(actorId: "$user") { nodes { $way } }',
}
ARGUMENTS = {
    "user": '(handle: "$handle")',
    "node": '(id: "$user")',
    "nodes": '(ids: ["$user", "$user"])',
    "_entities": '(representations: [{__typename: "User", id: "$user"}])',
}
# An invitation is for two people to see, and a notification for one:
# tests/integration/test_blocking.py and test_notifications.py look at them.
ELSEWHERE = {"Invitation", "Notification"}
WAYS = [
    way
    for way in ways_to(GRAPH, "User")
    if way != ("Query", "byExternalId") and way[0] not in ELSEWHERE
]


def test_no_person_has_an_external_id() -> None:
    assert EntityKind.USER.value not in {kind.value for kind in ExternalIdType}


def test_every_way_to_a_person_is_taken() -> None:
    assert {type_ for type_, _ in WAYS} == set(TO_PEOPLE)
    assert len(WAYS) > 12


def test_there_is_listening() -> None:
    assert set(LISTENING) == {
        "nowPlaying",
        "recentListens",
        "topTracks",
        "topArtists",
        "recommendations",
    }


def listening(pages: Mapping[str, str] | None = None) -> str:
    """Return the selection of all listening of a person; pages begin at the start by default."""
    parts = [
        f"{name} {(pages or {}).get(name, '')} {all_of(GRAPH, USER.fields[name])}"
        for name in LISTENING
    ]
    return " ".join(parts)


def query_for(way: tuple[str, str], number: int, selection: str) -> str:
    """Return the query that goes this way to a person."""
    type_name, name = way
    arguments = ARGUMENTS.get(name, "") if type_name == "Query" else ""
    step = f"{name}{arguments} {{ ... on User {{ {selection} }} }}"
    return Template("{ " + TO_PEOPLE[type_name].replace("$way", step) + " }").substitute(
        handle=f"user{number}",
        hub=f"user{HUB + number}",
        user=global_id("User", user_id(number)),
        playlist=global_id("Playlist", playlist_id(number)),
    )


def sees(viewer: str, visibility: ListeningVisibility) -> bool:
    return {PUBLIC: True, FOLLOWERS: viewer in {"follower", "self"}, PRIVATE: viewer == "self"}[
        visibility
    ]


def viewers_of(number: int) -> dict[str, Principal]:
    return VIEWERS | {"self": person(user_id(number))}


def covered(way: tuple[str, str], viewer: str) -> bool:
    """Whether this caller gets along the way at all."""
    return {"AuditEntry": viewer == "admin", "Query": True}.get(way[0], True)


@pytest.mark.parametrize("visibility", list(ListeningVisibility))
@pytest.mark.parametrize("way", WAYS, ids=".".join)
async def test_hidden_listening_is_like_none(
    stores: Stores, way: tuple[str, str], visibility: ListeningVisibility
) -> None:
    number = PEOPLE[visibility]
    for viewer, principal in viewers_of(number).items():
        if way == ("Query", "viewer") and viewer != "self":
            continue
        found = await respond(stores, query_for(way, number, listening()), None, principal)
        nothing = await respond(stores, query_for(way, SILENT, listening()), None, principal)
        if way == ("Query", "viewer"):
            silent = person(user_id(SILENT))
            nothing = await respond(stores, query_for(way, SILENT, listening()), None, silent)
        if not covered(way, viewer):
            assert found == nothing, viewer
            assert found["errors"], viewer
        elif sees(viewer, visibility):
            assert "errors" not in found, viewer
            assert found != nothing, viewer
            assert "Because you listen to Artist 1" in str(found), viewer
        else:
            assert found == nothing, viewer
            assert list(found) == ["data"], viewer


PERSON = f"id handle followers {{ totalCount }} {listening()}"


@pytest.mark.parametrize("visibility", list(ListeningVisibility))
@pytest.mark.parametrize("way", WAYS, ids=".".join)
async def test_who_is_blocked_is_like_nobody(
    stores: Stores, way: tuple[str, str], visibility: ListeningVisibility
) -> None:
    number = PEOPLE[visibility]
    for viewer, principal in APART.items():
        if way == ("Query", "viewer"):
            continue
        found = await respond(stores, query_for(way, number, PERSON), None, principal)
        nothing = await respond(stores, query_for(way, GONE, PERSON), None, principal)
        assert found == nothing, viewer
        assert f"user{number}" not in str(found), viewer
        assert covered(way, viewer) == ("errors" not in found), viewer


@pytest.mark.parametrize("visibility", [FOLLOWERS, PRIVATE])
async def test_cursors_of_others_lead_nowhere(
    stores: Stores, visibility: ListeningVisibility
) -> None:
    number = PEOPLE[visibility]
    way = ("Query", "user")
    own = await respond(stores, query_for(way, number, listening()), None, person(user_id(number)))
    assert "errors" not in own
    cursors = {
        name: page["edges"][0]["cursor"]
        for name, page in own["data"]["user"].items()
        if "edges" in page
    }
    assert len(cursors) == 4
    for page in ('(after: "%s")', '(last: 1, before: "%s")', '(first: 0, after: "%s")'):
        pages = {name: page % cursor for name, cursor in cursors.items()}
        stranger = VIEWERS["stranger"]
        found = await respond(stores, query_for(way, number, listening(pages)), None, stranger)
        nothing = await respond(stores, query_for(way, SILENT, listening(pages)), None, stranger)
        assert found == nothing, page


@pytest.mark.parametrize("way", WAYS, ids=".".join)
async def test_listening_needs_its_scope(stores: Stores, way: tuple[str, str]) -> None:
    number = PEOPLE[PUBLIC]
    for scope in (Scope.LISTENS_READ, Scope.RECOMMENDATIONS_READ):
        whole = person(user_id(number))
        limited = replace(whole, scopes=frozenset(Scope) - {scope})
        refused = [
            await respond(stores, query_for(way, one, listening()), None, limited)
            for one in (number, SILENT, 999)
        ]
        assert refused[0] == refused[1] == refused[2]
        assert refused[0]["data"] is None
        (error,) = refused[0]["errors"]
        assert error["extensions"]["code"] == "FORBIDDEN"
        assert error["message"] == f"This credential lacks a scope: `{scope}`."


# --- playlists ----------------------------------------------------------------------------------

TO_PLAYLISTS = {
    "Query": "$way",
    "PlaylistConnection": 'user(handle: "$owner") { playlists { $all $way } }',
    "PlaylistEdge": 'user(handle: "$owner") { playlists { $all edges { cursor $way } } }',
    "SearchConnection": 'search(query: "$title", types: [PLAYLIST]) { $all $way }',
    "SearchEdge": 'search(query: "$title", types: [PLAYLIST]) { $all edges { cursor $way } }',
}
PLAYLIST_ARGUMENTS = {
    "playlist": '(id: "$playlist")',
    "node": '(id: "$playlist")',
    "nodes": '(ids: ["$playlist", "$playlist"])',
    "_entities": '(representations: [{__typename: "Playlist", id: "$playlist"}])',
    "byExternalId": '(source: SPOTIFY, type: PLAYLIST, value: "$external")',
}
PLAYLIST_WAYS = [way for way in ways_to(GRAPH, "Playlist") if way[0] not in ELSEWHERE]
ALL = "totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
PLAYLIST = "__typename ... on Playlist { title trackCount items { totalCount } owner { handle } }"


def test_every_way_to_a_playlist_is_taken() -> None:
    assert {type_ for type_, _ in PLAYLIST_WAYS} == set(TO_PLAYLISTS)
    assert {name for type_, name in PLAYLIST_WAYS if type_ == "Query"} == set(PLAYLIST_ARGUMENTS)


def playlist_query(way: tuple[str, str], number: int) -> str:
    """Return the query that goes this way to the playlist of an owner of `OWNERS`."""
    type_name, name = way
    arguments = PLAYLIST_ARGUMENTS[name] if type_name == "Query" else ""
    step = f"{name}{arguments} {{ {PLAYLIST} }}"
    text = TO_PLAYLISTS[type_name].replace("$way", step).replace("$all", ALL)
    return Template("{ " + text + " }").substitute(
        owner=f"user{number}",
        title=f"Title{number}",
        playlist=global_id("Playlist", playlist_id(number)),
        external=f"list{number}",
    )


def finds(way: tuple[str, str], viewer: str, visibility: PlaylistVisibility) -> bool:
    if visibility is PlaylistVisibility.PUBLIC:
        return True
    if way[0].startswith("Search"):
        return False
    if way[0].startswith("Playlist"):
        return viewer == "self"
    return visibility is PlaylistVisibility.UNLISTED or viewer in {"self", "collaborator"}


@pytest.mark.parametrize("visibility", list(PlaylistVisibility))
@pytest.mark.parametrize("way", PLAYLIST_WAYS, ids=".".join)
async def test_a_hidden_playlist_is_like_none(
    stores: Stores, way: tuple[str, str], visibility: PlaylistVisibility
) -> None:
    number = OWNERS[visibility]
    for viewer, principal in viewers_of(number).items():
        found = await respond(stores, playlist_query(way, number), None, principal)
        nothing = await respond(stores, playlist_query(way, OWNER_OF_NONE), None, principal)
        assert list(found) == ["data"]
        if finds(way, viewer, visibility):
            assert f"Title{number}" in str(found), viewer
        else:
            assert found == nothing, viewer


@pytest.mark.parametrize("visibility", list(PlaylistVisibility))
@pytest.mark.parametrize("way", PLAYLIST_WAYS, ids=".".join)
async def test_playlists_of_who_is_blocked_are_like_none(
    stores: Stores, way: tuple[str, str], visibility: PlaylistVisibility
) -> None:
    number = OWNERS[visibility]
    for viewer, principal in APART.items():
        found = await respond(stores, playlist_query(way, number), None, principal)
        nothing = await respond(stores, playlist_query(way, GONE), None, principal)
        assert found == nothing, viewer
        assert list(found) == ["data"]
        assert f"Title{number}" not in str(found), viewer


@pytest.mark.parametrize("page", ['after: "%s"', 'before: "%s"', 'last: 1, before: "%s"'])
async def test_a_cursor_of_a_hidden_playlist_tells_nothing(stores: Stores, page: str) -> None:
    number = OWNERS[PlaylistVisibility.PRIVATE]
    text = '{ user(handle: "user%d") { playlists%s { ' + ALL + " nodes { title } } } }"
    own = await respond(stores, text % (number, ""), None, person(user_id(number)))
    cursor = own["data"]["user"]["playlists"]["pageInfo"]["endCursor"]
    assert cursor
    for principal in VIEWERS.values():
        answers = [
            await respond(stores, text % (one, f"({page % cursor})"), None, principal)
            for one in (number, OWNER_OF_NONE)
        ]
        assert answers[0] == answers[1]


async def test_ones_own_list_has_all_of_ones_own(stores: Stores) -> None:
    for number in OWNERS.values():
        query = f'{{ user(handle: "user{number}") {{ playlists {{ {ALL} nodes {{ title }} }} }} }}'
        own = await respond(stores, query, None, person(user_id(number)))
        assert own["data"]["user"]["playlists"]["totalCount"] == 1


async def test_shared_playlists_are_not_in_ones_own_list(stores: Stores) -> None:
    query = "{ viewer { playlists { totalCount nodes { title } } } }"
    shared = await respond(stores, query, None, VIEWERS["collaborator"])
    assert shared["data"]["viewer"]["playlists"] == {"totalCount": 0, "nodes": []}


@pytest.mark.parametrize("way", PLAYLIST_WAYS, ids=".".join)
async def test_a_playlist_needs_its_scope(stores: Stores, way: tuple[str, str]) -> None:
    limited = replace(person(user_id(31)), scopes=frozenset(Scope) - {Scope.PLAYLISTS_READ})
    for number in (*OWNERS.values(), OWNER_OF_NONE):
        # Not even the name of the type, where no fragment names it.
        blind = re.sub(
            r" \.\.\. on Playlist \{ .*? owner \{ handle \} \}", "", playlist_query(way, number)
        )
        for query in (playlist_query(way, number), blind):
            refused = await respond(stores, query, None, limited)
            (error,) = refused["errors"]
            assert error["extensions"]["code"] == "FORBIDDEN"
            assert error["message"] == "This credential lacks a scope: `playlists:read`."
            assert "Playlist" not in str(refused["data"])


# --- round trips --------------------------------------------------------------------------------


async def cost_of(
    stores: Stores,
    round_trips: RoundTrips,
    visibility: str,
    viewer: str,
    fields: tuple[str, ...],
    size: int,
) -> dict[str, int]:
    """Return what the listening of some people of a crowd costs."""
    inside = " ".join(
        f"{name} {'{ totalCount }' if name != 'nowPlaying' else '{ startedAt }'}" for name in fields
    )
    people = f"followers(first: {size}) {{ nodes {{ {inside} }} }}"
    query = f'{{ user(handle: "user{CROWDS[visibility]}") {{ {people} }} }}'
    before = round_trips.copy()
    response = await respond(stores, query, None, VIEWERS[viewer])
    assert len(response["data"]["user"]["followers"]["nodes"]) == size
    return round_trips.since(before)


FIELDS = [*((name,) for name in LISTENING), tuple(LISTENING)]


@pytest.mark.parametrize("visibility", list(CROWDS))
@pytest.mark.parametrize("viewer", list(VIEWERS))
@pytest.mark.parametrize("fields", FIELDS)
async def test_fifty_people_cost_what_one_costs(
    stores: Stores,
    round_trips: RoundTrips,
    visibility: str,
    viewer: str,
    fields: tuple[str, ...],
) -> None:
    # In a mixed crowd, sizes from three have every kind.
    sizes = (3 if visibility == "MIXED" else 1, 10, CROWD)
    costs = [await cost_of(stores, round_trips, visibility, viewer, fields, size) for size in sizes]
    assert all(one == costs[0] for one in costs), costs


@pytest.mark.parametrize("fields", FIELDS)
async def test_only_followers_listening_asks_who_follows(
    stores: Stores, round_trips: RoundTrips, fields: tuple[str, ...]
) -> None:
    async def cost(visibility: str, viewer: str) -> dict[str, int]:
        return await cost_of(stores, round_trips, visibility, viewer, fields, CROWD)

    plain = await cost("PUBLIC", "anonymous")
    for visibility in CROWDS:
        assert await cost(visibility, "anonymous") == plain
    asked = plain | {"postgres": plain["postgres"] + 1}
    for viewer in ("stranger", "follower"):
        assert await cost("PUBLIC", viewer) == await cost("PRIVATE", viewer) == plain
        assert await cost("FOLLOWERS", viewer) == await cost("MIXED", viewer) == asked
