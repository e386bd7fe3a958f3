"""Two mutations in one document: each is a transaction of its own."""

from typing import Any
from uuid import UUID

import pytest

from auth.principal import person
from datasources.errors import OutcomeUnknown, StoreUnavailable
from datasources.stores import Stores
from resolvers.ids import global_id
from resolvers.playlist_change import change_items
from tests.factories import editing
from tests.factories.music import Music, user_id
from tests.factories.operations import respond
from tests.factories.people import add_account

DOCUMENT = """
mutation($first: AddPlaylistItemsInput!, $second: AddPlaylistItemsInput!) {
  first: addPlaylistItems(input: $first) { ...Result }
  second: addPlaylistItems(input: $second) { ...Result }
}
fragment Result on AddPlaylistItemsResult {
  __typename
  ... on PlaylistItemsChanged { version playlist { trackCount } }
  ... on NotFound { code }
}
"""


@pytest.fixture
async def playlist(empty_stores: Stores) -> UUID:
    music = Music()
    music.track(1)
    await music.write(empty_stores)
    await add_account(empty_stores)
    return await editing.new_playlist(empty_stores)


async def _send(stores: Stores, playlist: UUID, *tracks: int) -> dict[str, Any]:
    """Add two tracks, each by a field of its own."""
    wanted = [
        {"playlistId": global_id("Playlist", playlist), "trackIds": [editing.track(number)]}
        for number in tracks
    ]
    variables = dict(zip(("first", "second"), wanted, strict=True))
    return await respond(stores, DOCUMENT, variables, person(user_id(1)))


FIRST = {"__typename": "PlaylistItemsChanged", "version": 2, "playlist": {"trackCount": 1}}


async def test_what_is_refused_leaves_what_was_done_before(
    empty_stores: Stores, playlist: UUID
) -> None:
    refused = {"__typename": "NotFound", "code": "NOT_FOUND"}
    response = await _send(empty_stores, playlist, 1, 9)
    assert response == {"data": {"first": FIRST, "second": refused}}
    assert await editing.counts_of(empty_stores, playlist) == (2, 1, editing.DURATION_MS)
    assert await editing.versions_of(empty_stores, playlist) == [2]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (StoreUnavailable("postgres"), "SERVICE_UNAVAILABLE"),
        (OutcomeUnknown("postgres"), "OUTCOME_UNKNOWN"),
        (RuntimeError("a defect"), "INTERNAL"),
    ],
)
async def test_an_error_leaves_what_was_done_before(
    empty_stores: Stores,
    playlist: UUID,
    error: Exception,
    code: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The field that failed is null, and its error names it; the one before it stands."""
    real, calls = change_items, 0

    async def second_fails(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise error
        return await real(*arguments)

    monkeypatch.setattr("resolvers.playlist_items.change_items", second_fails)
    response = await _send(empty_stores, playlist, 1, 1)
    assert response["data"] == {"first": FIRST, "second": None}
    (shown,) = response["errors"]
    assert shown["path"] == ["second"]
    assert shown["extensions"]["code"] == code
    assert await editing.counts_of(empty_stores, playlist) == (2, 1, editing.DURATION_MS)


async def test_a_field_that_fails_first_does_not_stop_the_next(
    empty_stores: Stores, playlist: UUID
) -> None:
    response = await _send(empty_stores, playlist, 9, 1)
    assert response["data"]["first"] == {"__typename": "NotFound", "code": "NOT_FOUND"}
    assert response["data"]["second"] == FIRST
