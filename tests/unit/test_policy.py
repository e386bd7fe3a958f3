from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from auth.policy import (
    listening_depends,
    may_find,
    may_read_library,
    may_read_playlist,
    may_see_account,
    may_see_listening,
    missing_for_kind,
    missing_scopes,
)
from auth.principal import ANONYMOUS, Principal, PrincipalKind, person
from auth.scopes import Scope
from datasources.records.accounts import Role
from datasources.records.external_ids import EntityKind
from datasources.records.playlists import PlaylistRecord, PlaylistVisibility
from datasources.records.users import ListeningVisibility, UserRecord

NOW = datetime(2026, 1, 1, tzinfo=UTC)
OWNER_ID = uuid4()
OWNER = person(OWNER_ID)
FRIEND_ID = uuid4()
FRIEND = person(FRIEND_ID)
STRANGER = person(uuid4())
ADMIN = person(uuid4(), Role.ADMIN)
SERVICE = Principal(PrincipalKind.SERVICE)
PLAYLIST = PlaylistRecord(
    id=uuid4(),
    owner_id=OWNER_ID,
    title="Morning",
    description=None,
    visibility=PlaylistVisibility.PRIVATE,
    collaborative=False,
    version=1,
    follower_count=0,
    track_count=0,
    duration_ms=0,
    created_at=NOW,
    updated_at=NOW,
)
LISTENER = UserRecord(OWNER_ID, "ada", "Ada", None, NOW, ListeningVisibility.PRIVATE)


@pytest.mark.parametrize(
    ("visibility", "principal", "readable", "findable"),
    [
        (PlaylistVisibility.PUBLIC, ANONYMOUS, True, True),
        (PlaylistVisibility.UNLISTED, ANONYMOUS, True, False),
        (PlaylistVisibility.UNLISTED, OWNER, True, True),
        (PlaylistVisibility.PRIVATE, ANONYMOUS, False, False),
        (PlaylistVisibility.PRIVATE, STRANGER, False, False),
        (PlaylistVisibility.PRIVATE, FRIEND, True, False),
        (PlaylistVisibility.PRIVATE, OWNER, True, True),
    ],
)
def test_who_reads_a_playlist(
    visibility: PlaylistVisibility, principal: Principal, *, readable: bool, findable: bool
) -> None:
    playlist = replace(PLAYLIST, visibility=visibility)
    assert may_read_playlist(principal, playlist, [FRIEND_ID]) is readable
    assert may_find(principal, playlist) is findable


@pytest.mark.parametrize(
    ("visibility", "principal", "seen"),
    [
        (ListeningVisibility.PUBLIC, ADMIN, True),
        (ListeningVisibility.FOLLOWERS, ADMIN, False),
        (ListeningVisibility.PRIVATE, ADMIN, False),
        (ListeningVisibility.PUBLIC, ANONYMOUS, True),
        (ListeningVisibility.FOLLOWERS, ANONYMOUS, False),
        (ListeningVisibility.FOLLOWERS, STRANGER, False),
        (ListeningVisibility.FOLLOWERS, OWNER, True),
        (ListeningVisibility.PRIVATE, ANONYMOUS, False),
        (ListeningVisibility.PRIVATE, STRANGER, False),
        (ListeningVisibility.PRIVATE, OWNER, True),
    ],
)
def test_who_sees_listening(
    visibility: ListeningVisibility, principal: Principal, *, seen: bool
) -> None:
    assert may_see_listening(principal, replace(LISTENER, listening_visibility=visibility)) is seen


@pytest.mark.parametrize(
    ("visibility", "principal", "depends", "seen"),
    [
        (ListeningVisibility.PUBLIC, FRIEND, False, True),
        (ListeningVisibility.FOLLOWERS, FRIEND, True, True),
        (ListeningVisibility.FOLLOWERS, OWNER, False, True),
        (ListeningVisibility.FOLLOWERS, ANONYMOUS, False, False),
        (ListeningVisibility.FOLLOWERS, SERVICE, False, False),
        (ListeningVisibility.PRIVATE, FRIEND, False, False),
        (ListeningVisibility.PRIVATE, OWNER, False, True),
    ],
)
def test_following_matters_where_it_is_asked(
    visibility: ListeningVisibility, principal: Principal, *, depends: bool, seen: bool
) -> None:
    listener = replace(LISTENER, listening_visibility=visibility)
    assert listening_depends(principal, listener) is depends
    assert may_see_listening(principal, listener, follows=True) is seen
    if not depends:
        assert may_see_listening(principal, listener, follows=False) is seen


def test_an_account_is_for_oneself() -> None:
    assert may_see_account(OWNER, LISTENER)
    assert not any(may_see_account(one, LISTENER) for one in (FRIEND, ADMIN, ANONYMOUS, SERVICE))


A, B, C = Scope.CATALOG_READ, Scope.LISTENS_READ, Scope.ADMIN


@pytest.mark.parametrize(
    ("has", "alternatives", "lacking"),
    [
        ({A}, [], set()),
        ({A}, [{A}], set()),
        (set(), [{A}], {A}),
        ({A}, [{A, B}], {B}),
        ({A}, [{B, C}, {A}], set()),
        ({A}, [{B, C}, {A, C}], {C}),
        ({A}, [set()], set()),
    ],
)
def test_what_a_credential_lacks(
    has: set[Scope], alternatives: list[set[Scope]], lacking: set[Scope]
) -> None:
    principal = replace(FRIEND, scopes=frozenset(has))
    assert missing_scopes(principal, map(frozenset, alternatives)) == lacking


@pytest.mark.parametrize("kind", list(EntityKind))
def test_each_kind_has_its_scope(kind: EntityKind) -> None:
    assert missing_for_kind(ANONYMOUS, kind) == set()
    none = replace(FRIEND, scopes=frozenset())
    assert len(missing_for_kind(none, kind)) == (kind is not EntityKind.USER)


def test_the_library_has_its_scope() -> None:
    assert may_read_library(FRIEND)
    assert not may_read_library(ANONYMOUS)
    assert not may_read_library(replace(FRIEND, scopes=frozenset({Scope.CATALOG_READ})))


def test_other_things_are_found_by_everybody() -> None:
    assert may_find(ANONYMOUS, LISTENER)
