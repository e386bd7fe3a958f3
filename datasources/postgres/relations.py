"""How people stand to one another, to playlists and to music: read by the batch."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Table, Uuid, select, tuple_

from datasources.postgres.client import Postgres
from datasources.postgres.playlist_tables import artist_follows, saved_albums
from datasources.postgres.reading import unnest_columns
from datasources.postgres.tables import (
    playlist_collaborators,
    playlist_followers,
    saved_tracks,
    user_follows,
)

Pair = tuple[UUID, UUID]


async def fetch_follows(postgres: Postgres, pairs: Sequence[Pair]) -> set[Pair]:
    """Return those of the pairs (a person, whom they may follow) that are so (`user_follows`)."""
    return await _fetch_pairs(postgres, pairs, user_follows, ("follower_id", "followed_id"))


async def fetch_collaborations(postgres: Postgres, pairs: Sequence[Pair]) -> set[Pair]:
    """Return those of the pairs (a person, a playlist) that are shared so, in any role.

    Read from `playlist_collaborators`.
    """
    return await _fetch_pairs(postgres, pairs, playlist_collaborators, ("user_id", "playlist_id"))


async def fetch_saved_tracks(postgres: Postgres, pairs: Sequence[Pair]) -> set[Pair]:
    """Return those of the pairs (a person, a track) that are saved so (`saved_tracks`)."""
    return await _fetch_pairs(postgres, pairs, saved_tracks, ("user_id", "track_id"))


async def fetch_saved_albums(postgres: Postgres, pairs: Sequence[Pair]) -> set[Pair]:
    """Return those of the pairs (a person, an album) that are saved so (`saved_albums`)."""
    return await _fetch_pairs(postgres, pairs, saved_albums, ("user_id", "album_id"))


async def fetch_followed_artists(postgres: Postgres, pairs: Sequence[Pair]) -> set[Pair]:
    """Return those of the pairs (a person, whom they may follow) that are so (`artist_follows`)."""
    return await _fetch_pairs(postgres, pairs, artist_follows, ("user_id", "artist_id"))


async def fetch_followed_playlists(postgres: Postgres, pairs: Sequence[Pair]) -> set[Pair]:
    """Return those of the pairs (a person, a playlist) where they follow it.

    Read from `playlist_followers`.
    """
    return await _fetch_pairs(postgres, pairs, playlist_followers, ("user_id", "playlist_id"))


async def _fetch_pairs(
    postgres: Postgres, pairs: Sequence[Pair], table: Table, names: tuple[str, str]
) -> set[Pair]:
    firsts, seconds = zip(*pairs, strict=True)
    asked = unnest_columns("asked", first=(firsts, Uuid()), second=(seconds, Uuid()))
    columns = [table.c[name] for name in names]
    statement = select(*columns).where(tuple_(*columns).in_(select(asked.c.first, asked.c.second)))
    return {(first, second) for first, second in await postgres.read(statement)}
