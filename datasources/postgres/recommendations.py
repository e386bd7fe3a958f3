"""Candidates for recommendations: what seeds are, whose tracks are best, what playlists hold."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import (
    Text,
    Uuid,
    cast,
    func,
    literal,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import distinct_on

from datasources.postgres.client import Postgres
from datasources.postgres.reading import any_of, unnest, unnest_columns
from datasources.postgres.tables import (
    artist_genres,
    artists,
    genres,
    playlist_items,
    track_credits,
    track_genres,
    tracks,
)
from datasources.records.artists import CreditRole


@dataclass(frozen=True, slots=True)
class KnownSeeds:
    """The seeds that exist, with their names, and the genres of those that are not genres."""

    tracks: Mapping[UUID, str]
    artists: Mapping[UUID, str]
    genres: Mapping[str, str]
    near_genres: Mapping[str, str]


async def fetch_known_seeds(
    postgres: Postgres,
    track_ids: Sequence[UUID],
    artist_ids: Sequence[UUID],
    genre_slugs: Sequence[str],
) -> KnownSeeds:
    """Return which of the seeds exist; one statement (`tracks`, `artists`, `genres`)."""
    of_tracks = (
        select(literal("near"), genres.c.slug, genres.c.name)
        .join(track_genres, track_genres.c.genre_id == genres.c.id)
        .where(any_of(track_genres.c.track_id, track_ids))
    )
    of_artists = (
        select(literal("near"), genres.c.slug, genres.c.name)
        .join(artist_genres, artist_genres.c.genre_id == genres.c.id)
        .where(any_of(artist_genres.c.artist_id, artist_ids))
    )
    statement = union_all(
        select(literal("track"), cast(tracks.c.id, Text), tracks.c.title).where(
            any_of(tracks.c.id, track_ids)
        ),
        select(literal("artist"), cast(artists.c.id, Text), artists.c.name).where(
            any_of(artists.c.id, artist_ids)
        ),
        select(literal("genre"), genres.c.slug, genres.c.name).where(
            any_of(genres.c.slug, genre_slugs)
        ),
        of_tracks,
        of_artists,
    )
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for kind, id_, name in await postgres.read(statement):
        found[kind][id_] = name
    return KnownSeeds(
        {UUID(id_): name for id_, name in found["track"].items()},
        {UUID(id_): name for id_, name in found["artist"].items()},
        found["genre"],
        found["near"],
    )


async def fetch_best_tracks_of_artists(
    postgres: Postgres, artist_ids: Sequence[UUID], each: int
) -> Mapping[UUID, Sequence[UUID]]:
    """Return the most popular tracks of each main artist; one without tracks is absent.

    Equal ones by id downwards; of tracks with one title the most popular alone, since most are
    one recording on several releases. Read from `track_credits` and `tracks`.
    """
    artist = unnest("artist", artist_ids, Uuid())
    title = func.lower(tracks.c.title)
    titles = (
        select(tracks.c.id, tracks.c.popularity)
        .join(track_credits, track_credits.c.track_id == tracks.c.id)
        .where(
            track_credits.c.artist_id == artist.c.value,
            track_credits.c.role == CreditRole.MAIN.value,
        )
        .ext(distinct_on(title))
        .order_by(title, tracks.c.popularity.desc(), tracks.c.id.desc())
        .correlate(artist)
        .subquery("titles")
    )
    best = (
        select(titles.c.id)
        .order_by(titles.c.popularity.desc(), titles.c.id.desc())
        .limit(each)
        .lateral("best")
    )
    statement = select(artist.c.value, best.c.id).select_from(artist.join(best, true()))
    found: defaultdict[UUID, list[UUID]] = defaultdict(list)
    for owner, track in await postgres.read(statement):
        found[owner].append(track)
    return found


# --- playlists ----------------------------------------------------------------------------------


async def fetch_last_tracks_of_playlists(
    postgres: Postgres, playlists: Sequence[UUID], each: int
) -> Mapping[UUID, Sequence[UUID]]:
    """Return the tracks of each playlist's last items, the last first (`playlist_items`)."""
    playlist = unnest("playlist", playlists, Uuid())
    last = (
        select(playlist_items.c.track_id)
        .where(playlist_items.c.playlist_id == playlist.c.value)
        .order_by(playlist_items.c.position.desc(), playlist_items.c.id.desc())
        .limit(each)
        .lateral("last")
    )
    statement = select(playlist.c.value, last.c.track_id).select_from(playlist.join(last, true()))
    found: defaultdict[UUID, list[UUID]] = defaultdict(list)
    for owner, track in await postgres.read(statement):
        found[owner].append(track)
    return found


async def fetch_held(
    postgres: Postgres, pairs: Iterable[tuple[UUID, UUID]]
) -> set[tuple[UUID, UUID]]:
    """Return those (playlist, track) pairs where the playlist holds the track.

    Read from `playlist_items`.
    """
    playlists, track_ids = zip(*pairs, strict=True)
    asked = unnest_columns("asked", playlist_id=(playlists, Uuid()), track_id=(track_ids, Uuid()))
    item = playlist_items.c
    held = select(item.id).where(
        item.playlist_id == asked.c.playlist_id, item.track_id == asked.c.track_id
    )
    rows = await postgres.read(select(asked).where(held.exists()))
    return {(row[0], row[1]) for row in rows}
