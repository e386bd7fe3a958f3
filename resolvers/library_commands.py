"""Changes to what people keep: tracks and albums that they save, artists whom they follow.

Each says what is to be so, and not what is to be done: repeated, it changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from datasources.postgres import library
from datasources.postgres.client import Connection
from datasources.postgres.library import FOLLOWED_ARTISTS, SAVED_ALBUMS, SAVED_TRACKS, Kept
from datasources.records.external_ids import EntityKind
from resolvers.context import RequestContext
from resolvers.errors import InvalidInput, LimitExceeded, NotFound
from resolvers.idempotency import change
from resolvers.ids import MAX_IDS, global_id
from resolvers.playlist_input import id_in
from resolvers.signed_in import signed_in

MAX_SAVED_TRACKS = 20_000
MAX_SAVED_ALBUMS = 10_000


@dataclass(frozen=True, slots=True)
class SavedTracksChanged:
    """The tracks that were named, each once, and how many of them had been different before."""

    track_ids: list[UUID]
    changed: int


@dataclass(frozen=True, slots=True)
class SavedAlbumsChanged:
    """The albums that were named, each once, and how many of them had been different before."""

    album_ids: list[UUID]
    changed: int


@dataclass(frozen=True, slots=True)
class ArtistFollowChanged:
    """The artist who was named, and whether it had been different before: 0 or 1."""

    artist_id: UUID
    changed: int


@dataclass(frozen=True, slots=True)
class _Shelf:
    """One kind of thing that people keep, as use cases speak of it."""

    kept: Kept
    kind: EntityKind
    limit: int | None = None


_TRACKS = _Shelf(SAVED_TRACKS, EntityKind.TRACK, MAX_SAVED_TRACKS)
_ALBUMS = _Shelf(SAVED_ALBUMS, EntityKind.ALBUM, MAX_SAVED_ALBUMS)
_ARTISTS = _Shelf(FOLLOWED_ARTISTS, EntityKind.ARTIST)


async def save_tracks(context: RequestContext, track_ids: Sequence[str]) -> SavedTracksChanged:
    """Put tracks into the caller's library; the last that is named becomes the newest.

    Raises:
        Unauthenticated: nobody is signed in.
        InvalidInput: no id or more than 100, or one that is no track's.
        NotFound: one of the tracks is not there; nothing is saved.
        LimitExceeded: there would be more than 20,000; nothing is saved.
    """
    signed_in(context)
    ids = _ids_in("trackIds", EntityKind.TRACK, track_ids)
    return SavedTracksChanged(ids, await _keep(context, _TRACKS, ids))


async def remove_saved_tracks(
    context: RequestContext, track_ids: Sequence[str]
) -> SavedTracksChanged:
    """Take tracks out of the caller's library.

    Raises:
        Unauthenticated: nobody is signed in.
        InvalidInput: no id or more than 100, or one that is no track's.
        NotFound: one of the tracks is not there; nothing is removed.
    """
    signed_in(context)
    ids = _ids_in("trackIds", EntityKind.TRACK, track_ids)
    return SavedTracksChanged(ids, await _drop(context, _TRACKS, ids))


async def save_albums(context: RequestContext, album_ids: Sequence[str]) -> SavedAlbumsChanged:
    """Put albums into the caller's library; the last that is named becomes the newest.

    Raises:
        Unauthenticated: nobody is signed in.
        InvalidInput: no id or more than 100, or one that is no album's.
        NotFound: one of the albums is not there; nothing is saved.
        LimitExceeded: there would be more than 10,000; nothing is saved.
    """
    signed_in(context)
    ids = _ids_in("albumIds", EntityKind.ALBUM, album_ids)
    return SavedAlbumsChanged(ids, await _keep(context, _ALBUMS, ids))


async def remove_saved_albums(
    context: RequestContext, album_ids: Sequence[str]
) -> SavedAlbumsChanged:
    """Take albums out of the caller's library.

    Raises:
        Unauthenticated: nobody is signed in.
        InvalidInput: no id or more than 100, or one that is no album's.
        NotFound: one of the albums is not there; nothing is removed.
    """
    signed_in(context)
    ids = _ids_in("albumIds", EntityKind.ALBUM, album_ids)
    return SavedAlbumsChanged(ids, await _drop(context, _ALBUMS, ids))


async def follow_artist(context: RequestContext, artist_id: str) -> ArtistFollowChanged:
    """Let the caller follow an artist.

    Raises:
        Unauthenticated: nobody is signed in.
        InvalidInput: that is no id of an artist.
        NotFound: there is no such artist.
    """
    signed_in(context)
    id_ = id_in(("artistId",), EntityKind.ARTIST, artist_id)
    return ArtistFollowChanged(id_, await _keep(context, _ARTISTS, [id_]))


async def unfollow_artist(context: RequestContext, artist_id: str) -> ArtistFollowChanged:
    """Let the caller not follow an artist.

    Raises:
        Unauthenticated: nobody is signed in.
        InvalidInput: that is no id of an artist.
        NotFound: there is no such artist.
    """
    signed_in(context)
    id_ = id_in(("artistId",), EntityKind.ARTIST, artist_id)
    return ArtistFollowChanged(id_, await _drop(context, _ARTISTS, [id_]))


async def _keep(context: RequestContext, shelf: _Shelf, ids: Sequence[UUID]) -> int:
    """Return how many of the things are new on a shelf of the caller's."""
    user_id = signed_in(context)

    async def work(connection: Connection) -> int:
        if not await library.lock_library(connection, user_id):
            raise NotFound("This account is being removed.")
        await _check_all_there(connection, shelf, ids)
        new = await library.keep(connection, shelf.kept, user_id, ids, context.clock())
        # Only what is new is refused: what was there from elsewhere may be more.
        if new and await _is_over(connection, shelf, user_id):
            kind = shelf.kind.value.lower()
            raise LimitExceeded(f"A library has {shelf.limit:,} {kind}s at most.")
        return new

    return await change(context, work)


async def _is_over(connection: Connection, shelf: _Shelf, user_id: UUID) -> bool:
    if shelf.limit is None:
        return False
    return await library.count_kept(connection, shelf.kept, user_id) > shelf.limit


async def _drop(context: RequestContext, shelf: _Shelf, ids: Sequence[UUID]) -> int:
    """Return how many of the things were on a shelf of the caller's."""
    user_id = signed_in(context)

    async def work(connection: Connection) -> int:
        await _check_all_there(connection, shelf, ids)
        return await library.drop(connection, shelf.kept, user_id, ids)

    return await change(context, work)


async def _check_all_there(connection: Connection, shelf: _Shelf, ids: Sequence[UUID]) -> None:
    there = await library.hold_things(connection, shelf.kept, ids)
    missing = [id_ for id_ in ids if id_ not in there]
    if missing:
        kind = shelf.kind.value
        listed = ", ".join(global_id(kind.capitalize(), id_) for id_ in missing)
        raise NotFound(f"There is no such {kind.lower()}: {listed}.")


def _ids_in(name: str, kind: EntityKind, texts: Sequence[str]) -> list[UUID]:
    """Return what global ids name, each once, in the order in which they are first named.

    Raises:
        InvalidInput: there is none, or more than 100, or one that is of another kind.
    """
    if not 1 <= len(texts) <= MAX_IDS:
        raise InvalidInput((name,), f"Name 1 to {MAX_IDS} {kind.value.lower()}s.")
    ids = [id_in((name, str(place)), kind, text) for place, text in enumerate(texts)]
    return list(dict.fromkeys(ids))
