"""Loaders of searches."""

from datasources.loaders.batch import Batch
from datasources.loaders.viewers import seen_from_postgres
from datasources.postgres.search import count_found

CountOfSearch = Batch("CountOfSearch", seen_from_postgres(count_found))
"""How much a search finds; keys are (search, viewer)."""
