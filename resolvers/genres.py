"""Genres."""

from collections.abc import Sequence

from datasources.loaders.genres import ALL_GENRES, AllGenres
from datasources.records.genres import GenreRecord
from resolvers.context import RequestContext


async def all_genres(context: RequestContext) -> Sequence[GenreRecord]:
    """Return all genres and subgenres by name: some hundreds at most."""
    return await context.loaders.of(AllGenres).load(ALL_GENRES) or ()
