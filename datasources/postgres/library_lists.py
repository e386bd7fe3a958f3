"""Lists of what people keep, each the newest first: for the person whose they are."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Uuid,
    and_,
    cast,
    exists,
    extract,
    func,
    literal,
    or_,
    select,
    tuple_,
)

from datasources.postgres.blocks import unhidden
from datasources.postgres.client import Postgres
from datasources.postgres.paging import fetch_pages
from datasources.postgres.playlist_tables import artist_follows, blocks, saved_albums
from datasources.postgres.reading import any_of, columns_of, fetch_by_ids, fetch_counts
from datasources.postgres.tables import (
    albums,
    artists,
    playlist_collaborators,
    playlist_followers,
    playlists,
    saved_tracks,
    users,
)
from datasources.postgres.tracks import TRACK_COLUMNS
from datasources.records.albums import AlbumRecord
from datasources.records.artists import ArtistRecord
from datasources.records.library import BlockedUserRecord, SavedAlbumRecord, SavedTrackRecord
from datasources.records.page import Keyset, Page, PageRequest
from datasources.records.playlists import PlaylistRecord, PlaylistVisibility
from datasources.records.tracks import TrackRecord

T = TypeVar("T")

SAVED_TRACKS = Keyset("saved-tracks", (int,), descending=True)
SAVED_ALBUMS = Keyset("saved-albums", (int,), descending=True)
FOLLOWED_ARTISTS = Keyset("followed-artists", (int,), descending=True)
FOLLOWED_PLAYLISTS = Keyset("followed-playlists", (int,), descending=True)
BLOCKED_USERS = Keyset("blocked-users", (int, UUID), descending=True)


async def fetch_saved_tracks(
    postgres: Postgres, ids: Sequence[UUID], request: PageRequest
) -> Mapping[UUID, Page[SavedTrackRecord]]:
    """Return the tracks that each person saved (`saved_tracks`, `tracks`)."""

    def saved(at: datetime, *track: object) -> SavedTrackRecord:
        return SavedTrackRecord(TrackRecord(*track), at)  # type: ignore[arg-type]  # the columns of the statement

    of = saved_tracks.c
    items = select(of.saved_at, *TRACK_COLUMNS).join(saved_tracks, of.track_id == TRACK_COLUMNS[0])
    return await _pages(postgres, ids, request, SAVED_TRACKS, items, of.user_id, of.seq, saved)


async def count_saved_tracks(postgres: Postgres, ids: Sequence[UUID]) -> Mapping[UUID, int]:
    """Return how many tracks each person saved (`saved_tracks`)."""
    return await fetch_counts(postgres, saved_tracks.c.user_id, ids)


async def fetch_saved_albums(
    postgres: Postgres, ids: Sequence[UUID], request: PageRequest
) -> Mapping[UUID, Page[SavedAlbumRecord]]:
    """Return the albums that each person saved (`saved_albums`, `albums`)."""

    def saved(at: datetime, *album: object) -> SavedAlbumRecord:
        return SavedAlbumRecord(AlbumRecord(*album), at)  # type: ignore[arg-type]  # the columns of the statement

    of = saved_albums.c
    items = select(of.saved_at, *columns_of(AlbumRecord, albums)).join(
        saved_albums, of.album_id == albums.c.id
    )
    return await _pages(postgres, ids, request, SAVED_ALBUMS, items, of.user_id, of.seq, saved)


async def count_saved_albums(postgres: Postgres, ids: Sequence[UUID]) -> Mapping[UUID, int]:
    """Return how many albums each person saved (`saved_albums`)."""
    return await fetch_counts(postgres, saved_albums.c.user_id, ids)


async def fetch_followed_artists(
    postgres: Postgres, ids: Sequence[UUID], request: PageRequest
) -> Mapping[UUID, Page[ArtistRecord]]:
    """Return the artists whom each person follows (`artist_follows`, `artists`)."""
    of = artist_follows.c
    items = select(*columns_of(ArtistRecord, artists)).join(
        artist_follows, of.artist_id == artists.c.id
    )
    keyset = FOLLOWED_ARTISTS
    return await _pages(postgres, ids, request, keyset, items, of.user_id, of.seq, ArtistRecord)


async def count_followed_artists(postgres: Postgres, ids: Sequence[UUID]) -> Mapping[UUID, int]:
    """Return how many artists each person follows (`artist_follows`)."""
    return await fetch_counts(postgres, artist_follows.c.user_id, ids)


async def fetch_followed_playlists(
    postgres: Postgres, ids: Sequence[UUID], request: PageRequest
) -> Mapping[UUID, Page[PlaylistRecord]]:
    """Return the playlists that each person follows and may still read.

    Read from `playlist_followers`, `playlists`, `playlist_collaborators` and `blocks`.
    """
    of = playlist_followers.c
    items = (
        select(*columns_of(PlaylistRecord, playlists))
        .join(playlist_followers, of.playlist_id == playlists.c.id)
        .where(_readable(of.user_id))
    )
    keyset = FOLLOWED_PLAYLISTS
    return await _pages(postgres, ids, request, keyset, items, of.user_id, of.seq, PlaylistRecord)


async def count_followed_playlists(postgres: Postgres, ids: Sequence[UUID]) -> Mapping[UUID, int]:
    """Return how many playlists `fetch_followed_playlists` finds in all."""
    of = playlist_followers.c
    statement = (
        select(of.user_id, func.count())
        .join(playlists, playlists.c.id == of.playlist_id)
        .where(any_of(of.user_id, ids), _readable(of.user_id))
        .group_by(of.user_id)
    )
    return {row[0]: row[1] for row in await postgres.read(statement)}


async def fetch_readable_playlists(
    postgres: Postgres, ids: Sequence[UUID], viewer: UUID | None
) -> Mapping[UUID, PlaylistRecord]:
    """Return those of some playlists that a viewer reads; no others are in it.

    Read from `playlists`, `playlist_collaborators` and `blocks`.
    """
    shown = unhidden(playlists.c.owner_id, viewer)
    readable = _readable(literal(viewer, Uuid))
    return await fetch_by_ids(postgres, PlaylistRecord, playlists, ids, shown, readable)


def _readable(reader: ColumnElement[UUID]) -> ColumnElement[bool]:
    """Return what keeps the playlists that a person reads: `auth.policy.may_read_playlist`.

    And no block stands between their owners and that person.
    """
    shared = playlist_collaborators.c
    with_reader = (
        select(shared.user_id)
        .where(shared.playlist_id == playlists.c.id, shared.user_id == reader)
        .correlate(playlists, playlist_followers)
        .exists()
    )
    owner = playlists.c.owner_id
    by, whom = blocks.c.blocker_id, blocks.c.blocked_id
    # Not `unhidden`: here the reader is a column, and whom they do not see no list made once. Each
    # direction by itself is a join that an index or a hash answers; both in one are not.
    apart = (
        exists().where(condition).correlate(playlists, playlist_followers)
        for condition in (
            and_(by == reader, whom == owner),
            and_(by == owner, whom == reader),
        )
    )
    return and_(
        or_(
            playlists.c.visibility != PlaylistVisibility.PRIVATE,
            owner == reader,
            with_reader,
        ),
        *(~one for one in apart),
    )


async def fetch_blocked_users(
    postgres: Postgres, ids: Sequence[UUID], request: PageRequest
) -> Mapping[UUID, Page[BlockedUserRecord]]:
    """Return whom each person blocked (`blocks`, `users`)."""
    blocked_at = blocks.c.blocked_at
    microseconds = cast(extract("epoch", blocked_at) * 1_000_000, BigInteger)
    return await fetch_pages(
        postgres,
        ids,
        request,
        keyset=BLOCKED_USERS,
        items_of=lambda person: (
            select(users.c.id, users.c.handle, users.c.display_name, blocked_at)
            .join(blocks, blocks.c.blocked_id == users.c.id)
            .where(blocks.c.blocker_id == person)
        ),
        order=[microseconds, blocks.c.blocked_id],
        record=BlockedUserRecord,
    )


async def fetch_blocked_by_pairs(
    postgres: Postgres, pairs: Sequence[tuple[UUID, UUID]]
) -> Mapping[tuple[UUID, UUID], BlockedUserRecord]:
    """Return blocked people by who blocked them and their own id (`blocks`, `users`)."""
    pair = blocks.c.blocker_id, blocks.c.blocked_id
    statement = (
        select(*pair, users.c.id, users.c.handle, users.c.display_name, blocks.c.blocked_at)
        .join(blocks, blocks.c.blocked_id == users.c.id)
        .where(tuple_(*pair).in_(pairs))
    )
    rows = await postgres.read(statement)
    return {(row[0], row[1]): BlockedUserRecord(*row[2:]) for row in rows}


async def count_blocked_users(postgres: Postgres, ids: Sequence[UUID]) -> Mapping[UUID, int]:
    """Return how many people each person blocked (`blocks`)."""
    return await fetch_counts(postgres, blocks.c.blocker_id, ids)


async def _pages(
    postgres: Postgres,
    ids: Sequence[UUID],
    request: PageRequest,
    keyset: Keyset,
    items: Select[Any],
    owner: ColumnElement[UUID],
    order: ColumnElement[int],
    record: Callable[..., T],
) -> Mapping[UUID, Page[T]]:
    return await fetch_pages(
        postgres,
        ids,
        request,
        keyset=keyset,
        items_of=lambda person: items.where(owner == person),
        order=[order],
        record=record,
    )
