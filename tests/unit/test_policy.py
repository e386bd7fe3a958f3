from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from auth.policy import may_find, may_read_playlist, may_see_listening
from auth.principal import ANONYMOUS, Principal, person
from datasources.records.playlists import PlaylistRecord, PlaylistVisibility
from datasources.records.users import ListeningVisibility, UserRecord

NOW = datetime(2026, 1, 1, tzinfo=UTC)
OWNER_ID = uuid4()
OWNER = person(OWNER_ID)
FRIEND_ID = uuid4()
FRIEND = person(FRIEND_ID)
STRANGER = person(uuid4())
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


def test_other_things_are_found_by_everybody() -> None:
    assert may_find(ANONYMOUS, LISTENER)
