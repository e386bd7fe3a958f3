"""Playlists, their items and collaborators."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select

from datasources.postgres.blocks import unhidden
from datasources.postgres.client import Postgres
from datasources.postgres.paging import fetch_pages
from datasources.postgres.reading import any_of, columns_of, fetch_by_ids, fetch_counts, fetch_lists
from datasources.postgres.tables import (
    playlist_collaborators,
    playlist_items,
    playlists,
    tracks,
    users,
)
from datasources.postgres.tracks import TRACK_COLUMNS
from datasources.records.page import Keyset, Page, PageRequest
from datasources.records.playlists import (
    CollaboratorRecord,
    CollaboratorRole,
    PlaylistItemRecord,
    PlaylistRecord,
    PlaylistVisibility,
)
from datasources.records.tracks import TrackRecord
from datasources.records.users import UserRecord

PLAYLISTS_OF_USER = Keyset("playlists", (UUID,), descending=True)
ITEMS_OF_PLAYLIST = Keyset("playlist-items", (str, UUID))

Shelf = tuple[UUID, UUID | None]
"""Whose playlists, and who looks at them; one caller looks at all of a batch."""

_COLUMNS = columns_of(PlaylistRecord, playlists)
_PUBLIC = playlists.c.visibility == PlaylistVisibility.PUBLIC


async def fetch_playlists_by_ids(
    postgres: Postgres, ids: Sequence[UUID], viewer: UUID | None = None
) -> Mapping[UUID, PlaylistRecord]:
    """Return playlists by id, whoever may see them (`playlists`).

    Of a viewer, without those whose owners they do not see (`blocks`).
    """
    shown = unhidden(playlists.c.owner_id, viewer)
    return await fetch_by_ids(postgres, PlaylistRecord, playlists, ids, shown)


async def fetch_playlists_of_users(
    postgres: Postgres, keys: Sequence[Shelf], request: PageRequest
) -> Mapping[Shelf, Page[PlaylistRecord]]:
    """Return the playlists that each person owns, the newest first (`playlists`).

    All of them to themselves, the public ones to others.
    """
    pages = await fetch_pages(
        postgres,
        [owner for owner, _ in keys],
        request,
        keyset=PLAYLISTS_OF_USER,
        items_of=lambda owner: select(*_COLUMNS).where(
            playlists.c.owner_id == owner, _listed(keys)
        ),
        order=[playlists.c.id],
        record=PlaylistRecord,
    )
    return {key: pages[key[0]] for key in keys if key[0] in pages}


async def count_playlists_of_users(
    postgres: Postgres, keys: Sequence[Shelf]
) -> Mapping[Shelf, int]:
    """Return how many playlists `fetch_playlists_of_users` finds in all (`playlists`)."""
    owners = [owner for owner, _ in keys]
    counts = await fetch_counts(postgres, playlists.c.owner_id, owners, _listed(keys))
    return {key: counts[key[0]] for key in keys if key[0] in counts}


def _listed(keys: Sequence[Shelf]) -> ColumnElement[bool]:
    """Return what keeps the playlists that stand in lists: what `auth.policy.may_find` says."""
    own = [owner for owner, viewer in keys if owner == viewer]
    return _PUBLIC | any_of(playlists.c.owner_id, own) if own else _PUBLIC


def item_record(
    item_id: UUID, position: str, added_by: UUID | None, added_at: datetime | None, *track: object
) -> PlaylistItemRecord:
    """Return the record of an item: what is known of it, then the columns of its track."""
    return PlaylistItemRecord(item_id, position, TrackRecord(*track), added_by, added_at)  # type: ignore[arg-type]  # the columns of the statement


async def fetch_items_by_ids(
    postgres: Postgres, ids: Sequence[UUID]
) -> Mapping[UUID, PlaylistItemRecord]:
    """Return items by id, whose lists they are in whoever may see; one that is in none is absent.

    Read from `playlist_items` and `tracks`.
    """
    items = playlist_items.c
    statement = (
        select(items.id, items.position, items.added_by, items.added_at, *TRACK_COLUMNS)
        .join(tracks, tracks.c.id == items.track_id)
        .where(any_of(items.id, ids))
    )
    return {row[0]: item_record(*row) for row in await postgres.read(statement)}


async def fetch_items_of_playlists(
    postgres: Postgres, ids: Sequence[UUID], request: PageRequest
) -> Mapping[UUID, Page[PlaylistItemRecord]]:
    """Return the items of each playlist in its order, each with its track.

    Read from `playlist_items` and `tracks`.
    """
    items = playlist_items.c
    known = (items.position, items.added_by, items.added_at)
    return await fetch_pages(
        postgres,
        ids,
        request,
        keyset=ITEMS_OF_PLAYLIST,
        items_of=lambda playlist: (
            select(items.id.label("item_id"), *known, *TRACK_COLUMNS)
            .join(tracks, tracks.c.id == items.track_id)
            .where(items.playlist_id == playlist)
        ),
        order=[items.position, items.id],
        record=item_record,
    )


async def count_items_of_playlists(postgres: Postgres, ids: Sequence[UUID]) -> Mapping[UUID, int]:
    """Return how many items each playlist has (`playlist_items`)."""
    return await fetch_counts(postgres, playlist_items.c.playlist_id, ids)


async def fetch_collaborators(
    postgres: Postgres, ids: Sequence[UUID], viewer: UUID | None
) -> Mapping[UUID, Sequence[CollaboratorRecord]]:
    """Return the collaborators of each playlist whom the viewer sees, the first to join first.

    Read from `playlist_collaborators`, `users` and `blocks`.
    """

    def collaborator(
        role: CollaboratorRole, added_at: datetime, *user: object
    ) -> CollaboratorRecord:
        return CollaboratorRecord(UserRecord(*user), role, added_at)  # type: ignore[arg-type]  # the columns of the statement

    table = playlist_collaborators.c
    statement = (
        select(table.playlist_id, table.role, table.added_at, *columns_of(UserRecord, users))
        .join(users, users.c.id == table.user_id)
        .where(any_of(table.playlist_id, ids), unhidden(table.user_id, viewer))
        .order_by(table.playlist_id, table.added_at, table.user_id)
    )
    return await fetch_lists(postgres, statement, collaborator)
