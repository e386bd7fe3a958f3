"""Loaders of searches."""

from datasources.loaders.batch import Batch
from datasources.loaders.sources import from_postgres
from datasources.postgres.search import count_found

CountOfSearch = Batch("CountOfSearch", from_postgres(count_found))
