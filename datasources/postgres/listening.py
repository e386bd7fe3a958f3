"""What the rollups of listening ask the catalogue: listeners, artists and genres by the batch."""

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from uuid import UUID

from sqlalchemy import and_, select

from datasources.postgres.client import Postgres
from datasources.postgres.reading import any_of
from datasources.postgres.tables import genres, track_credits, track_genres, tracks, users
from datasources.records.artists import CreditRole

_FIRST = UUID(int=0)


async def iter_user_ids(postgres: Postgres, at_once: int) -> AsyncIterator[list[UUID]]:
    """Yield the ids of all people in ascending order, some for each statement (`users`)."""
    last = _FIRST
    while True:
        statement = select(users.c.id).where(users.c.id > last).order_by(users.c.id).limit(at_once)
        ids = [row[0] for row in await postgres.read(statement)]
        if not ids:
            return
        yield ids
        last = ids[-1]


async def fetch_main_artists(
    postgres: Postgres, track_ids: Sequence[UUID]
) -> Mapping[UUID, Sequence[UUID]]:
    """Return the main artists of each track, in their order; an unknown track is absent.

    Read from `tracks` and `track_credits`.
    """
    main = and_(
        track_credits.c.track_id == tracks.c.id, track_credits.c.role == CreditRole.MAIN.value
    )
    statement = (
        select(tracks.c.id, track_credits.c.artist_id)
        .outerjoin(track_credits, main)
        .where(any_of(tracks.c.id, track_ids))
        .order_by(tracks.c.id, track_credits.c.position)
    )
    found: defaultdict[UUID, list[UUID]] = defaultdict(list)
    for track, artist in await postgres.read(statement):
        found[track] += [artist] if artist else []
    return found


async def fetch_genre_slugs(
    postgres: Postgres, track_ids: Sequence[UUID]
) -> Mapping[UUID, set[str]]:
    """Return the slugs of each track's genres and of the genres above; an unknown track is absent.

    Read from `tracks`, `track_genres` and `genres`.
    """
    above = genres.alias("above")
    statement = (
        select(tracks.c.id, genres.c.slug, above.c.slug)
        .outerjoin(track_genres, track_genres.c.track_id == tracks.c.id)
        .outerjoin(genres, genres.c.id == track_genres.c.genre_id)
        .outerjoin(above, above.c.id == genres.c.parent_id)
        .where(any_of(tracks.c.id, track_ids))
    )
    found: defaultdict[UUID, set[str]] = defaultdict(set)
    for track, *slugs in await postgres.read(statement):
        found[track] |= {slug for slug in slugs if slug}
    return found
