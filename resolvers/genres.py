"""Genres."""

from collections.abc import Sequence

from datasources.postgres.genres import fetch_genres
from datasources.records.genres import GenreRecord
from resolvers.context import RequestContext


async def all_genres(context: RequestContext) -> Sequence[GenreRecord]:
    """Return all genres and subgenres by name: some hundreds at most."""
    return await fetch_genres(context.stores.postgres)
