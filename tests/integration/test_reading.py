"""What the graph answers, on the sample."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from auth.principal import person
from auth.scopes import Scope
from datasources.stores import Stores
from resolvers.ids import global_id, parse_id
from tests.factories.operations import ask
from tests.plugins.round_trips import RoundTrips

REFERENCE = """
query ($playlists: Int!, $items: Int!) {
  user(handle: "ada") {
    playlists(first: $playlists) {
      nodes {
        title
        items(first: $items) {
          nodes {
            track { title durationMs album { title } artists { artist { name } role } }
          }
        }
      }
    }
  }
}
"""


@pytest.mark.parametrize("playlists", [1, 50])
async def test_the_reference_query_costs_five_statements(
    sample_stores: Stores, round_trips: RoundTrips, playlists: int
) -> None:
    data = await ask(sample_stores, REFERENCE, {"playlists": playlists, "items": 20})
    assert round_trips == {"postgres": 5}
    lists = data["user"]["playlists"]["nodes"]
    assert len(lists) == playlists or (playlists == 50 and len(lists) >= 20)
    tracks = [item["track"] for one in lists for item in one["items"]["nodes"]]
    assert len(tracks) == 20 * len(lists)
    assert all(track["album"]["title"] and track["artists"] for track in tracks)


async def test_an_entity_is_found_again_by_its_id(sample_stores: Stores) -> None:
    kinds = ["TRACK", "ALBUM", "ARTIST", "PLAYLIST", "USER"]
    for kind in kinds:
        found = await ask(
            sample_stores,
            'query ($t: [EntityKind!]) { search(query: "a", types: $t, first: 5)'
            " { nodes { __typename ... on Node { id } } } }",
            {"t": [kind]},
        )
        nodes = found["search"]["nodes"]
        assert nodes
        ids = [node["id"] for node in nodes]
        again = await ask(
            sample_stores,
            "query ($ids: [ID!]!, $id: ID!) { nodes(ids: $ids) { __typename id }"
            " node(id: $id) { __typename id } }",
            {"ids": ids, "id": ids[0]},
        )
        assert again["nodes"] == nodes
        assert again["node"] == nodes[0]


PAGE = """{
  edges { cursor }
  totalCount
  pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
}"""


async def _page(stores: Stores, root: str, field: str, arguments: str) -> dict[str, Any]:
    data = await ask(stores, f"{{ parent: {root} {{ page: {field % arguments} }} }}")
    page: dict[str, Any] = data["parent"]["page"]
    return page


LISTS = [
    ('user(handle: "ada")', "playlists(%s) " + PAGE),
    ('user(handle: "ada")', "followers(%s) " + PAGE),
    ('user(handle: "ada")', "following(%s) " + PAGE),
    ('user(handle: "ada")', "recentListens(%s) " + PAGE),
    ('user(handle: "ada")', "topTracks(range: ALL, %s) " + PAGE),
    ('user(handle: "ada")', "topArtists(range: ALL, %s) " + PAGE),
    ('user(handle: "ada")', "recommendations(%s) " + PAGE),
]


@pytest.mark.parametrize(("root", "field"), LISTS)
async def test_pages_meet_without_gap_or_repeat(
    sample_stores: Stores, root: str, field: str
) -> None:
    whole = await _page(sample_stores, root, field, "first: 25")
    cursors = [edge["cursor"] for edge in whole["edges"]]
    assert len(set(cursors)) == len(cursors) > 3

    forwards: list[str] = []
    arguments = "first: 4"
    while len(forwards) < len(cursors):
        page = await _page(sample_stores, root, field, arguments)
        assert page["pageInfo"]["hasPreviousPage"] is bool(forwards)
        forwards += [edge["cursor"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        arguments = f'first: 4, after: "{page["pageInfo"]["endCursor"]}"'
    assert forwards[: len(cursors)] == cursors

    behind = await _page(sample_stores, root, field, f'last: 3, before: "{cursors[-1]}"')
    assert [edge["cursor"] for edge in behind["edges"]] == cursors[-4:-1]
    assert behind["pageInfo"]["hasNextPage"] is True
    assert behind["totalCount"] == whole["totalCount"] >= len(cursors)


async def test_beyond_its_end_a_list_is_as_long_as_ever(sample_stores: Stores) -> None:
    root, field = 'user(handle: "ada")', "playlists(%s) " + PAGE
    whole = await _page(sample_stores, root, field, "first: 100")
    last, first = whole["edges"][-1]["cursor"], whole["edges"][0]["cursor"]
    after = await _page(sample_stores, root, field, f'first: 5, after: "{last}"')
    before = await _page(sample_stores, root, field, f'last: 5, before: "{first}"')
    for page in (after, before):
        assert page["edges"] == []
        assert page["totalCount"] == whole["totalCount"] == len(whole["edges"])
    sides = [
        (one["hasPreviousPage"], one["hasNextPage"])
        for one in (after["pageInfo"], before["pageInfo"])
    ]
    assert sides == [(True, False), (False, True)]


async def test_the_last_page_is_the_end_of_the_list(sample_stores: Stores) -> None:
    root = 'user(handle: "ADA")'
    last = await _page(sample_stores, root, "playlists(%s) " + PAGE, "last: 2")
    everything = await _page(sample_stores, root, "playlists(%s) " + PAGE, "first: 100")
    assert last["edges"] == everything["edges"][-2:]
    assert last["pageInfo"]["hasNextPage"] is False
    assert last["pageInfo"]["hasPreviousPage"] is True
    none = await _page(sample_stores, root, "playlists(%s) " + PAGE, "first: 0")
    assert none["edges"] == []
    assert none["totalCount"] == len(everything["edges"])


async def test_a_private_playlist_is_there_for_its_people_only(sample_stores: Stores) -> None:
    owner_id, private = await _playlist(sample_stores, "PRIVATE")
    query = "query ($id: ID!) { playlist(id: $id) { visibility } node(id: $id) { __typename } }"
    nothing = {"playlist": None, "node": None}
    assert await ask(sample_stores, query, {"id": private}) == nothing
    owner = person(parse_id(owner_id).id)
    seen = await ask(sample_stores, query, {"id": private}, owner)
    assert seen == {"playlist": {"visibility": "PRIVATE"}, "node": {"__typename": "Playlist"}}


async def test_an_unlisted_playlist_has_no_list(sample_stores: Stores) -> None:
    owner_id, unlisted = await _playlist(sample_stores, "UNLISTED")
    data = await ask(
        sample_stores,
        "query ($id: ID!, $owner: ID!) { playlist(id: $id) { title visibility }"
        " node(id: $owner) { ... on User { playlists(first: 100) { nodes { id visibility } } } } }",
        {"id": unlisted, "owner": owner_id},
    )
    assert data["playlist"]["visibility"] == "UNLISTED"
    listed = data["node"]["playlists"]["nodes"]
    assert unlisted not in [one["id"] for one in listed]
    assert {one["visibility"] for one in listed} <= {"PUBLIC"}
    found = await ask(
        sample_stores,
        "query ($q: String!) { search(query: $q, types: [PLAYLIST], first: 100)"
        " { nodes { ... on Playlist { id } } } }",
        {"q": data["playlist"]["title"]},
    )
    assert unlisted not in [node["id"] for node in found["search"]["nodes"]]


async def _playlist(stores: Stores, visibility: str) -> tuple[str, str]:
    """Return the global ids of the owner and of a playlist of this visibility."""
    rows = await stores.postgres.read(
        text("select owner_id, id from playlists where visibility = :v order by id limit 1"),
        {"v": visibility},
    )
    return global_id("User", rows[0][0]), global_id("Playlist", rows[0][1])


async def test_hidden_listening_looks_like_none(sample_stores: Stores) -> None:
    query = """
    query ($handle: String!) {
      user(handle: $handle) {
        nowPlaying { startedAt }
        recentListens { totalCount nodes { listenedAt } pageInfo { hasNextPage } }
        topTracks { totalCount edges { rank } }
        topArtists { totalCount edges { rank } }
        recommendations { degraded model { name } }
      }
    }
    """
    rows = await sample_stores.postgres.read(
        text("select handle, id from users where listening_visibility <> 'PUBLIC'")
    )
    assert len(rows) >= 3
    for handle, user_id in rows:
        hidden = (await ask(sample_stores, query, {"handle": handle}))["user"]
        assert hidden.pop("nowPlaying") is None
        # What anybody gets of whom nothing is known.
        assert hidden.pop("recommendations") == {"degraded": True, "model": None}
        assert {page["totalCount"] for page in hidden.values()} == {0}
        own = await ask(sample_stores, query, {"handle": handle}, person(user_id))
        assert own["user"]["recentListens"]["totalCount"] > 0
        assert not own["user"]["recommendations"]["degraded"]


async def test_the_viewer_is_who_asks(sample_stores: Stores) -> None:
    query = '{ viewer { handle } user(handle: "ada") { id } }'
    data = await ask(sample_stores, query)
    assert data["viewer"] is None
    ada = person(parse_id(data["user"]["id"]).id)
    assert (await ask(sample_stores, query, principal=ada))["viewer"] == {"handle": "ada"}


async def test_saved_tracks_are_the_viewers(sample_stores: Stores) -> None:
    ((user_id, track_id),) = await sample_stores.postgres.read(
        text("select user_id, track_id from saved_tracks order by 1, 2 limit 1")
    )
    ((other,),) = await sample_stores.postgres.read(
        text(
            "select id from tracks t where not exists (select from saved_tracks s"
            " where s.track_id = t.id) limit 1"
        )
    )
    query = "query ($ids: [ID!]!) { tracks(ids: $ids) { isSaved } }"
    ids = {"ids": [global_id("Track", track_id), global_id("Track", other)]}
    nobody = await ask(sample_stores, query, ids)
    assert [track["isSaved"] for track in nobody["tracks"]] == [False, False]
    limited = replace(person(user_id), scopes=frozenset(Scope) - {Scope.LIBRARY_READ})
    unknown = await ask(sample_stores, query, ids, limited)
    assert [track["isSaved"] for track in unknown["tracks"]] == [None, None]
    somebody = await ask(sample_stores, query, ids, person(user_id))
    assert [track["isSaved"] for track in somebody["tracks"]] == [True, False]


async def test_the_samples_libraries_are_newest_first(sample_stores: Stores) -> None:
    people = await sample_stores.postgres.read(
        text("select user_id from saved_tracks group by 1 order by count(*) desc limit 3")
    )
    for (user_id,) in people:
        query = "{ viewer { savedTracks(first: 100) { totalCount nodes { savedAt } } } }"
        found = (await ask(sample_stores, query, principal=person(user_id)))["viewer"]
        times = [one["savedAt"] for one in found["savedTracks"]["nodes"]]
        assert len(times) == min(100, found["savedTracks"]["totalCount"]) > 5
        assert times == sorted(times, reverse=True)


async def test_an_external_id_leads_to_its_entity(sample_stores: Stores) -> None:
    data = await ask(
        sample_stores,
        "{ charts(first: 20) { nodes { id externalIds { source value } } } }",
    )
    known = [
        (track["id"], external)
        for track in data["charts"]["nodes"]
        for external in track["externalIds"]
    ]
    assert known
    for track_id, external in known:
        query = (
            "query ($source: ExternalSource!, $value: String!)"
            " { byExternalId(source: $source, type: TRACK, value: $value) { id } }"
        )
        assert (await ask(sample_stores, query, external))["byExternalId"] == {"id": track_id}
    nothing = '{ byExternalId(source: SPOTIFY, type: ALBUM, value: "nobody") { id } }'
    assert await ask(sample_stores, nothing) == {"byExternalId": None}


async def test_another_subgraph_names_our_entities(sample_stores: Stores) -> None:
    found = await ask(
        sample_stores, '{ user(handle: "ada") { id } charts(first: 2) { nodes { id } } }'
    )
    tracks = [node["id"] for node in found["charts"]["nodes"]]
    query = """
    query ($them: [_Any!]!) {
      _entities(representations: $them) { __typename ... on Track { title } ... on User { handle } }
    }
    """
    them = [{"__typename": "Track", "id": one} for one in tracks]
    them.append({"__typename": "User", "id": found["user"]["id"]})
    data = await ask(sample_stores, query, {"them": them})
    assert [one["__typename"] for one in data["_entities"]] == ["Track", "Track", "User"]
    assert data["_entities"][2]["handle"] == "ada"
