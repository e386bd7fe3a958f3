"""Loaders of external ids."""

from datasources.loaders.batch import Batch
from datasources.loaders.sources import from_postgres
from datasources.postgres import external_ids

ExternalIdsOfEntity = Batch(
    "ExternalIdsOfEntity", from_postgres(external_ids.fetch_external_ids), missing=()
)
IdByExternalId = Batch("IdByExternalId", from_postgres(external_ids.fetch_ids_by_external))
