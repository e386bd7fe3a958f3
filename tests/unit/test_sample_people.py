from collections import Counter
from datetime import datetime
from itertools import chain

from datasources.records.playlists import PlaylistVisibility
from datasources.records.users import ListeningVisibility
from gateway.sample.catalogue import Catalogue
from gateway.sample.model import SAMPLE_DAY, Row


def test_ada_keeps_many_playlists_that_all_may_see(sample_tables: dict[str, list[Row]]) -> None:
    ada = next(row for row in sample_tables["users"] if row["handle"] == "ada")
    assert ada["listening_visibility"] == ListeningVisibility.PUBLIC
    counts = [
        int(str(row["track_count"]))
        for row in sample_tables["playlists"]
        if row["owner_id"] == ada["id"] and row["visibility"] == PlaylistVisibility.PUBLIC
    ]
    assert len(counts) >= 20
    assert min(counts) >= 20


def test_people_differ_in_what_they_show(sample_tables: dict[str, list[Row]]) -> None:
    shown = Counter(row["listening_visibility"] for row in sample_tables["users"])
    assert shown == {"PUBLIC": 37, "FOLLOWERS": 1, "PRIVATE": 2}
    handles = [str(row["handle"]) for row in sample_tables["users"]]
    assert len({handle.lower() for handle in handles}) == len(handles)
    assert any(handle != handle.lower() for handle in handles)
    assert {row["avatar_url"] for row in sample_tables["users"]} == {None}


def test_follows_are_uneven(sample_tables: dict[str, list[Row]]) -> None:
    follows = sample_tables["user_follows"]
    assert all(row["follower_id"] != row["followed_id"] for row in follows)
    followers = Counter(row["followed_id"] for row in follows)
    assert max(followers.values()) >= 15
    assert min(followers.values()) <= 3


def test_playlists_are_of_all_sorts(sample_tables: dict[str, list[Row]]) -> None:
    playlists = sample_tables["playlists"]
    seen = Counter(str(row["visibility"]) for row in playlists)
    assert seen["PUBLIC"] > seen["PRIVATE"] > 0
    assert seen["UNLISTED"] > 0
    sizes = [int(str(row["track_count"])) for row in playlists]
    assert min(sizes) == 0
    assert max(sizes) > 100
    shared = {row["id"] for row in playlists if row["collaborative"]}
    assert shared == {row["playlist_id"] for row in sample_tables["playlist_collaborators"]}
    assert {str(row["role"]) for row in sample_tables["playlist_collaborators"]} == {
        "EDITOR",
        "VIEWER",
    }
    stood = Counter(
        (row["playlist_id"], row["track_id"]) for row in sample_tables["playlist_items"]
    )
    assert max(stood.values()) == 2


def test_items_are_added_by_who_may(sample_tables: dict[str, list[Row]]) -> None:
    may = {(row["id"], row["owner_id"]) for row in sample_tables["playlists"]}
    may |= {
        (row["playlist_id"], row["user_id"])
        for row in sample_tables["playlist_collaborators"]
        if row["role"] == "EDITOR"
    }
    added = {(row["playlist_id"], row["added_by"]) for row in sample_tables["playlist_items"]}
    assert added <= may
    assert len(added) > len(sample_tables["playlists"])


def test_some_items_were_moved(sample: Catalogue) -> None:
    rows = sample.tables["playlist_items"]
    assert any(len(str(row["position"])) > 3 for row in rows)
    added: dict[object, list[str]] = {}
    for row in sorted(rows, key=lambda row: (str(row["playlist_id"]), str(row["position"]))):
        added.setdefault(row["playlist_id"], []).append(str(row["added_at"]))
    assert any(times != sorted(times) for times in added.values())


def test_only_public_playlists_are_found(sample_tables: dict[str, list[Row]]) -> None:
    found = {
        row["entity_id"] for row in sample_tables["search_entries"] if row["kind"] == "PLAYLIST"
    }
    public = {row["id"] for row in sample_tables["playlists"] if row["visibility"] == "PUBLIC"}
    assert found == public


def test_nothing_happens_after_the_sample_day(sample_tables: dict[str, list[Row]]) -> None:
    for name, rows in sample_tables.items():
        for value in chain.from_iterable(row.values() for row in rows):
            if isinstance(value, datetime):
                assert value < SAMPLE_DAY, name
