"""Tracks: by id and ISRC, of albums and artists, and their audio features."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import func, select

from datasources.postgres.client import Postgres
from datasources.postgres.paging import fetch_pages
from datasources.postgres.reading import any_of, columns_of, fetch_by_ids, fetch_counts
from datasources.postgres.tables import audio_features, track_credits, tracks
from datasources.records.page import Keyset, Page, PageRequest
from datasources.records.tracks import AudioFeaturesRecord, TrackRecord

TRACKS_OF_ALBUM = Keyset("album-tracks", (int, int, UUID))
TRACKS_BY_POPULARITY = Keyset("popular-tracks", (int, UUID), descending=True)

TRACK_COLUMNS = columns_of(TrackRecord, tracks)
_FEATURES = columns_of(AudioFeaturesRecord, audio_features)


async def fetch_tracks_by_ids(
    postgres: Postgres, ids: Sequence[UUID]
) -> Mapping[UUID, TrackRecord]:
    """Return tracks by id (`tracks`)."""
    return await fetch_by_ids(postgres, TrackRecord, tracks, ids)


async def fetch_tracks_by_isrcs(
    postgres: Postgres, isrcs: Sequence[str]
) -> Mapping[str, Sequence[TrackRecord]]:
    """Return all tracks of each ISRC, the most popular first (`tracks`)."""
    found: defaultdict[str, list[TrackRecord]] = defaultdict(list)
    statement = (
        select(tracks.c.isrc, *TRACK_COLUMNS)
        .where(any_of(tracks.c.isrc, isrcs))
        .order_by(tracks.c.popularity.desc(), tracks.c.id)
    )
    for row in await postgres.read(statement):
        found[row[0]].append(TrackRecord(*row[1:]))
    return found


async def fetch_tracks_of_albums(
    postgres: Postgres, ids: Sequence[UUID], request: PageRequest
) -> Mapping[UUID, Page[TrackRecord]]:
    """Return the tracks of each album by disc and number; unnumbered ones first (`tracks`)."""
    return await fetch_pages(
        postgres,
        ids,
        request,
        keyset=TRACKS_OF_ALBUM,
        items_of=lambda album: select(*TRACK_COLUMNS).where(tracks.c.album_id == album),
        order=[
            func.coalesce(tracks.c.disc_number, 0),
            func.coalesce(tracks.c.track_number, 0),
            tracks.c.id,
        ],
        record=TrackRecord,
    )


async def count_tracks_of_albums(postgres: Postgres, ids: Sequence[UUID]) -> Mapping[UUID, int]:
    """Return how many tracks each album has (`tracks`)."""
    return await fetch_counts(postgres, tracks.c.album_id, ids)


async def fetch_top_tracks_of_artists(
    postgres: Postgres, ids: Sequence[UUID], request: PageRequest
) -> Mapping[UUID, Page[TrackRecord]]:
    """Return the tracks that each artist is credited on, the most popular first.

    Read from `track_credits` and `tracks`.
    """
    return await fetch_pages(
        postgres,
        ids,
        request,
        keyset=TRACKS_BY_POPULARITY,
        items_of=lambda artist: select(*TRACK_COLUMNS).where(
            tracks.c.id.in_(
                select(track_credits.c.track_id)
                .where(track_credits.c.artist_id == artist)
                .correlate_except(track_credits)  # the artist is of the query around it
            )
        ),
        order=[tracks.c.popularity, tracks.c.id],
        record=TrackRecord,
    )


async def count_tracks_of_artists(postgres: Postgres, ids: Sequence[UUID]) -> Mapping[UUID, int]:
    """Return how many tracks each artist is credited on (`track_credits`)."""
    artist = track_credits.c.artist_id
    distinct = func.count(track_credits.c.track_id.distinct())
    rows = await postgres.read(select(artist, distinct).where(any_of(artist, ids)).group_by(artist))
    return {row[0]: row[1] for row in rows}


async def fetch_audio_features(
    postgres: Postgres, ids: Sequence[UUID]
) -> Mapping[UUID, AudioFeaturesRecord]:
    """Return what was measured of each track; one that was not analysed is absent.

    Read from `audio_features`.
    """
    statement = select(*_FEATURES).where(any_of(audio_features.c.track_id, ids))
    return {row[0]: AudioFeaturesRecord(*row) for row in await postgres.read(statement)}
